package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"jisr"
	"jisr/programme"
)

func programmeCheckVerb() verb {
	return verb{
		name: "programme check", args: "FILE",
		short: both{"say what is wrong with an annex, place by place", "بيّن ما في الملحق من خطأ، موضعاً موضعاً"},
		long: both{
			"FILE is an annex: what an agreement's parties exchange, in the language that doc/spec/annex.md describes. Each thing that\n" +
				"is wrong is told with its place (a JSON Pointer), in English and Arabic. When nothing is, the hash is printed that both\n" +
				"sides sign. Exit code 1 when something is wrong.",
			"الملف ملحق: ما يتبادله أطراف الاتفاق، باللغة الموصوفة في \u200edoc/spec/annex.md\u200e. ويُذكر كل خطأ بموضعه\n" +
				"بالعربية والإنجليزية. وإن لم يكن خطأ طُبعت البصمة التي يوقعها الطرفان. ورمز الخروج ١ عند وجود خطأ.",
		},
		setup: func(o *options) runner {
			asJSON := o.asJSON()
			return func(_ context.Context, t *terminal, files []string) error {
				if len(files) != 1 {
					return usage("cli.need-annex")
				}
				return checkAnnex(t, files[0], *asJSON)
			}
		},
	}
}

func programmeNewVerb() verb {
	return verb{
		name: "programme new", args: "ID",
		short: both{"start an annex", "ابدأ ملحقاً"},
		long: both{
			"Prints an annex to change and complete, under the name ID: a small one, or with --like one of those that come with this\n" +
				"program. Without ID, lists those.",
			"يطبع ملحقاً للتعديل والإكمال باسم المعرّف: ملحقاً صغيراً، أو بالخيار \u200e--like\u200e واحداً من الملاحق المرفقة.\n" +
				"ومن غير معرّف يعدّد المرفق منها.",
		},
		setup: func(o *options) runner {
			like := o.text("like", "NAME", "", both{"begin from this annex", "ابدأ من هذا الملحق"})
			parties := o.text("parties", "LIST", "", both{"the members it is between: iq,sy", "الأعضاء الأطراف: \u200eiq,sy\u200e"})
			return func(_ context.Context, t *terminal, ids []string) error {
				if len(ids) == 0 {
					return listAnnexes(t)
				}
				return startAnnex(t, ids[0], *like, *parties)
			}
		},
	}
}

func programmeShowVerb() verb {
	return verb{
		name: "programme show", args: "FILE",
		short: both{"show an annex as a person reads it", "اعرض الملحق كما يقرؤه الإنسان"},
		long: both{
			"FILE is an annex, or the name of one that comes with this program. Its paragraphs are numbered; a refused record names\n" +
				"the paragraph it breaks. This is what is printed and signed.",
			"الملف ملحق أو اسم ملحق مرفق. فقراته مرقّمة، والسجل المردود تُذكر معه الفقرة التي خالفها. وهذا ما يُطبع ويُوقّع.",
		},
		setup: func(o *options) runner {
			return func(_ context.Context, t *terminal, files []string) error {
				if len(files) != 1 {
					return usage("cli.need-annex")
				}
				return showAnnex(t, files[0])
			}
		},
	}
}

// readAnnex reads an annex from a file, or one that is shipped.
func readAnnex(name string) ([]byte, error) {
	doc, err := readBounded(name, programme.MaxAnnex)
	if !errors.Is(err, fs.ErrNotExist) {
		return doc, err
	}
	if doc, err := programme.ReadShipped(name); err == nil {
		return doc, nil
	}
	return nil, hint(fail("cli.no-file", "file", name), "jisr programme new")
}

// problemJSON is a problem of an annex for programs, with its sentence in both languages.
type problemJSON struct {
	programme.Problem
	Sentence map[string]string `json:"sentence"`
}

func checkAnnex(t *terminal, file string, asJSON bool) error {
	doc, err := readAnnex(file)
	if err != nil {
		return err
	}
	p, err := programme.Compile(doc)
	var problems programme.Problems
	if err != nil && !errors.As(err, &problems) {
		return err
	}
	all := []problemJSON{}
	for _, pr := range problems {
		all = append(all, problemJSON{pr, t.inBoth(pr.Refusal)})
	}
	switch {
	case asJSON && p == nil:
		return errors.Join(t.json(map[string]any{"valid": false, "problems": all}), errQuiet)
	case asJSON:
		return t.json(map[string]any{"valid": true, "programme": p.Annex.Programme, "version": p.Annex.Version, "hash": p.Hash(), "problems": all})
	case p == nil:
		fmt.Fprintln(t.out, t.lang.N("annex.check.wrong", len(all)))
		for _, pr := range all {
			where := pr.Path
			if where == "" {
				where = "/"
			}
			fmt.Fprintf(t.out, "\n%s\n  %s\n  %s\n", where, pr.Sentence["en"], pr.Sentence["ar"])
		}
		return errQuiet
	}
	t.say("annex.check.good", "title", t.text(p.Annex.Title), "version", p.Annex.Version)
	fmt.Fprintln(t.out, p.Hash())
	return nil
}

// inBoth is a refusal's sentence in every language there is.
func (t *terminal) inBoth(r *jisr.Refusal) map[string]string {
	all := map[string]string{}
	for _, tag := range t.words.Tags() {
		all[tag] = t.words.In(tag).Plain().Refusal(string(r.Kind), r.Subject, r.Need)
	}
	return all
}

func listAnnexes(t *terminal) error {
	var rows [][]string
	for _, name := range programme.Shipped() {
		doc, err := programme.ReadShipped(name)
		if err != nil {
			return err
		}
		a, _, err := programme.Parse(doc)
		if err != nil {
			return fmt.Errorf("internal error: shipped annex %s: %w", name, err)
		}
		rows = append(rows, []string{name, t.text(a.Title)})
	}
	return t.table(rows)
}

func startAnnex(t *terminal, id, like, parties string) error {
	var members []jisr.MemberID
	for _, m := range strings.FieldsFunc(parties, func(r rune) bool { return r == ',' }) {
		members = append(members, jisr.MemberID(m))
	}
	doc, err := programme.Start(id, like, members)
	var problems programme.Problems
	if errors.As(err, &problems) && len(problems) > 0 {
		return problems[0].Refusal
	}
	if err != nil {
		return err
	}
	_, err = t.out.Write(doc)
	return err
}

func showAnnex(t *terminal, file string) error {
	doc, err := readAnnex(file)
	if err != nil {
		return err
	}
	p, err := programme.Compile(doc)
	if err != nil {
		return hint(fail("annex.check.refused"), "jisr programme check "+file)
	}
	fmt.Fprintf(t.out, "%s — %s %s\n%s\n", t.text(p.Annex.Title), p.Annex.Programme, p.Annex.Version, p.Hash())
	for _, para := range p.Outline() {
		t.paragraph(&para)
	}
	return nil
}

// paragraph prints one paragraph, deeper ones further in.
func (t *terminal) paragraph(para *programme.Paragraph) {
	pad := strings.Repeat("  ", para.Depth())
	title := t.text(para.Title)
	if para.Title.Empty() {
		title = t.lang.T("annex.paragraph." + para.Key)
	}
	if para.Depth() == 0 {
		fmt.Fprintln(t.out)
	}
	fmt.Fprintf(t.out, "%s%s  %s\n", pad, para.Number, title)
	if !para.Text.Empty() {
		fmt.Fprintf(t.out, "%s   %s\n", pad, t.text(para.Text))
	}
	for _, f := range para.Facts {
		fmt.Fprintf(t.out, "%s   %s: %s\n", pad, t.lang.T("annex.fact."+f.Key), t.fact(&f))
	}
}

func (t *terminal) fact(f *programme.Fact) string {
	var parts []string
	for _, v := range f.Words {
		if !strings.HasPrefix(v, "handling.") {
			v = "annex.value." + v
		}
		parts = append(parts, t.lang.T(v))
	}
	if !f.Text.Empty() {
		parts = append(parts, t.text(f.Text))
	}
	if f.Plain != "" {
		parts = append(parts, t.lang.Isolate(f.Plain))
	}
	return strings.Join(parts, " · ")
}
