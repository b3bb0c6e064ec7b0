package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"jisr/ledger"
	"jisr/node"
)

func restoreVerb() verb {
	return verb{
		name:  "restore",
		args:  "FILE",
		short: both{"make a node's directory of a backup", "أنشئ مجلد منظومة من نسخة احتياطية"},
		long: both{
			"Reads all of FILE and verifies its signature, then makes the directory, which must not hold anything, and verifies every\n" +
				"act in it. The restored node writes in a forum once every partner there has said what it holds; acts and contents it\n" +
				"lacks are fetched back from them. What the house wrote after the backup (drafts, accounts, clearances, settings)\n" +
				"nobody else holds. Never run a restored node beside the one that was backed up.",
			"يقرأ FILE كله ويتحقق من توقيعه، ثم ينشئ المجلد، ويجب أن يكون فارغاً، ويتحقق من كل فعل فيه. ولا تكتب المنظومة\n" +
				"المستعادة في ملتقى إلا بعد أن يبيّن كل شريك فيه ما لديه، وتُستعاد منهم الأفعال والمحتويات الناقصة. أما ما كتبه البيت\n" +
				"بعد النسخة (المسودات والحسابات والإجازات والإعدادات) فليس عند أحد غيره. ولا تُشغّل المستعادة إلى جانب الأصل أبداً.",
		},
		setup: func(o *options) runner {
			dir := o.text("dir", "DIR", "", both{"the directory to make", "المجلد الذي يُنشأ"})
			var open ledger.Wrapping
			o.StringVar(&open.KeyFile, "identity", "", o.describe("identity", "FILE", both{"the age identity that opens the backup", "هوية age التي تفتح النسخة"}))
			o.StringVar(&open.PassphraseFile, "backup-passphrase-file", "", o.describe("backup-passphrase-file", "FILE", both{"or the file with the passphrase that opens it", "أو الملف الذي فيه عبارة المرور التي تفتحها"}))
			fingerprint := o.text("fingerprint", "DIGITS", "", both{"refuse a backup of anybody but the member with this fingerprint", "ارفض أي نسخة لغير العضو صاحب هذه البصمة"})
			rest, asJSON := o.atRest(), o.asJSON()
			return func(ctx context.Context, t *terminal, operands []string) error {
				if len(operands) != 1 {
					return usage("cli.need-backup")
				}
				if *dir == "" {
					return usage("cli.need-option", "option", "--dir")
				}
				if (open.KeyFile == "") == (open.PassphraseFile == "") {
					return usage("cli.need-option", "option", "--identity")
				}
				to, err := absolute(*rest)
				if err != nil {
					return err
				}
				return restore(ctx, t, operands[0], open, to, node.RestoreOptions{Dir: *dir, Fingerprint: *fingerprint}, *asJSON)
			}
		},
	}
}

func restore(ctx context.Context, t *terminal, path string, open ledger.Wrapping, rest node.AtRestConfig, o node.RestoreOptions, asJSON bool) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("couldn't read the backup: %w", err)
	}
	defer f.Close()
	o.From, o.Logger = f, t.logger("warn")
	o.Decrypt = func(r io.Reader) (io.Reader, error) { return open.Decrypt(r) }
	o.Configure = func(text []byte) ([]byte, node.Config, error) {
		text = []byte(withAtRest(string(text), rest))
		c, err := parseConfig(text)
		return text, c, err
	}
	r, err := node.Restore(ctx, o)
	if errors.Is(err, node.ErrOccupied) {
		return fail("cli.restore.occupied", "dir", o.Dir)
	}
	if err != nil {
		return fmt.Errorf("couldn't restore %s: %w", path, err)
	}
	if asJSON {
		return t.json(map[string]any{"member": r.Member, "dir": o.Dir, "made": r.Made, "fingerprint": r.Fingerprint, "forums": r.Forums, "entries": r.Entries})
	}
	t.say("cli.restore.made", "member", r.Member, "dir", o.Dir, "made", r.Made.Format(time.RFC3339), "acts", r.Entries)
	fmt.Fprintln(t.out, "  "+r.Fingerprint)
	t.say("cli.restore.house", "made", r.Made.Format(time.RFC3339))
	if len(r.Forums) > 0 {
		t.say("cli.restore.waits")
	}
	t.try("jisr serve --dir " + o.Dir)
	return nil
}

func ledgerCheckVerb() verb {
	return verb{
		name:  "ledger check",
		short: both{"verify everything in the ledger: entries, trees, signatures, contents", "تحقق من كل ما في السجل: القيود والأشجار والتواقيع والمحتويات"},
		long: both{
			"Reads every log from its first entry, computes its tree anew and holds it against the signatures; reads every content and\n" +
				"holds it against its commitment. It changes nothing, and the node may be running.",
			"يقرأ كل سجل من قيده الأول، ويحسب شجرته من جديد ويقابلها بالتواقيع، ويقرأ كل محتوى ويقابله بالالتزام به.\n" +
				"ولا يغيّر شيئاً، ويجوز والمنظومة تعمل.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			return func(ctx context.Context, t *terminal, _ []string) error {
				c, err := readConfig(t.dirOf(*dir), t.getenv)
				if err != nil {
					return err
				}
				got, err := node.CheckLedger(ctx, node.Options{Dir: t.dirOf(*dir), Config: c, Logger: t.logger("warn")})
				if err != nil {
					return err
				}
				if *asJSON {
					return t.json(map[string]any{"holds": true, "logs": got.Logs, "entries": got.Entries, "contents": got.Contents, "receipts": got.Receipts})
				}
				t.say("cli.ledger.holds", "logs", got.Logs, "entries", got.Entries, "contents", got.Contents, "receipts", got.Receipts)
				return nil
			}
		},
	}
}

func keyNewVerb() verb {
	return verb{
		name:  "key new",
		args:  "FILE",
		short: both{"make a key that opens backups", "أنشئ مفتاحاً يفتح النسخ الاحتياطية"},
		long: both{
			"FILE is the identity that opens backups: keep it away from the node. What is printed is the recipient: give it to\n" +
				"jisr backup --to, here or on the node. Both are of the age tool.",
			"FILE هو الهوية التي تفتح النسخ الاحتياطية، فاحفظه بعيداً عن المنظومة. وما يُطبع هو المستلم، تعطيه للأمر\n" +
				"jisr backup --to هنا أو عند المنظومة. وكلاهما بصيغة age.",
		},
		setup: func(*options) runner {
			return func(_ context.Context, t *terminal, operands []string) error {
				if len(operands) != 1 {
					return usage("cli.one-operand")
				}
				if err := ledger.CreateKeyFile(operands[0]); err != nil {
					return err
				}
				to, err := ledger.Recipient(operands[0])
				if err == nil {
					_, err = fmt.Fprintln(t.out, to)
				}
				return err
			}
		},
	}
}
