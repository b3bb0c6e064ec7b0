package mail

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"

	"jisr"
	"jisr/node"
	"jisr/words"
)

// write puts a letter in words. The text is plain: what is to be clicked stands there to be read.
func (p *Post) write(l *node.Letter) (*mail.Msg, error) {
	lang := p.Words.In(l.Lang).Plain()
	m := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingB64))
	for _, err := range []error{m.FromFormat(lang.T("app.name"), p.Mail.From), m.EnvelopeFrom(cmp.Or(p.Mail.Bounce, p.Mail.From)), m.To(l.To)} {
		if err != nil {
			return nil, err
		}
	}
	m.SetMessageIDWithValue(l.MessageID)
	m.SetDateWithValue(l.Made)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 section 5: nobody's absence answers it
	m.SetGenHeader("Content-Language", lang.Tag())
	m.Subject(p.subject(lang, l))
	text := p.body(lang, l)
	m.SetBodyString(mail.TypeTextPlain, text)
	if l.Entry == nil {
		return m, nil
	}
	ics, err := p.Invite(lang, l.Entry, p.Mail.From, l.To)
	if err != nil {
		return nil, err
	}
	// RFC 6047 section 2.4: the method stands in the type too.
	m.AddAlternativeString(mail.ContentType("text/calendar; method="+method(l.Entry)), string(ics))
	return m, nil
}

func method(e *node.CalendarEntry) string {
	if e.Cancelled {
		return "CANCEL"
	}
	return "REQUEST"
}

func (p *Post) subject(l *words.Lang, letter *node.Letter) string {
	switch letter.Kind {
	case node.MailConfirm:
		return l.T("mail.confirm.subject")
	case node.MailDigest:
		return l.N("mail.digest.subject", len(letter.Waits))
	case node.MailInvite:
		if letter.Entry.Cancelled {
			return l.T("mail.cancel.subject")
		}
		return l.T("mail.invite.subject")
	}
	return l.N("mail.each.subject", len(letter.Waits))
}

// body is the whole text. The post is named, so that who reads several posts' mail knows whose it is.
func (p *Post) body(l *words.Lang, letter *node.Letter) string {
	post, _ := letter.Post.In(l.Tag())
	parts := []string{l.T("mail.to", "post", post)}
	home := p.link("/" + l.Tag() + "/")
	switch letter.Kind {
	case node.MailConfirm:
		parts = append(parts, l.T("mail.confirm.text"), p.link("/"+l.Tag()+"/notices?code="+letter.Code), l.T("mail.confirm.code"), spaced(letter.Code), l.T("mail.confirm.otherwise"))
		return strings.Join(parts, "\n\n") + "\n"
	case node.MailInvite:
		text := "mail.invite.text"
		if letter.Entry.Cancelled {
			text = "mail.cancel.text"
		}
		parts = append(parts, l.T(text), p.link(p.Page(l, letter.Entry.Forum, letter.Entry.Thing)))
	case node.MailDigest:
		parts = append(parts, l.N("mail.digest.text", len(letter.Waits)), counted(l, letter.Waits), home)
	default:
		parts = append(parts, l.N("mail.each.text", len(letter.Waits)), p.listed(l, letter.Waits))
	}
	return strings.Join(append(parts, l.T("mail.foot", "url", words.Raw(p.link("/"+l.Tag()+"/notices")))), "\n\n") + "\n"
}

func (p *Post) link(path string) string { return strings.TrimSuffix(p.URL, "/") + path }

// spaced is a code as people type it.
func spaced(code string) string {
	var parts []string
	for c := range slices.Chunk([]byte(code), 4) {
		parts = append(parts, string(c))
	}
	return strings.Join(parts, "-")
}

// listed says of each thing which step waits, and where. Of what is above restricted not even that.
func (p *Post) listed(l *words.Lang, waits []node.Awaited) string {
	var lines []string
	for i := range waits {
		w := &waits[i]
		at := p.Page(l, w.Forum, w.Thing)
		switch {
		case w.Handling.Named():
			at = "/" + l.Tag() + "/"
		case w.Draft():
			at = p.Page(l, w.Forum, jisr.ThingID("draft/"+w.Thing.Name()))
		}
		lines = append(lines, "• "+step(l, w)+"\n  "+p.link(at))
	}
	return strings.Join(lines, "\n")
}

// counted says how often each step waits, and how many are late.
func counted(l *words.Lang, waits []node.Awaited) string {
	var names []string
	count, late := map[string]int{}, 0
	for i := range waits {
		name := step(l, &waits[i])
		if count[name]++; count[name] == 1 {
			names = append(names, name)
		}
		if waits[i].Late {
			late++
		}
	}
	var lines []string
	for _, name := range names {
		lines = append(lines, l.T("mail.digest.line", "step", words.Raw(name), "count", count[name]))
	}
	if late > 0 {
		lines = append(lines, l.N("today.late.count", late))
	}
	return strings.Join(lines, "\n")
}

// step names what waits: the step of a life, never what it is about.
func step(l *words.Lang, w *node.Awaited) string {
	if w.Handling.Named() {
		return l.T("mail.sealed")
	}
	noun := w.Thing.Noun()
	keys := []string{"why." + noun + "." + string(w.Why), "noun." + noun}
	switch noun {
	case "note":
		keys = []string{"todo.why." + string(w.Why)}
	case "outgoing":
		keys = []string{"mail.outgoing." + string(w.Why)}
	}
	for _, k := range keys {
		if l.Has(k) {
			return l.T(k)
		}
	}
	return l.T("mail.sealed")
}
