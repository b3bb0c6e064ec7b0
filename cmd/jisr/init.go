package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"jisr"
	"jisr/node"
)

// founding is what a node is made with.
type founding struct {
	config node.Config
	desks  []node.AddDesk
	posts  []node.AddOfficial
	tokens []node.AddToken
}

// founded is what came of it: the secrets are shown once.
type founded struct {
	self      node.Member
	officials []accountJSON
	tokens    []accountJSON
}

func initVerb() verb {
	return verb{
		name:  "init",
		short: both{"make a node: keys, ledger, letter of credence, first accounts", "أنشئ منظومة: المفاتيح والسجل وكتاب الاعتماد والحسابات الأولى"},
		long: both{
			"Makes the directory with jisr.toml, keys, an empty ledger and letter.credence, the file that introduces this member\n" +
				"to others. Then one desk (registry) and three posts: admin, drafter and releaser, because who drafts a note does not\n" +
				"release it. Their passwords are printed once. An existing node is never touched.\n\n" +
				"Two machines are six commands from their first note: jisr init, jisr credence accept, jisr serve, on each.",
			"ينشئ المجلد وفيه jisr.toml والمفاتيح وسجل فارغ و letter.credence، وهو الملف الذي يعرّف هذا العضو إلى غيره.\n" +
				"ثم مكتباً واحداً (registry) وثلاثة مناصب: admin و drafter و releaser، لأن من يصوغ مذكرة لا يصدرها.\n" +
				"تُطبع كلمات المرور مرة واحدة. ولا تُمسّ منظومة قائمة أبداً.\n\n" +
				"ستة أوامر تفصل جهازين عن أول مذكرة بينهما: jisr init ثم jisr credence accept ثم jisr serve على كل منهما.",
		},
		setup: setupInit,
	}
}

func setupInit(o *options) runner {
	dir := o.text("dir", "DIR", "", both{"the directory to make; default: $JISR_DIR", "المجلد الذي يُنشأ؛ والافتراضي \u200e$JISR_DIR\u200e"})
	var c node.Config
	o.StringVar(&c.Member, "member", "", o.describe("member", "ID", both{"the member's short name, such as iq; it cannot be changed", "اسم العضو القصير مثل iq، ولا يتغير بعد ذلك"}))
	o.StringVar(&c.Origin, "origin", "", o.describe("origin", "NAME", both{"the name of its keys, under its own domain, such as jisr.mofa.gov.iq; it cannot be changed", "اسم مفاتيحه تحت نطاقه مثل jisr.mofa.gov.iq، ولا يتغير بعد ذلك"}))
	ar := o.text("name-ar", "TEXT", "", both{"its name in Arabic", "اسمه بالعربية"})
	en := o.text("name-en", "TEXT", "", both{"its name in English", "اسمه بالإنكليزية"})
	o.StringVar(&c.Listen, "listen", "", o.describe("listen", "ADDR", both{"where the portal and the API listen; default 127.0.0.1:8400", "عنوان البوابة والواجهة البرمجية؛ والافتراضي 127.0.0.1:8400"}))
	o.StringVar(&c.Link.Listen, "link-listen", "", o.describe("link-listen", "ADDR", both{"where other members' nodes connect; default 127.0.0.1:8440", "عنوان اتصال منظومات الأعضاء الآخرين؛ والافتراضي 127.0.0.1:8440"}))
	addresses := o.many("link-address", "HOST:PORT", both{"how others reach it; stands in the letter of credence; may be repeated", "العنوان الذي يصل منه الآخرون، ويُكتب في كتاب الاعتماد؛ ويجوز تكراره"})
	o.StringVar(&c.Timezone, "timezone", "", o.describe("timezone", "ZONE", both{"where its days begin and end; default Asia/Baghdad", "المنطقة الزمنية لأيامه؛ والافتراضي Asia/Baghdad"}))
	rest := o.atRest()
	adminOnly := o.on("admin-only", both{"make only the post admin", "أنشئ منصب admin وحده"})
	asJSON := o.asJSON()
	return func(ctx context.Context, t *terminal, _ []string) error {
		c.Name, c.Link.Addresses = titled(*ar, *en), *addresses
		for _, need := range [][2]string{{"member", c.Member}, {"origin", c.Origin}, {"name-ar", *ar}, {"name-en", *en}} {
			if need[1] == "" {
				return usage("cli.need-option", "option", "--"+need[0])
			}
		}
		where := *dir
		if where == "" {
			where = t.getenv("JISR_DIR")
		}
		if where == "" {
			return usage("cli.need-option", "option", "--dir")
		}
		var err error
		if c.AtRest, err = absolute(*rest); err != nil {
			return err
		}
		f := founding{config: c, desks: []node.AddDesk{registry()}, posts: firstPosts(*adminOnly)}
		made, err := found(ctx, t, where, f)
		if err != nil {
			return err
		}
		if *asJSON {
			return t.json(map[string]any{"member": made.self.ID, "origin": made.self.Origin, "dir": where,
				"letter": filepath.Join(where, "letter.credence"), "fingerprint": made.self.Finger, "officials": made.officials})
		}
		if err := t.founded(where, made); err != nil {
			return err
		}
		s, err := node.ReadAtRest(where, c.AtRest)
		t.warnBeside(where, s)
		return err
	}
}

func registry() node.AddDesk {
	return node.AddDesk{ID: firstDesk, Title: jisr.Text{"ar": "ديوان المراسلات", "en": "Registry of Correspondence"}}
}

func firstPosts(adminOnly bool) []node.AddOfficial {
	posts := []node.AddOfficial{{ID: "admin", Post: jisr.Text{"ar": "مدير المنظومة", "en": "Administrator of the Node"}, Desk: firstDesk, Roles: []jisr.Role{jisr.Admin}}}
	if adminOnly {
		return posts
	}
	return append(posts,
		node.AddOfficial{ID: "drafter", Post: jisr.Text{"ar": "محرّر المذكرات", "en": "Drafting Officer"}, Desk: firstDesk, Roles: []jisr.Role{jisr.Drafter}},
		node.AddOfficial{ID: "releaser", Post: jisr.Text{"ar": "رئيس الديوان", "en": "Head of Registry"}, Desk: firstDesk, Roles: []jisr.Role{jisr.Releaser}})
}

// found makes a node and its first accounts.
//
// The directory is made first and jisr.toml before the keys: a crash leaves a directory that init refuses and that
// holds nothing anybody relies on yet, to be removed by hand, because removing keys is never this program's decision.
func found(ctx context.Context, t *terminal, dir string, f founding) (*founded, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("couldn't make the directory: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, configFile)); !errors.Is(err, os.ErrNotExist) {
		return nil, hint(fail("cli.node-exists", "dir", dir), "jisr serve --dir "+dir)
	}
	if err := node.Create(ctx, dir, f.config); err != nil {
		return nil, fmt.Errorf("couldn't make a node in %s: %w", dir, err)
	}
	if err := writeConfig(dir, f.config); err != nil {
		return nil, err
	}
	n, err := node.Open(ctx, node.Options{Dir: dir, Config: f.config, Logger: t.logger("warn")})
	if err != nil {
		return nil, fmt.Errorf("couldn't open the node in %s: %w", dir, err)
	}
	made, err := furnish(ctx, n, f)
	return made, errors.Join(err, n.Close())
}

// furnish adds desks, posts and tokens.
func furnish(ctx context.Context, n *node.Node, f founding) (*founded, error) {
	made := &founded{self: n.Self()}
	for _, d := range f.desks {
		if _, err := n.Do(ctx, n.Operator(), d); err != nil {
			return nil, fmt.Errorf("couldn't add the desk %s: %w", d.ID, err)
		}
	}
	for _, p := range f.posts {
		done, err := n.Do(ctx, n.Operator(), p)
		if err != nil {
			return nil, fmt.Errorf("couldn't add the post %s: %w", p.ID, err)
		}
		password := done.Secret
		if p.Password != "" {
			password = p.Password
		}
		made.officials = append(made.officials, accountJSON{Official: string(p.ID), Post: p.Post, Desk: p.Desk, Roles: p.Roles, Password: password})
	}
	for _, k := range f.tokens {
		done, err := n.Do(ctx, n.Operator(), k)
		if err != nil {
			return nil, fmt.Errorf("couldn't add the token %s: %w", k.ID, err)
		}
		made.tokens = append(made.tokens, accountJSON{Token: k.ID, Title: k.Title, Desk: k.Desk, Roles: k.Roles, Secret: done.Secret})
	}
	return made, nil
}

// founded prints what was made and what to do next.
func (t *terminal) founded(dir string, made *founded) error {
	t.say("cli.init.made", "name", t.text(made.self.Name), "dir", dir)
	fmt.Fprintln(t.out)
	t.say("cli.init.passwords")
	rows := [][]string{}
	for _, o := range made.officials {
		rows = append(rows, []string{"  " + o.Official, o.Password, t.text(o.Post)})
	}
	if err := t.table(rows); err != nil {
		return err
	}
	fmt.Fprintln(t.out)
	t.say("cli.init.letter", "file", filepath.Join(dir, "letter.credence"))
	fmt.Fprintln(t.out, "  "+made.self.Finger)
	fmt.Fprintln(t.out)
	t.say("cli.init.next")
	fmt.Fprintf(t.out, "  jisr credence accept OTHER.credence --forum %s-… --dir %s\n  jisr serve --dir %s\n", made.self.ID, dir, dir)
	return nil
}
