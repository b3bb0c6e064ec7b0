package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"jisr/node"
)

// atRest declares what opens a data key: for init, and for key wrap.
func (o *options) atRest() *node.AtRestConfig {
	var c node.AtRestConfig
	o.StringVar(&c.KeyFile, "key-file", "", o.describe("key-file", "FILE", both{"what opens the data key: a file, made if it is not there; keep it on another disk", "ما يفتح مفتاح البيانات: ملف يُنشأ إن لم يوجد، واحفظه على قرص آخر"}))
	o.StringVar(&c.PassphraseFile, "passphrase-file", "", o.describe("passphrase-file", "FILE", both{"or a file with a passphrase in its first line", "أو ملف في سطره الأول عبارة مرور"}))
	o.StringVar(&c.PKCS11, "pkcs11", "", o.describe("pkcs11", "URI", both{"or a key in a PKCS#11 token (RFC 7512)", "أو مفتاح في وحدة PKCS#11 (RFC 7512)"}))
	return &c
}

// absolute makes paths typed at the terminal hold wherever the node is started from.
func absolute(c node.AtRestConfig) (node.AtRestConfig, error) {
	var err error
	for _, path := range []*string{&c.KeyFile, &c.PassphraseFile} {
		if *path != "" && err == nil {
			*path, err = filepath.Abs(*path)
		}
	}
	return c, err
}

func keyShowVerb() verb {
	return verb{
		name:  "key show",
		short: both{"say how this node's directory is encrypted", "بيّن كيف يُعمّى مجلد هذه المنظومة"},
		long: both{
			"Databases and private keys are encrypted with a data key. It lies in keys/datakeys.age, an age file, and is opened by a\n" +
				"key file, a passphrase or a PKCS#11 token: at_rest in jisr.toml. No key is ever printed.",
			"تُعمّى قواعد البيانات والمفاتيح الخاصة بمفتاح بيانات محفوظ في keys/datakeys.age وهو ملف age، ويفتحه ملف مفتاح أو\n" +
				"عبارة مرور أو وحدة PKCS#11 بحسب at_rest في jisr.toml. ولا يُطبع أي مفتاح أبداً.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			return func(_ context.Context, t *terminal, _ []string) error {
				c, err := readConfig(t.dirOf(*dir), t.getenv)
				if err != nil {
					return err
				}
				s, err := node.ReadAtRest(t.dirOf(*dir), c.AtRest)
				if err != nil {
					return err
				}
				return t.atRest(t.dirOf(*dir), s, *asJSON)
			}
		},
	}
}

func keyWrapVerb() verb {
	return verb{
		name:  "key wrap",
		short: both{"change what opens the data key", "غيّر ما يفتح مفتاح البيانات"},
		long: both{
			"Encrypts the data key to another key file, passphrase or token, and writes that into jisr.toml. It takes a moment,\n" +
				"and the node may be running. Who has the old one and an old copy of keys/datakeys.age still opens that copy:\n" +
				"jisr key rotate afterwards.",
			"يعمّي مفتاح البيانات لملف مفتاح آخر أو عبارة مرور أو وحدة، ويكتب ذلك في jisr.toml. وهو أمر لحظي يجوز والمنظومة تعمل.\n" +
				"ومن لديه القديم ونسخة قديمة من keys/datakeys.age يظل قادراً على فتحها: نفّذ بعده jisr key rotate.",
		},
		setup: func(o *options) runner {
			dir, to, asJSON := o.dir(), o.atRest(), o.asJSON()
			return func(_ context.Context, t *terminal, _ []string) error {
				return wrapKey(t, t.dirOf(*dir), *to, *asJSON)
			}
		},
	}
}

func wrapKey(t *terminal, dir string, to node.AtRestConfig, asJSON bool) error {
	c, err := readConfig(dir, t.getenv)
	if err == nil {
		to, err = absolute(to)
	}
	if err != nil {
		return err
	}
	if to == (node.AtRestConfig{}) {
		return usage("cli.need-option", "option", "--key-file")
	}
	path := filepath.Join(dir, configFile)
	err = node.WrapDataKey(dir, c.AtRest, to, func() error {
		text, err := readBounded(path, maxConfig)
		if err != nil {
			return err
		}
		return replaceFile(path, []byte(withAtRest(string(text), to)))
	})
	if err != nil {
		return atRestFailure(err, dir)
	}
	s, err := node.ReadAtRest(dir, to)
	if err != nil {
		return err
	}
	return t.atRest(dir, s, asJSON)
}

// withAtRest replaces the table [at_rest] of a jisr.toml, and leaves every other line as the operator wrote it.
func withAtRest(text string, c node.AtRestConfig) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		if s := strings.TrimSpace(line); strings.HasPrefix(s, "[") {
			inside = strings.HasPrefix(s, "[at_rest]")
		}
		if !inside {
			b.WriteString(line)
		}
	}
	if c == (node.AtRestConfig{}) {
		return b.String()
	}
	b.WriteString("\n[at_rest]\n")
	for _, s := range settings(&node.Config{AtRest: c}) {
		if name, ok := strings.CutPrefix(s.key, "at_rest."); ok && !s.value.IsZero() {
			b.WriteString(name + " = " + written(s.value) + "\n")
		}
	}
	return b.String()
}

func keyRotateVerb() verb {
	return verb{
		name:  "key rotate",
		short: both{"encrypt everything with a new data key", "أعد تعمية كل شيء بمفتاح بيانات جديد"},
		long: both{
			"Draws a new data key and encrypts the private keys, the ledger and the book with it. Stop the node first; it takes about\n" +
				"ten seconds for a gigabyte. Interrupted, even by kill -9, nothing is lost: the node starts, and doing it again finishes it.",
			"يولّد مفتاح بيانات جديداً ويعمّي به المفاتيح الخاصة والسجل والدفتر. أوقف المنظومة أولاً؛ ويستغرق نحو عشر ثوانٍ لكل غيغابايت.\n" +
				"وإن انقطع، ولو قسراً، فلا يضيع شيء: تبدأ المنظومة كالمعتاد، وتنفيذه ثانية يتمّه.",
		},
		setup: reencryptSetup(node.RotateDataKey),
	}
}

func keyEncryptVerb() verb {
	return verb{
		name:  "key encrypt",
		short: both{"encrypt the directory of a node that is not yet encrypted", "عمِّ مجلد منظومة لم يُعمَّ بعد"},
		long: both{
			"For nodes made before encryption at rest. Stop the node first. Done again after an interruption it finishes. What was\n" +
				"in the clear may still be found on the old disk and in old backups.",
			"للمنظومات التي أُنشئت قبل التعمية. أوقف المنظومة أولاً، وتنفيذه ثانية بعد انقطاع يتمّه.\n" +
				"وقد يبقى ما كان مكشوفاً على القرص القديم وفي النسخ الاحتياطية القديمة.",
		},
		setup: reencryptSetup(node.EncryptAtRest),
	}
}

func reencryptSetup(do func(string, node.AtRestConfig) (node.AtRest, error)) func(*options) runner {
	return func(o *options) runner {
		dir, asJSON := o.dir(), o.asJSON()
		return func(_ context.Context, t *terminal, _ []string) error {
			where := t.dirOf(*dir)
			c, err := readConfig(where, t.getenv)
			if err != nil {
				return err
			}
			release, err := runAlone(where)
			if err != nil {
				return err
			}
			defer release()
			s, err := do(where, c.AtRest)
			if err != nil {
				return atRestFailure(err, where)
			}
			return t.atRest(where, s, *asJSON)
		}
	}
}

func atRestFailure(err error, dir string) error {
	for _, known := range []struct {
		err          error
		key, command string
	}{
		{node.ErrInUse, "cli.running", ""},
		{node.ErrEncrypted, "cli.key.encrypted", "jisr key rotate --dir " + dir},
		{node.ErrPlain, "cli.key.plain", "jisr key encrypt --dir " + dir},
	} {
		if errors.Is(err, known.err) && known.command != "" {
			return hint(fail(known.key, "dir", dir), known.command)
		}
		if errors.Is(err, known.err) {
			return fail(known.key, "dir", dir)
		}
	}
	return err
}

// atRest prints how a directory is encrypted.
func (t *terminal) atRest(dir string, s node.AtRest, asJSON bool) error {
	if asJSON {
		return t.json(map[string]any{"encrypted": s.Generation > 0, "generation": s.Generation, "unfinished": s.Unfinished, "beside": s.Beside})
	}
	if s.Generation == 0 {
		t.say("cli.key.plain", "dir", dir)
		t.try("jisr key encrypt --dir " + dir)
		return nil
	}
	t.say("cli.key.generation", "dir", dir, "generation", s.Generation)
	if s.Unfinished {
		t.say("cli.key.unfinished")
		t.try("jisr key rotate --dir " + dir)
	}
	t.warnBeside(dir, s)
	return nil
}

// warnBeside says that a thief of the directory has what opens it too.
func (t *terminal) warnBeside(dir string, s node.AtRest) {
	if s.Beside {
		t.note("cli.key.beside")
		t.try("jisr key wrap --dir " + dir + " --key-file FILE")
	}
}
