package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"jisr"
	"jisr/node"
)

// inviteJSON is an invitation for programs. It is there once.
type inviteJSON struct {
	Official   string `json:"official"`
	Invitation string `json:"invitation"`
	URL        string `json:"url"`
}

func officialInviteVerb() verb {
	return verb{
		name: "official invite", args: "ID",
		short: both{"make an invitation with which a post enrols its first passkey", "أصدر دعوة يضيف بها صاحب المنصب أول مفتاح مرور"},
		long: both{
			"Prints the address to open in the official's own browser; hand it over in person. It works once, for three days. From its first\n" +
				"passkey on the post has no password. A post that has had a passkey is recovered instead: see jisr official recover.",
			"يطبع العنوان الذي يفتحه صاحب المنصب في متصفحه؛ ويُسلَّم باليد. وتصلح الدعوة مرة واحدة خلال ثلاثة أيام.\n" +
				"وبعد أول مفتاح مرور لا تبقى للمنصب كلمة مرور. أما منصب كان له مفتاح فيُستعاد: jisr official recover.",
		},
		setup: inviteWith(func(id jisr.OfficialID) node.Command { return node.InviteOfficial{ID: id} }),
	}
}

func officialRecoverVerb() verb {
	return verb{
		name: "official recover", args: "ID",
		short: both{"ask for the recovery of a post whose passkeys are lost", "اطلب استعادة منصب فُقدت مفاتيح مروره"},
		setup: func(o *options) runner {
			dir := o.dir()
			return func(ctx context.Context, t *terminal, operands []string) error {
				id, err := oneOperand(operands)
				if err != nil {
					return err
				}
				if _, err := t.operate(ctx, *dir, node.RecoverOfficial{ID: jisr.OfficialID(id)}); err != nil {
					return hint(err, "jisr official list")
				}
				t.note("cli.official.recover", "official", id)
				return nil
			}
		},
	}
}

func officialRestoreVerb() verb {
	return verb{
		name: "official restore", args: "ID",
		short: both{"confirm a recovery that an administrator asked for; prints a new invitation", "أكّد استعادة طلبها مسؤول حسابات، وتُطبع دعوة جديدة"},
		setup: inviteWith(func(id jisr.OfficialID) node.Command { return node.RestoreOfficial{ID: id} }),
	}
}

func officialHandOverVerb() verb {
	return verb{
		name: "official hand-over", args: "ID",
		short: both{"give a post another holder: its password, passkeys and sessions end", "سلّم المنصب إلى شاغل جديد: تنتهي كلمة مروره ومفاتيحه وجلساته"},
		long: both{
			"What the desk has stays with it. A post that never had a passkey is invited at once; another waits until an administrator confirms it:\n" +
				"see jisr official restore.",
			"ما لدى المكتب يبقى لديه. والمنصب الذي لم يكن له مفتاح مرور يُدعى فوراً، وغيره ينتظر تأكيد مسؤول آخر:\n" +
				"jisr official restore.",
		},
		setup: inviteWith(func(id jisr.OfficialID) node.Command { return node.HandOver{ID: id} }),
	}
}

// inviteWith runs a command that ends in an invitation, and prints it once.
func inviteWith(command func(jisr.OfficialID) node.Command) func(*options) runner {
	return func(o *options) runner {
		dir, asJSON := o.dir(), o.asJSON()
		return func(ctx context.Context, t *terminal, operands []string) error {
			id, err := oneOperand(operands)
			if err != nil {
				return err
			}
			config, err := readConfig(t.dirOf(*dir), t.getenv)
			if err != nil {
				return err
			}
			done, err := t.operate(ctx, *dir, command(jisr.OfficialID(id)))
			if err != nil {
				return hint(err, "jisr official list")
			}
			if done.Secret == "" { // another administrator confirms it first
				t.note("cli.official.recover", "official", id)
				return nil
			}
			// After the number sign: what stands there is sent to no server and stands in no log.
			address := publicURL(config.Defaulted()) + "/ar/enrol#" + done.Secret
			if *asJSON {
				return t.json(inviteJSON{Official: id, Invitation: done.Secret, URL: address})
			}
			t.note("cli.official.invited", "official", id)
			fmt.Fprintln(t.out, address)
			return nil
		}
	}
}

// publicURL is where officials reach the portal: as the setting says, else by the one name that needs none.
func publicURL(c node.Config) string {
	if c.URL != "" {
		return strings.TrimSuffix(c.URL, "/")
	}
	scheme := "http://"
	if c.TLS.Cert != "" {
		scheme = "https://"
	}
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return scheme + "localhost"
	}
	return scheme + "localhost:" + port
}
