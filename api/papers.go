package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/words"
)

// importOut is a text as it was read from a file. Nothing is kept of it: what is right is tabled with POST …/steps.
type importOut struct {
	Segments []jisr.Segment `json:"segments" nullable:"false" doc:"Named as those of the text that counts now, where they are the same."`
	Remarks  []string       `json:"remarks" nullable:"false" doc:"What is to be known of it, in the language of Accept-Language."`
}

const akoma = "akoma-ntoso"

// paperForms lists the papers of an agreement.
func paperForms() []string { return []string{"text", "original", "certified", "registration", akoma} }

func paperOperations() []operation {
	ok := []int{http.StatusOK}
	language := param{name: "language", about: "Of the paper, where the thing is written in it: ar, en. Default: that of Accept-Language."}
	one := agreementsPath + "/{id}"
	return []operation{
		{method: "GET", path: notePath + "/pdf", id: "getNotePaper", tag: "notes", access: reading, plain: "application/pdf", do: (*call).getNotePaper, summary: "Get a note as it is printed", statuses: ok,
			about: "PDF/A-2u and PDF/UA-1, the same bytes on every node and day. On each page stand the hash of the act that released it and a phrase to compare it by: see jisr verify --paper.",
			query: []param{language}},
		{method: "GET", path: one + "/papers/{form}", id: "getAgreementPaper", tag: "agreements", access: reading, plain: "application/pdf", do: (*call).getAgreementPaper, summary: "Get an agreement as it is printed", statuses: ok,
			about: "Of the text that counts now. form: text, as it stands on the table; original, with this party named and signing first; certified, a certified true copy; registration, the file for the Secretariat (Charter, article 102); akoma-ntoso, the original as XML (application/akn+xml).",
			query: []param{language}},
		{method: "GET", path: thingsPath("meeting") + "/{id}/papers/{form}", id: "getMeetingPaper", tag: "meetings", access: reading, plain: "application/pdf", do: (*call).getMeetingPaper, summary: "Get a session as it is printed", statuses: ok,
			about: "Once all sides cleared its minutes. form: minutes, the text and the places to sign; session, the same after agenda, delegations and the list of papers.",
			query: []param{language}},
		{method: "GET", path: thingsPath("statement") + "/{id}/pdf", id: "getStatementPaper", tag: "statements", access: reading, plain: "application/pdf", do: (*call).getStatementPaper, summary: "Get a joint statement as it is printed", statuses: ok,
			about: "Once all sides approved its text.", query: []param{language}},
		{method: "POST", path: one + "/import", id: "importText", tag: "agreements", access: program, out: importOut{}, do: (*call).importText, summary: "Read a text from a file", statuses: ok,
			about: "The body is a DOCX file or a plain text, as application/octet-stream. Nothing is kept: the answer is what was understood, for somebody to look at.",
			query: []param{{name: "language", about: "Of the text: ar, en. A table in two languages is read side by side."}}},
	}
}

// getNotePaper answers with a released note as it is printed.
func (c *call) getNotePaper() error {
	f, id, err := c.note()
	if err != nil {
		return err
	}
	if _, err := c.seeNote(f, id); err != nil {
		return err
	}
	return c.paper(f, id, "", ".pdf", "application/pdf")
}

func (c *call) getAgreementPaper() error {
	f, id, err := c.thing("agreement")
	if err == nil {
		_, err = c.seeThing(f, id)
	}
	if err != nil {
		return err
	}
	switch form := c.r.PathValue("form"); {
	case !slices.Contains(paperForms(), form):
		return jisr.Refuse(jisr.NotOneOf, "form", "got", echo(form), "allowed", strings.Join(paperForms(), ", "))
	case form == akoma:
		return c.paper(f, id, form, ".xml", "application/akn+xml")
	default:
		return c.paper(f, id, form, "-"+form+".pdf", "application/pdf")
	}
}

// getMeetingPaper answers with the minutes of a session, or all of it, as it is printed.
func (c *call) getMeetingPaper() error {
	f, id, err := c.thing("meeting")
	if err == nil {
		_, err = c.seeThing(f, id)
	}
	if err != nil {
		return err
	}
	form := c.r.PathValue("form")
	return c.paper(f, id, form, "-"+form+".pdf", "application/pdf")
}

// getStatementPaper answers with a statement that all approved.
func (c *call) getStatementPaper() error {
	f, id, err := c.thing("statement")
	if err == nil {
		_, err = c.seeThing(f, id)
	}
	if err != nil {
		return err
	}
	return c.paper(f, id, "", ".pdf", "application/pdf")
}

// paper answers with a printed paper of a thing, in the language asked for or the caller's.
func (c *call) paper(f jisr.ForumID, id jisr.ThingID, form, ending, typ string) error {
	lang, err := c.language()
	if err != nil {
		return err
	}
	if c.print == nil {
		return jisr.Refuse(jisr.NoSuch, string(id))
	}
	file, err := c.print(c.ctx(), c.scope(), f, id, form, lang.Tag())
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", typ)
	h.Set("Content-Disposition", words.Download(id.Name()+ending, "paper"+ending))
	http.ServeContent(&patientWriter{c.w, c}, c.r, "", time.Time{}, bytes.NewReader(file))
	return nil
}

// language is the language asked for, else the caller's.
func (c *call) language() (*words.Lang, error) {
	q, err := c.query("language")
	if err != nil {
		return nil, err
	}
	want := q.Get("language")
	if want == "" {
		return c.lang(), nil
	}
	if !slices.Contains(c.words.Tags(), want) {
		return nil, jisr.Refuse(jisr.NotOneOf, "language", "got", echo(want), "allowed", strings.Join(c.words.Tags(), ", "))
	}
	return c.words.In(want), nil
}

// importText reads a file for somebody to look at.
func (c *call) importText() error {
	f, id, err := c.thing("agreement")
	if err != nil {
		return err
	}
	lang, err := c.language()
	if err != nil {
		return err
	}
	if c.read == nil {
		return jisr.Refuse(jisr.NoSuch, string(id))
	}
	file, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxTextFile))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &refused{http.StatusRequestEntityTooLarge, jisr.Refuse(jisr.TooLong, "body", "max", strconv.Itoa(maxTextFile))}
	case err != nil:
		return jisr.Refuse(jisr.Malformed, "body", "error", "it ended early")
	}
	earlier, err := c.segments(f, id)
	if err != nil {
		return err
	}
	segments, remarks, err := c.read(file, lang.Tag(), earlier, c.lang())
	if err != nil {
		return inBody(err)
	}
	return c.answer(http.StatusOK, importOut{segments, append([]string{}, remarks...)})
}

// segments are those of the text that counts now; none before the first is tabled.
func (c *call) segments(f jisr.ForumID, id jisr.ThingID) ([]jisr.Segment, error) {
	v, err := c.node.Book().Thing(c.ctx(), c.scope(), f, id)
	if err != nil || v.State.Agreement == nil || v.State.Agreement.Text() == "" {
		return nil, err
	}
	t, err := c.node.Text(c.ctx(), c.scope(), f, id, "")
	if err != nil {
		return nil, err
	}
	return t.Segments, nil
}
