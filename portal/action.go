package portal

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// saying is something this official may say about a joint thing: a form that opens where it stands, with what it means
// before the button, so that nothing is said by one touch.
type saying struct {
	ID     string // of its field names in the page
	Word   string
	Means  string
	URL    string
	Fields []sayingField
	First  bool // it is what is waited for
	Draft  bool // a second official clears it before it is said
	Files  bool // it asks for files
}

// form is what its form needs besides: files go up in parts.
func (a saying) form() templ.Attributes {
	if a.Files {
		return templ.Attributes{"enctype": "multipart/form-data", "data-upload": true}
	}
	return nil
}

func (a saying) look() string {
	if a.First {
		return "btn-primary"
	}
	return ""
}

func (a saying) button(p Page) string {
	if a.Draft {
		return p.T("say.draft")
	}
	return a.Word
}

// sayingField is one field of what an official says or prepares. Kind: hidden, text, line, day, time, choice, radios, checks,
// files, agenda.
type sayingField struct {
	Field
	Kind    string
	Value   string
	Day     [3]string // day, month and year, as they were written
	Max     int       // characters; 0: of a reason
	Options []Option
	Items   []agendaRow
}

// max is the longest value of a text in characters.
func (f sayingField) max() int { return cmp.Or(f.Max, jisr.MaxReason) }

// agendaRow is a row of the form of an agenda. Ref is the item it was; empty: a new one.
type agendaRow struct {
	Ref, Title string
	Purposes   []Option
}

// offer makes the action for a kind of act; fields are what it asks.
func (rd reader) offer(kind jisr.Kind, base string, fields ...sayingField) saying {
	noun, verb, _ := strings.Cut(string(kind), ".")
	a := saying{ID: verb, Word: rd.l.T("say." + string(kind)), URL: base + "/" + verb, Fields: fields, Draft: !node.Direct(rd.caller, node.Verb(kind))}
	for i := range fields {
		fields[i].Key = verb + "-" // a page has several forms with a field of the name
	}
	a.Files = slices.ContainsFunc(fields, func(f sayingField) bool { return f.Kind == "files" })
	if key := "say." + noun + "." + verb + ".means"; rd.l.Has(key) {
		a.Means = rd.l.T(key)
	}
	return a
}

// mayPrepare tells whether a page offers to say it: to who may, and to who drafts what another clears and releases.
func (rd reader) mayPrepare(k jisr.Kind) bool {
	v := node.Verb(k)
	return rd.may(v) || node.Formal(v) && rd.may("outgoing.draft")
}

func hidden(name, value string) sayingField {
	return sayingField{Field: Field{Name: name}, Kind: "hidden", Value: value}
}

// ask is a field of several lines; what is not optional is required by the rule that reads it.
func (rd reader) ask(name string, optional bool) sayingField {
	return sayingField{Field: Field{Name: name, Label: rd.l.T("say.field." + name), Optional: optional, Wide: true}, Kind: "text"}
}

func (rd reader) askLine(name string, optional bool) sayingField {
	return sayingField{Field: Field{Name: name, Label: rd.l.T("say.field." + name), Optional: optional}, Kind: "line", Max: maxField}
}

func (rd reader) askDay(name, label string, optional bool) sayingField {
	return sayingField{Field: Field{Name: name, Label: rd.l.T("say.field." + label), Optional: optional}, Kind: "day"}
}

func (rd reader) choose(name string, options ...Option) sayingField {
	return sayingField{Field: Field{Name: name, Label: rd.l.T("say.field." + name)}, Kind: "choice", Options: options}
}

// dayOf puts the three fields of a day together, as [draftInput.date].
func dayOf(f url.Values, name string) jisr.Date {
	in := draftInput{Day: latinDigits(f.Get(name + ".day")), Month: latinDigits(f.Get(name + ".month")), Year: latinDigits(f.Get(name + ".year"))}
	return in.date()
}

// written is a text of a form, in the reader's language or the languages there are fields for: name, name_ar, name_en.
func written(r *request, name string) jisr.Text {
	t := jisr.Text{}
	if s := unixLines(strings.ToValidUTF8(r.PostForm.Get(name), "\uFFFD")); s != "" {
		t[r.l.Tag()] = s
	}
	for _, lang := range writtenLanguages() {
		if s := unixLines(strings.ToValidUTF8(r.PostForm.Get(name+"_"+lang), "\uFFFD")); s != "" {
			t[lang] = s
		}
	}
	return t
}

func line1(r *request, name string) string {
	return clip(strings.TrimSpace(strings.ToValidUTF8(r.PostForm.Get(name), "")), jisr.MaxReason)
}

// thingOf is the thing of a noun in the address; reading what few may read is audited first.
func (s *site) thingOf(r *request, noun string) (book.ThingView, error) {
	f := jisr.ForumID(r.PathValue("forum"))
	if !jisr.ValidForum(f) {
		return book.ThingView{}, jisr.Refuse(jisr.NoSuch, clip(string(f), maxField), "noun", "forum")
	}
	v, err := s.node.Book().Thing(r.Context(), s.node.ScopeOf(r.caller), f, jisr.ThingID(noun+"/"+clip(r.PathValue("id"), maxField)))
	if err == nil {
		err = s.node.ReadsThing(r.Context(), r.caller, &v)
	}
	return v, err
}

// thingActs is what was said about a thing, as its page lists it: the newest first.
func (rd reader) thingActs(v *book.ThingView) []noteAct {
	var all []noteAct
	for i := len(v.Acts) - 1; i >= 0 && len(all) < pageActs; i-- {
		a := &v.Acts[i]
		n := noteAct{What: known(rd.l, "act.kind.", string(a.Act.Kind)), Who: rd.side(a.Act.Member), When: rd.dateTime(a.Act.At), URL: rd.actURL(v.Forum, a.Act.Position),
			Reason: saidIn(rd.l.Tag(), jisr.ReadReason(&a.Act), "")}
		if a.Void != nil {
			n.Void = sentence(rd.l, a.Void)
		}
		all = append(all, n)
	}
	return all
}

// thingTag is the state of a joint thing as pages show it.
func (rd reader) thingTag(noun, state string, late bool) tag {
	t := tag{Tone: "soon", Icon: "clock", Word: known(rd.l, noun+".state.", state)}
	switch state {
	case "accepted", "accepted-with-remarks", "closed", "approved", "minutes-signed", "signed", "stands":
		t.Tone, t.Icon = "done", "circle-check"
	case "agreed", "assigned", "in-progress", "date-agreed", "agenda-agreed", "convened", "held", "cleared", "reported":
		t.Tone, t.Icon = "ok", "circle-dot"
	case "withdrawn", "released", "superseded", "cancelled", "not-held":
		t.Tone, t.Icon = "idle", "minus"
	case "returned", "disapproved":
		t.Icon = "undo-2"
	}
	if late {
		t.Tone, t.Icon = "late", "clock"
	}
	return t
}

// says carries an act out, or drafts it where a second official is to clear it: to is then the page of the draft. problem is
// the sentence of what is wrong with it, if that is what went wrong: the page is shown again with it.
func (s *site) says(r *request, cmd node.Command) (to, problem string, err error) {
	say, ok := cmd.(node.Say)
	if drafts := ok && !node.Direct(r.caller, node.Verb(say.Kind)); drafts {
		step, err := say.Step()
		if err != nil {
			return "", "", err
		}
		cmd = node.DraftStep{Forum: say.Forum, About: say.ID, Step: step}
	}
	rd := s.reader(r)
	done, err := s.do(r, cmd)
	if problem = rd.why(err); problem != "" {
		return "", problem, nil
	}
	if err == nil && done.Thing.Noun() == "outgoing" {
		to = rd.url("outgoing", done.Thing.Name())
	}
	return to, "", err
}

// takeFiles takes the files of a form into the node, as evidence or papers.
func (s *site) takeFiles(r *request) (all []jisr.DraftFile, err error) {
	if r.MultipartForm == nil {
		return nil, nil
	}
	for _, h := range r.MultipartForm.File["files"][:min(len(r.MultipartForm.File["files"]), jisr.MaxAttachments)] {
		f, err := s.takeFile(r, h)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

func (rd reader) askFiles() sayingField {
	return sayingField{Field: Field{Name: "files", Label: rd.l.T("note.field.attachments"), Optional: true, Wide: true}, Kind: "files"}
}
