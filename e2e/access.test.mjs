// How an official gets in and signs, in a real browser with a virtual authenticator, on two real nodes: by invitation to a
// passkey, with the passkey to a signed note that the other government finds good; and what a stolen session, an ended
// passkey and a stale page cannot do.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import path from 'node:path';
import { account, api, asOfficial, authenticator, axe, newPage, overflow, problems, shoot, startBrowser, startDemo } from './harness.mjs';

const run = promisify(execFile);
const here = path.dirname(new URL(import.meta.url).pathname);
const jisr = (...args) => run(path.join(here, '..', 'bin', 'jisr'), args);

let demo, browser, iq, page, chief, key, identity;
before(async () => {
  identity = await identityProvider();
  demo = await startDemo({ args: ['--empty'], settings: { iq: identity.settings } });
  browser = await startBrowser();
  // Browsers make passkeys for domains: the same node under the name localhost.
  iq = { ...demo.nodes.iq, url: demo.nodes.iq.url.replace('127.0.0.1', 'localhost') };
  chief = account(demo.nodes.iq, 'releaser').official;
  page = await newPage(browser, iq.url);
  key = await authenticator(page);
}, { timeout: 120_000 });
after(async () => { await browser?.close(); await demo?.stop(); identity?.close(); });

/** identityProvider is an OpenID Connect provider on this machine (Core 1.0, code flow with PKCE): whoever presses its one button is in. */
async function identityProvider() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const codes = new Map();
  let issuer;
  const jwt = claims => {
    const text = [{ alg: 'RS256', kid: 'k' }, claims].map(x => Buffer.from(JSON.stringify(x)).toString('base64url')).join('.');
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`;
  };
  const server = createServer(async (req, res) => {
    const at = new URL(req.url, issuer), json = o => res.setHeader('Content-Type', 'application/json').end(JSON.stringify(o));
    switch (at.pathname) {
      case '/.well-known/openid-configuration':
        return json({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, end_session_endpoint: `${issuer}/end`,
          id_token_signing_alg_values_supported: ['RS256'], response_types_supported: ['code'], subject_types_supported: ['public'], authorization_response_iss_parameter_supported: true });
      case '/keys': return json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] });
      case '/authorize': {
        const code = randomUUID(), q = at.searchParams;
        codes.set(code, q);
        const back = `${q.get('redirect_uri')}?${new URLSearchParams({ code, state: q.get('state'), iss: issuer })}`;
        return res.setHeader('Content-Type', 'text/html; charset=utf-8').end(`<a id="in" href="${back.replaceAll('&', '&amp;')}">This is me</a>`);
      }
      case '/token': {
        let body = '';
        for await (const chunk of req) body += chunk;
        const form = new URLSearchParams(body), q = codes.get(form.get('code'));
        codes.delete(form.get('code'));
        const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
        if (challenge !== q?.get('code_challenge')) return res.writeHead(400).end('{"error":"invalid_grant"}');
        const access = randomUUID(), now = Math.floor(Date.now() / 1000);
        return json({ access_token: access, token_type: 'Bearer', expires_in: 300, id_token: jwt({ iss: issuer, aud: 'jisr', sub: 'subject-1', nonce: q.get('nonce'), iat: now, exp: now + 300,
          at_hash: createHash('sha256').update(access).digest().subarray(0, 16).toString('base64url'), preferred_username: 'consul', groups: ['drafters'] }) });
      }
      default: return res.writeHead(204).end(); // what browsers ask for besides
    }
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${server.address().port}`;
  return { issuer, settings: `\n[oidc]\nissuer = "${issuer}"\nclient_id = "jisr"\nmap = ["drafters -> mofa: drafter"]\n`, close: () => server.close() };
}

const press = (where, name) => where.getByRole('main').locator('a,button').filter({ hasText: name }).first().click();
const sees = (where, what) => where.getByRole('main').getByText(what).first().waitFor({ timeout: 15_000 });

// clearedDraft is a draft that only waits for its release; it gives the address of the page that asks.
async function clearedDraft(subject) {
  const writer = await asOfficial(browser, demo.nodes.iq, 'drafter');
  await writer.goto('/ar/notes/new');
  await writer.getByLabel('الموضوع بالعربية').fill(subject);
  await writer.getByLabel('النص بالعربية').fill('نص المذكرة.');
  await press(writer, 'حفظ المسودة');
  await sees(writer, subject);
  const at = new URL(writer.url()).pathname;
  await writer.context().close();
  await page.goto(at);
  await press(page, 'الموافقة على الإرسال');
  await sees(page, 'إصدار المذكرة');
  return `${at}/release`;
}

test('an invitation becomes a passkey, and leaves the address at once', async () => {
  const { stdout } = await jisr('official', 'invite', '--dir', iq.dir, chief, '--json');
  const { url } = JSON.parse(stdout);
  assert.ok(url.startsWith(iq.url), url);
  await page.goto(url);
  assert.equal(new URL(page.url()).hash, '');
  assert.deepEqual(await axe(page), []);
  await shoot(page, 'enrol-ar');
  await press(page, 'متابعة');
  await sees(page, 'به تسجّل الدخول وتوقّع');
  await page.getByLabel('اسم هذا المفتاح').fill('حاسوب المكتب');
  assert.deepEqual(await axe(page), []);
  await shoot(page, 'enrol-make-ar');
  await press(page, 'إنشاء مفتاح المرور');
  await page.waitForURL(/access/);
  await sees(page, 'حاسوب المكتب');
  assert.deepEqual(await axe(page), []);
  await shoot(page, 'access-ar');

  await page.goto(url); // it works once
  await press(page, 'متابعة');
  await sees(page, 'لم يعد هذا سارياً');
});

test('the password no longer opens the account', async () => {
  const other = await newPage(browser, demo.nodes.iq.url, { lang: 'en' });
  await other.goto('/en/sign-in');
  const { password } = account(demo.nodes.iq, 'releaser');
  await other.getByLabel('Account').fill(chief);
  await other.getByLabel('Password').fill(password);
  await other.locator('form:has(input[type=password]) button').click();
  await other.locator('[role=alert]').getByText('is not right').waitFor();
  await shoot(other, 'signin-127-en');
  await other.context().close();
});

test('the passkey signs in', async () => {
  await page.goto('/ar/');
  await page.getByRole('button', { name: 'خروج' }).or(page.locator('.side-out')).first().click();
  await page.waitForURL(/sign-in/);
  assert.deepEqual(await axe(page), []);
  await shoot(page, 'signin-ar');
  await press(page, 'الدخول بمفتاح المرور');
  await page.waitForURL(u => u.pathname === '/ar/');
});

test('the national identity provider lets an official in, and a spoiled answer does not', async () => {
  for (const [lang, way] of [['ar', 'الدخول عبر موفّر الهوية'], ['en', 'Sign in through the identity provider']]) {
    const p = await newPage(browser, iq.url, { lang });
    await p.goto(`/${lang}/notes/new`);
    assert.deepEqual(await axe(p), []);
    await shoot(p, `signin-provider-${lang}`);
    await press(p, way);
    await p.locator('#in').waitFor();
    const back = await p.locator('#in').getAttribute('href');
    const thief = await newPage(browser, iq.url, { lang }); // the answer, in a browser that never left
    await thief.goto(back);
    assert.match(thief.url(), /sign-in/);
    await shoot(thief, `signin-provider-refused-${lang}`);
    await thief.context().close();
    if (lang === 'ar') { // the refused answer was not used up, so who left comes back with it
      await p.locator('#in').click();
      await p.waitForURL(u => u.pathname === `/${lang}/notes/new`);
    } else {
      await p.goto(back.replace(/state=[^&]*/, 'state=another'));
      assert.match(p.url(), /sign-in/);
      await p.goto(`/${lang}/notes/new`);
      await press(p, way);
      await p.locator('#in').click();
      await p.waitForURL(u => u.pathname === `/${lang}/notes/new`);
    }
    await p.goto(`/${lang}/access`);
    assert.deepEqual(await axe(p), []);
    await shoot(p, `access-provider-${lang}`);
    assert.deepEqual(problems(p, [/status of 409/, new RegExp(`elsewhere: ${identity.issuer}`)]), []);
    await p.context().close();
  }
});

let stolen, signedNote;
test('a note is released with the signature of the official, and a stolen session cannot', async () => {
  const at = await clearedDraft(`مذكرة موقعة ${Date.now()}`);
  stolen = await newPage(browser, iq.url);
  await stolen.context().addCookies(await page.context().cookies());
  await stolen.goto(at);
  await shoot(stolen, 'release-ar');
  const refused = await stolen.evaluate(async where => (await fetch(where, { method: 'POST', body: new URLSearchParams({ version: '1' }) })).status, at);
  assert.equal(refused, 409);

  await page.goto(at);
  await sees(page, 'توقّع بمفتاح مرورك');
  assert.deepEqual(await axe(page), []);
  await press(page, 'إصدار المذكرة');
  await sees(page, 'موقَّع من صاحب المنصب');
  assert.deepEqual(await axe(page), []);
  await shoot(page, 'signed-note-ar');
  signedNote = new URL(page.url()).pathname;
});

test('the other government reads that it is signed, by whom and with which key', async () => {
  const there = await asOfficial(browser, demo.nodes.sy, 'drafter', { lang: 'en' });
  const url = signedNote.replace('/ar/', '/en/');
  await there.goto('/en/');
  await there.waitForFunction(async where => (await fetch(where)).status === 200, url);
  await there.goto(url);
  await there.locator(`form[action$="/open"] button`).click();
  await sees(there, 'Signed by the post itself');
  assert.deepEqual(await axe(there), []);
  await shoot(there, 'signed-note-there-en');
  assert.deepEqual(problems(there, [/status of 404/]), []);
  await there.context().close();
});

test('the exported file shows it offline', async () => {
  await page.goto(signedNote);
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'تنزيل الإثبات')]);
  const letters = Object.values(demo.nodes).flatMap(n => ['--letter', path.join(n.dir, 'letter.credence')]);
  const { stdout } = await jisr('verify', '--json', ...letters, await download.path());
  const verdict = JSON.parse(stdout);
  assert.equal(verdict.verified, true);
  assert.equal(verdict.signature.state, 'good');
  assert.equal(verdict.signature.official, chief);
  assert.ok((await readFile(await download.path(), 'utf8')).startsWith('jisr bundled proof/v1'));
});

test('a page that became stale is refused, and says what changed', async () => {
  const at = await clearedDraft(`مذكرة ثانية ${Date.now()}`);
  await page.goto(at);
  // A program of the same government takes the number that this page shows.
  const sent = await api(demo.nodes.iq, 'POST', `/forums/${demo.forum}/notes`, {
    kind: 'verbale', to: ['sy'], subject: { ar: 'أخرى' }, text: { ar: 'نص' }, precedence: 'routine', release: true,
  });
  assert.equal(sent.status, 201);
  await press(page, 'إصدار المذكرة');
  await sees(page, 'تغيّر منذ أن عُرض عليك: العدد');
  await shoot(page, 'stale-ar');
  await press(page, 'إصدار المذكرة'); // now it is shown anew, and signed anew
  await sees(page, 'موقَّع من صاحب المنصب');
});

test('an ended passkey neither signs in nor signs, and ends the session that was stolen', async () => {
  await page.goto('/ar/access');
  await page.locator('summary', { hasText: 'إنهاء هذا المفتاح' }).click();
  await sees(page, 'لا يُتراجع');
  assert.deepEqual(await axe(page), []);
  await press(page, 'إنهاء هذا المفتاح');
  await page.waitForURL(/sign-in/);
  await stolen.goto(signedNote);
  assert.match(stolen.url(), /sign-in/);
  await page.goto('/ar/sign-in');
  await press(page, 'الدخول بمفتاح المرور');
  await sees(page, 'غير صحيح');
});

test('nothing broke the content security policy or ran out of the window', async () => {
  assert.equal(await overflow(page), 0);
  assert.deepEqual(problems(page, [/status of (401|409)/]), []);
});
