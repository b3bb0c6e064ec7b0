"""A mail server of others (aiosmtpd) for tests. It prints its port, keeps each message it takes in a folder, and looks before each
answer in the file "mode" of that folder what it is to do:

  take        takes messages
  later       answers RCPT with 451
  unknown     answers RCPT with 550
  policy      answers the message with 554
  forget      takes the message, and ends the connection before it says so
"""
import asyncio
import pathlib
import ssl
import sys
import time

from aiosmtpd.smtp import SMTP, AuthResult

folder = pathlib.Path(sys.argv[1])
tls = sys.argv[2] if len(sys.argv) > 2 else "none"


def mode():
    return (folder / "mode").read_text().strip()


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        with (folder / "asked").open("a") as asked:
            asked.write("x")
        if mode() == "later":
            return f"451 4.7.1 <{address}> greylisted"
        if mode() == "unknown":
            return f"550 5.1.1 <{address}> no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        if mode() == "policy":
            return "554 5.7.1 not here"
        head = f"X-Test-From: {envelope.mail_from}\r\nX-Test-To: {','.join(envelope.rcpt_tos)}\r\nX-Test-Tls: {server.transport.get_extra_info('sslcontext') is not None}\r\nX-Test-User: {getattr(session, 'auth_data', None)}\r\n"
        name = folder / f"{time.time_ns():020}.new"
        name.write_bytes(head.encode() + envelope.content)
        name.rename(name.with_suffix(".eml"))
        if mode() == "forget":
            server.transport.abort()
            return "421 gone"
        return "250 2.0.0 OK"


def auth(server, session, envelope, mechanism, data):
    good = data.login == b"jisr" and data.password == b"secret of the mail server"
    return AuthResult(success=good, auth_data="jisr" if good else None)


async def main():
    loop = asyncio.get_running_loop()
    context = None
    if tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "server.pem")
    def session():
        return SMTP(Handler(), hostname="mail.example", enable_SMTPUTF8=True, tls_context=context if tls == "starttls" else None,
                    require_starttls=tls == "starttls", authenticator=auth, auth_required=tls != "none", auth_require_tls=tls == "starttls", loop=loop)
    server = await loop.create_server(session, "127.0.0.1", int(sys.argv[3]) if len(sys.argv) > 3 else 0, ssl=context if tls == "implicit" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
