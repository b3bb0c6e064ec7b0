package portal

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// A text is drafted in one form while it is short, and part by part when it is long: what stands before the first article,
// an article with its paragraphs, a run of an annex, the final clauses. A part goes into what the house prepares to table,
// which is one for all its drafters; a form says what its part read when it was opened, so that nobody overwrites unseen.

const (
	partSize   = 30        // segments of one form
	clausesID  = "clauses" // the part of the final clauses; no segment has this name
	wholeID    = "whole"   // the whole text in one form: a short one, or one that was read from a file
	partsBound = 4 * jisr.MaxSegmentText
)

// drafting is what an official writes on: the text that this house prepares to table, else the one that counts.
type drafting struct {
	text *jisr.InstrumentText // nil: there is none yet
	base jisr.Commitment      // the text on the table that it is made from
	out  *book.OutgoingRow    // in preparation; nil: nothing is
}

func (s *site) draftingOf(r *request, rd reader, t *book.ThingView) (d drafting, err error) {
	rows, err := s.node.Outgoing(r.Context(), rd.scope, t.Forum, t.ID)
	if err != nil {
		return d, err
	}
	for i := range rows {
		o := &rows[i]
		if o.Outgoing.Kind != jisr.KindAgreementTable || o.Outgoing.MayEdit(o.Outgoing.Version) != nil {
			continue
		}
		_, body, err := s.node.Book().Outgoing(r.Context(), rd.scope, o.ID)
		if err != nil {
			return d, err
		}
		var text jisr.InstrumentText
		var terms jisr.TableTerms
		if json.Unmarshal(body.Body, &text) == nil && json.Unmarshal(body.Terms, &terms) == nil {
			return drafting{text: &text, base: terms.Base, out: o}, nil
		}
	}
	d.text, _, d.base, err = s.texts(r.Context(), rd, t, "", "")
	return d, err
}

// textPart is what one form shows of a text: its segments from one up to another. A text that is short has one part.
type textPart struct {
	id       string // of its first segment; empty: the whole text
	from, to int
}

func partsOf(t *jisr.InstrumentText) (all []textPart) {
	if len(t.Segments) <= partSize {
		return []textPart{{to: len(t.Segments)}}
	}
	begin := 0
	for i := range t.Segments {
		k := t.Segments[i].Kind
		heads := k == jisr.SegmentArticle || k == jisr.SegmentAnnex || k == jisr.SegmentChapter
		if i > 0 && k == jisr.SegmentArticle && t.Segments[i-1].Kind == jisr.SegmentChapter {
			heads = false // the first article stands with its chapter
		}
		if i > begin && (heads || i-begin >= partSize) {
			all = append(all, textPart{t.Segments[begin].ID, begin, i})
			begin = i
		}
	}
	return append(all, textPart{t.Segments[begin].ID, begin, len(t.Segments)})
}

// partOf finds the part that has a segment; the first when none has.
func partOf(t *jisr.InstrumentText, segment string) int {
	parts := partsOf(t)
	return max(0, slices.IndexFunc(parts, func(p textPart) bool {
		return slices.ContainsFunc(t.Segments[p.from:p.to], func(sg jisr.Segment) bool { return sg.ID == segment })
	}))
}

// now is where in a text that may have changed the segments stand that a form was opened with: from the first to the last
// that is still there, else after what stood before them.
func (w *opened) now(t *jisr.InstrumentText) (from, to int) {
	if w.Whole {
		return 0, len(t.Segments)
	}
	from, to = -1, -1
	for i := range t.Segments {
		if slices.ContainsFunc(w.Segments, func(sg jisr.Segment) bool { return sg.ID == t.Segments[i].ID }) {
			if to = i + 1; from < 0 {
				from = i
			}
		}
	}
	if from < 0 {
		from = 1 + slices.IndexFunc(t.Segments, func(sg jisr.Segment) bool { return sg.ID == w.After })
		to = from
	}
	return from, to
}

// opened is what a form was opened with; the form carries it.
type opened struct {
	Whole    bool              `json:"whole,omitempty"`
	After    string            `json:"after,omitempty"` // the segment before the part
	Segments []jisr.Segment    `json:"segments,omitempty"`
	Clauses  map[string]string `json:"clauses,omitempty"`
}

func (d *drafting) opened(p textPart) opened {
	w := opened{Whole: p.id == ""}
	if d.text == nil {
		return w
	}
	if w.Segments = d.text.Segments[p.from:p.to]; p.from > 0 {
		w.After = d.text.Segments[p.from-1].ID
	}
	if w.Whole || p.id == clausesID {
		w.Clauses = clauseInput(d.text)
	}
	return w
}

func (w opened) encode() string {
	raw, _ := json.Marshal(w) // strings and numbers always encode
	return string(raw)
}

// readOpened reads what a form says it was opened with; nil: it does not say.
func readOpened(r *request) *opened {
	raw := r.PostForm.Get("opened")
	var w opened
	if raw == "" || len(raw) > partSize*partsBound || json.Unmarshal([]byte(raw), &w) != nil {
		return nil
	}
	return &w
}

// moved is what somebody else changed in a part while its form was open: the form has what was typed, and this shows the change.
type moved struct {
	Rows    []textRow
	Clauses []factLine
}

// movedOn compares what a form was opened with and what stands there now.
func (rd reader) movedOn(w *opened, d *drafting, langs []textLang) *moved {
	if w == nil {
		return nil
	}
	var text jisr.InstrumentText
	if d.text != nil {
		text = *d.text
	}
	m := &moved{}
	if w.Segments != nil || w.Whole {
		from, to := w.now(&text)
		text.Segments = text.Segments[from:to]
		old := text
		old.Segments = w.Segments
		if !slices.EqualFunc(old.Segments, text.Segments, sameSegment) {
			m.Rows = rowsOf(&old, &text)
		}
	}
	for i := range m.Rows {
		m.Rows[i].Cells = arrange(m.Rows[i].Cells, langs)
	}
	if d.text != nil && w.Clauses != nil {
		now := clauseInput(d.text)
		for _, name := range sortedKeys(now) {
			if now[name] != w.Clauses[name] {
				m.Clauses = append(m.Clauses, factLine{rd.clauseWord(name), rd.l.Isolate(now[name])})
			}
		}
	}
	if m.Rows == nil && m.Clauses == nil {
		return nil
	}
	return m
}

// clauseWord is the name of a final clause as its form has it.
func (rd reader) clauseWord(name string) string {
	if m, ok := strings.CutPrefix(name, "consent_"); ok {
		return rd.l.T("agreement.consent.of", "member", rd.name(jisr.MemberID(m)))
	}
	name, _, _ = strings.Cut(name, ".")
	for _, key := range []string{"agreement.field." + name, "agreement." + strings.ReplaceAll(name, "_", "")} {
		if rd.l.Has(key) {
			return rd.l.T(key)
		}
	}
	return rd.l.T("agreement.clauses")
}

func sameSegment(a, b jisr.Segment) bool {
	return a.ID == b.ID && a.Kind == b.Kind && a.Number == b.Number && maps.Equal(a.Text, b.Text)
}

// partLinks are the parts of a text as the form lists them.
func (s *site) partLinks(r *request, rd reader, t *book.ThingView, d *drafting, v *textEditView) error {
	parts := partsOf(d.text)
	if len(parts) == 1 {
		return nil
	}
	counts, _, _, err := s.texts(r.Context(), rd, t, "", "")
	if err != nil {
		return err
	}
	labels := rd.labels(d.text)
	for i, p := range parts {
		first := &d.text.Segments[p.from]
		l := partLink{Link: Link{Word: labels[first.ID], URL: v.Action + "?part=" + url.QueryEscape(p.id), On: p.id == v.Part}, Heading: inLanguage(rd.l, first.Text)}
		if i == 0 {
			l.Word, l.Heading = rd.l.T("agreement.part.opening"), ""
		}
		for j := p.from; j < p.to && counts != nil && !l.Changed; j++ {
			was := counts.Segment(d.text.Segments[j].ID)
			l.Changed = was == nil || !sameSegment(*was, d.text.Segments[j])
		}
		v.Parts = append(v.Parts, l)
	}
	v.Parts = append(v.Parts, partLink{Link: Link{Word: rd.l.T("agreement.clauses"), URL: v.Action + "?part=" + clausesID, On: v.Part == clausesID}})
	at := slices.IndexFunc(v.Parts, func(l partLink) bool { return l.On })
	if at > 0 {
		v.Before = &v.Parts[at-1].Link
	}
	if at >= 0 && at < len(v.Parts)-1 {
		v.After = &v.Parts[at+1].Link
	}
	return nil
}

// partLink leads to a part of a long text.
type partLink struct {
	Link
	Heading string
	Changed bool // against the text on the table
}

// savePart puts what was written into the text at the place where the part stands now, and keeps the whole as the draft. What
// somebody else changed there meanwhile is shown first, beside what was typed.
func (s *site) savePart(r *request, rd reader, t *book.ThingView, d drafting, part string, typed *jisr.InstrumentText) (*answer, error) {
	w := readOpened(r)
	if m := rd.movedOn(w, &d, rd.textLangs(typed.Clauses.Languages)); m != nil {
		return s.editAgain(r, rd, t, d, part, typed, 409, m, nil)
	}
	text := merged(d.text, w, part, typed)
	if part == clausesID && r.PostForm.Get("clauses") != "" {
		s.writeClauses(text, t.State.Agreement)
	}
	text.Segments = slices.DeleteFunc(text.Segments, func(sg jisr.Segment) bool { return sg.Text.Empty() })
	done, err := s.draftText(r, t, d, text)
	var refusal *jisr.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Kind == jisr.Conflict: // in the moment between reading and writing
		if d, err = s.draftingOf(r, rd, t); err != nil {
			return nil, err
		}
		return s.editAgain(r, rd, t, d, part, typed, 409, &moved{}, nil)
	case errors.As(err, &refusal) && refusal.Kind != jisr.NotAllowed:
		return s.editAgain(r, rd, t, d, part, typed, 422, nil, []Problem{{Field: segmentField(typed, refusal.Subject), Text: sentence(rd.l, refusal)}})
	case err != nil:
		return nil, err
	}
	if parts := partsOf(text); len(parts) > 1 {
		return &answer{to: rd.afterPart(t, text, part, typed, r.PostForm.Get("save") == "next")}, nil
	}
	return &answer{to: rd.url("outgoing", done.Thing.Name())}, nil
}

// afterPart is where one goes on after saving a part: there, or at the one after it.
func (rd reader) afterPart(t *book.ThingView, text *jisr.InstrumentText, part string, typed *jisr.InstrumentText, next bool) string {
	at := rd.agreementURL(t.Forum, t.ID, "text", "edit") + "?saved=1&part="
	if part == clausesID {
		return at + clausesID
	}
	if len(typed.Segments) > 0 {
		part = typed.Segments[0].ID
	}
	parts, i := partsOf(text), partOf(text, part)
	switch {
	case next && i == len(parts)-1:
		return at + clausesID
	case next:
		i++
	}
	return at + url.QueryEscape(parts[i].id)
}

// merged is a text with what was written in a part of it.
func merged(text *jisr.InstrumentText, w *opened, part string, typed *jisr.InstrumentText) *jisr.InstrumentText {
	if text == nil || w == nil || w.Whole {
		return typed
	}
	next := *text
	if part == clausesID {
		next.Clauses, next.Names, next.Segments = typed.Clauses, typed.Names, slices.Clone(text.Segments)
		return &next
	}
	from, to := w.now(text)
	next.Segments = slices.Concat(text.Segments[:from], typed.Segments, text.Segments[to:])
	return &next
}

// draftText keeps a text as what this house prepares to table.
func (s *site) draftText(r *request, t *book.ThingView, d drafting, text *jisr.InstrumentText) (node.Done, error) {
	terms := map[string]any{}
	if d.base != "" {
		terms["base"] = d.base
	}
	step, err := node.NewStep(jisr.KindAgreementTable, terms, text)
	if err != nil {
		return node.Done{}, err
	}
	cmd := node.DraftStep{Forum: t.Forum, About: t.ID, Step: step}
	if d.out != nil {
		cmd.ID, cmd.Version = d.out.ID, d.out.Outgoing.Version
	}
	return s.node.Do(r.Context(), r.caller, cmd)
}

// editAgain shows the form with what was typed in it.
func (s *site) editAgain(r *request, rd reader, t *book.ThingView, d drafting, part string, typed *jisr.InstrumentText, status int, m *moved, problems []Problem) (*answer, error) {
	v, err := s.textEditOf(r, rd, t, d, part, typed, problems)
	if err != nil {
		return nil, err
	}
	if v.Moved = m; m == nil && readOpened(r) != nil {
		v.Opened = r.PostForm.Get("opened") // nothing was compared: it stays what it was
	}
	return &answer{status: status, page: textEditPage(v)}, nil
}
