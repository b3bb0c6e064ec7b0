package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"jisr/ledger"
	"jisr/node"
)

func backupVerb() verb {
	return verb{
		name:  "backup",
		args:  "FILE",
		short: both{"write an encrypted, signed copy of this node, also while it runs", "اكتب نسخة معمّاة موقّعة من هذه المنظومة، ولو كانت تعمل"},
		long: both{
			"FILE holds the ledger, the private keys, the letter of credence and jisr.toml as of one moment; the book is made from\n" +
				"them. It is an age file, encrypted to recipients (jisr key new, or age-keygen) or to a passphrase, and signed by the\n" +
				"member's keys. It is never written over. Keep what opens it apart from it: it does not open with the node's data key.",
			"في FILE السجل والمفاتيح الخاصة وكتاب الاعتماد و jisr.toml في لحظة واحدة، ومنها يُبنى الدفتر. وهو ملف age معمّى\n" +
				"لمستلمين (jisr key new أو age-keygen) أو بعبارة مرور، وموقّع بمفاتيح العضو. ولا يُكتب فوق ملف قائم أبداً.\n" +
				"احفظ ما يفتحه بعيداً عنه، فمفتاح بيانات المنظومة لا يفتحه.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			to := o.many("to", "RECIPIENT", both{"who can open it: age1…, or a file with one a line; may be repeated", "من يستطيع فتحه: age1… أو ملف فيه مستلم في كل سطر؛ ويجوز تكراره"})
			words := o.text("passphrase-file", "FILE", "", both{"or a file with a passphrase in its first line", "أو ملف في سطره الأول عبارة مرور"})
			return func(ctx context.Context, t *terminal, operands []string) error {
				if len(operands) != 1 {
					return usage("cli.need-backup")
				}
				if (len(*to) == 0) == (*words == "") {
					return usage("cli.need-option", "option", "--to")
				}
				return backup(ctx, t, t.dirOf(*dir), operands[0], *to, *words, *asJSON)
			}
		},
	}
}

// backup writes beside FILE and gives it its name last: a crash leaves a ".new-…" file without meaning, or the whole backup.
func backup(ctx context.Context, t *terminal, dir, path string, to []string, words string, asJSON bool) (err error) {
	c, err := readConfig(dir, t.getenv)
	if err != nil {
		return err
	}
	recipients, err := recipientsOf(to)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return fail("cli.backup.exists", "file", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("couldn't write the backup: %w", err)
	}
	defer os.Remove(f.Name())
	w := &progress{w: f, t: t}
	m, err := node.Backup(ctx, node.Options{Dir: dir, Config: c, Logger: t.logger(c.Log)}, w, func(w io.Writer) (io.WriteCloser, error) {
		return ledger.Wrapping{PassphraseFile: words}.EncryptTo(w, recipients...)
	})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("couldn't back up the node in %s: %w", dir, err)
	}
	if err := os.Link(f.Name(), path); err != nil { // unlike a rename, a link never replaces
		return fmt.Errorf("couldn't give the backup its name: %w", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("couldn't make the backup durable: %w", err)
	}
	if asJSON {
		return t.json(map[string]any{"file": path, "bytes": w.n, "member": m.Member, "made": m.Made, "sizes": m.Sizes})
	}
	t.say("cli.backup.made", "file", path, "megabytes", fmt.Sprintf("%.1f", float64(w.n)/1e6))
	return nil
}

// recipientsOf reads what --to names: recipients, or files with some.
func recipientsOf(to []string) (all []string, err error) {
	for _, r := range to {
		if _, err := os.Stat(r); err != nil {
			all = append(all, r)
			continue
		}
		text, err := readBounded(r, maxConfig)
		if err != nil {
			return nil, err
		}
		all = append(all, string(text))
	}
	return all, nil
}

// progress says how much was written, at each gigabyte.
type progress struct {
	w io.Writer
	t *terminal
	n int64
}

func (p *progress) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	if before := p.n; (before+int64(n))/1e9 > before/1e9 {
		p.t.note("cli.backup.progress", "gigabytes", (before+int64(n))/1e9)
	}
	p.n += int64(n)
	return n, err
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
