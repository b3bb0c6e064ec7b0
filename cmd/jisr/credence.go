package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"jisr"
	"jisr/link"
	"jisr/node"
)

func credenceShowVerb() verb {
	return verb{
		name: "credence show", args: "[FILE…]",
		short: both{"show this member's letter of credence, or those in files", "اعرض كتاب اعتماد هذا العضو أو الكتب التي في الملفات"},
		long: both{
			"The fingerprint is what two officials read to each other by telephone: 128 bits in eight groups.",
			"البصمة هي ما يقرؤه موظفان أحدهما للآخر هاتفياً: ١٢٨ بتاً في ثماني مجموعات.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			return func(_ context.Context, t *terminal, files []string) error {
				if len(files) == 0 {
					files = []string{filepath.Join(t.dirOf(*dir), "letter.credence")}
				}
				return showLetters(t, files, *asJSON)
			}
		},
	}
}

// letterJSON is a letter of credence for programs.
type letterJSON struct {
	Member      string            `json:"member"`
	Name        map[string]string `json:"name"`
	Origin      string            `json:"origin"`
	Addresses   []string          `json:"addresses"`
	Made        string            `json:"made"`
	Fingerprint string            `json:"fingerprint"`
	File        string            `json:"file"`
}

func showLetters(t *terminal, files []string, asJSON bool) error {
	letters, err := readLetters(files)
	if err != nil {
		return err
	}
	all := []letterJSON{}
	for i, l := range letters {
		all = append(all, letterJSON{l.Member, l.Names, l.Origin, l.Addresses, l.Made.Format("2006-01-02"), l.Fingerprint(), files[i]})
		if !asJSON {
			t.letter(l)
		}
	}
	if asJSON {
		return t.json(all)
	}
	return nil
}

func (t *terminal) letter(l *link.Letter) {
	t.say("cli.letter.of", "name", t.text(l.Names), "member", l.Member)
	t.say("cli.letter.origin", "origin", l.Origin)
	if len(l.Addresses) == 0 {
		t.say("cli.letter.dials")
	} else {
		t.say("cli.letter.address", "address", strings.Join(l.Addresses, ", "))
	}
	t.say("cli.letter.made", "date", t.lang.ShortDate(l.Made))
	t.say("cli.letter.fingerprint")
	fmt.Fprintln(t.out, "  "+l.Fingerprint())
}

// readLetters reads and checks letters from outside.
func readLetters(files []string) ([]*link.Letter, error) {
	var all []*link.Letter
	for _, f := range files {
		raw, err := readBounded(f, link.MaxLetter)
		if errors.Is(err, os.ErrNotExist) {
			return nil, hint(fail("cli.no-file", "file", f), "jisr init · jisr credence accept --help")
		}
		if err != nil {
			return nil, err
		}
		l, err := link.ParseLetter(raw)
		if err != nil {
			return nil, hint(jisr.Refuse(jisr.BadLetter, f, "error", err.Error()), "jisr credence show FILE")
		}
		all = append(all, l)
	}
	return all, nil
}

func credenceAcceptVerb() verb {
	return verb{
		name: "credence accept", args: "FILE…",
		short: both{"enter a forum with the members whose letters of credence these are", "ادخل إطار تعاون مع الأعضاء أصحاب كتب الاعتماد هذه"},
		long: both{
			"All members of the forum accept the letters of all the others, under the same forum name. Before that, both sides\n" +
				"read the fingerprints to each other by telephone, over a connection that the files did not travel on; the program\n" +
				"shows them and asks. --fingerprint states one instead, as heard; give it once for each letter. In scripts add --yes.\n\n" +
				"A running `jisr serve` notices within a second.",
			"يقبل كل عضو في الإطار كتب اعتماد سائر الأعضاء، باسم الإطار نفسه. وقبل ذلك يقرأ الطرفان البصمات أحدهما للآخر هاتفياً،\n" +
				"على غير الطريق الذي وصلت منه الملفات؛ والبرنامج يعرضها ويسأل. ويُغني عن السؤال \u200e--fingerprint\u200e وفيه البصمة كما سُمعت،\n" +
				"مرة لكل كتاب. وتلاحظ ذلك منظومة تعمل خلال ثانية.",
		},
		setup: func(o *options) runner {
			dir := o.dir()
			forum := o.text("forum", "ID", "", both{"the forum's short name, such as iq-sy; the same at all its members", "اسم الإطار القصير مثل iq-sy، وهو واحد عند جميع الأعضاء"})
			ar := o.text("title-ar", "TEXT", "", both{"its title in Arabic; default: the names of the members", "عنوانه بالعربية؛ والافتراضي أسماء الأعضاء"})
			en := o.text("title-en", "TEXT", "", both{"its title in English", "عنوانه بالإنكليزية"})
			heard := o.many("fingerprint", "GROUPS", both{"a fingerprint as it was heard; may be repeated", "بصمة كما سُمعت؛ ويجوز تكراره"})
			yes := o.on("yes", both{"do not ask; needs --fingerprint for every letter", "لا تسأل؛ ويلزم معه \u200e--fingerprint\u200e لكل كتاب"})
			return func(ctx context.Context, t *terminal, files []string) error {
				a := acceptance{dir: *dir, files: files, forum: jisr.ForumID(*forum), title: titled(*ar, *en), heard: *heard, yes: *yes}
				return a.run(ctx, t)
			}
		},
	}
}

// acceptance is one `jisr credence accept`.
type acceptance struct {
	dir   string
	files []string
	forum jisr.ForumID
	title jisr.Text
	heard []string
	yes   bool
}

func (a *acceptance) run(ctx context.Context, t *terminal) error {
	switch {
	case len(a.files) == 0:
		return usage("cli.need-letter")
	case a.forum == "":
		return usage("cli.need-option", "option", "--forum")
	case a.yes && len(a.heard) == 0:
		return usage("cli.yes-alone", "option", "--fingerprint")
	}
	letters, err := readLetters(a.files)
	if err != nil {
		return err
	}
	if err := a.confirm(t, letters); err != nil {
		return err
	}
	own, err := readLetters([]string{filepath.Join(t.dirOf(a.dir), "letter.credence")})
	if err != nil {
		return err
	}
	cmd := node.AcceptForum{Forum: a.forum, Title: a.titleFrom(append(own, letters...))}
	for _, l := range letters {
		cmd.Letters = append(cmd.Letters, l.Raw)
	}
	if _, err := t.operate(ctx, a.dir, cmd); err != nil {
		return hint(err, "jisr credence show · jisr credence accept --help")
	}
	t.say("cli.accepted", "forum", string(a.forum), "title", t.text(cmd.Title))
	t.note("cli.accepted.next", "command", "jisr serve --dir "+t.dirOf(a.dir))
	return nil
}

// confirm makes sure that the fingerprints were compared by people: as stated, or by asking.
func (a *acceptance) confirm(t *terminal, letters []*link.Letter) error {
	left := slices.Clone(a.heard)
	var open []*link.Letter
	for _, l := range letters {
		i := slices.IndexFunc(left, func(h string) bool { return digits(h) == digits(l.Fingerprint()) })
		if i < 0 {
			open = append(open, l)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	if len(left) > 0 {
		return hint(fail("cli.fingerprint-differs", "heard", left[0], "letter", open0(open)), "jisr credence show "+strings.Join(a.files, " "))
	}
	if len(open) > 0 && a.yes {
		return usage("cli.yes-alone", "option", "--fingerprint")
	}
	for _, l := range open {
		t.letter(l)
		t.note("cli.accept.ask")
		answer, err := t.line()
		if err != nil {
			return hint(err, "jisr credence accept --fingerprint …")
		}
		if !slices.Contains([]string{"yes", "نعم"}, strings.ToLower(answer)) {
			return hint(fail("cli.not-accepted"), "jisr credence show "+strings.Join(a.files, " "))
		}
	}
	return nil
}

// open0 is the fingerprint that a wrong one was probably meant for.
func open0(open []*link.Letter) string {
	if len(open) == 0 {
		return "–"
	}
	return open[0].Fingerprint()
}

// digits leaves of a fingerprint what is said aloud; Arabic-Indic digits count as their Latin ones.
func digits(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '٠' && r <= '٩':
			b.WriteRune('0' + r - '٠')
		}
	}
	return b.String()
}

// titleFrom is the title given, or the names of the members in the order of their ids, so that all make the same.
func (a *acceptance) titleFrom(letters []*link.Letter) jisr.Text {
	if !a.title.Empty() {
		return a.title
	}
	byMember := map[string]*link.Letter{}
	for _, l := range letters {
		byMember[l.Member] = l
	}
	title := jisr.Text{}
	for _, lang := range []string{"ar", "en"} {
		var names []string
		for _, m := range slices.Sorted(maps.Keys(byMember)) {
			names = append(names, byMember[m].Names[lang])
		}
		title[lang] = strings.Join(names, " – ")
	}
	return title
}
