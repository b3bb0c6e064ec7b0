package portal

import (
	"slices"

	"jisr"
	"jisr/book"
)

// What holds of an agreement beside where it stands: that it is applied provisionally, what continues while it is dormant, and
// which errors of its text were corrected.

// later fills in what holds beside the state.
func (v *agreementView) later(rd reader, g *jisr.Agreement, labels map[string]string) {
	if g.Provisional(rd.today) {
		v.Applied = rd.l.T("agreement.provisional.now")
	}
	for _, id := range g.Continues() {
		word := labels[id]
		if word == "" {
			word = rd.l.Isolate(id)
		}
		v.Continues = append(v.Continues, word)
	}
}

// correctionLine is an error in the text, as it was and as it reads from the start.
type correctionLine struct {
	Whom       side
	State      tag
	Was, Reads textCell
	URL        string
}

// corrections lists the corrections of a text by the segment they are in.
func (rd reader) corrections(t *book.ThingView, hash jisr.Commitment) map[string][]correctionLine {
	all := map[string][]correctionLine{}
	g := t.State.Agreement
	for _, c := range g.Corrections {
		i := slices.IndexFunc(t.Acts, func(a book.ThingAct) bool { return a.Act.Position == c.Position })
		if c.Hash != hash || i < 0 {
			continue
		}
		l := correctionLine{Whom: rd.side(c.Member), State: rd.correctionTag(g.CorrectionState(c, rd.today)), URL: rd.actURL(t.Forum, c.Position)}
		if body, err := jisr.DecodeCorrection(t.Acts[i].Body); err == nil {
			dir := saidIn(c.Lang, "x", "").Dir
			l.Was = textCell{Lang: c.Lang, Dir: dir, Runs: []jisr.Run{{Op: jisr.Delete, Text: body.Was}}}
			l.Reads = textCell{Lang: c.Lang, Dir: dir, Runs: []jisr.Run{{Op: jisr.Insert, Text: body.Reads}}}
		}
		all[c.Segment] = append(all[c.Segment], l)
	}
	return all
}

func (rd reader) correctionTag(state string) tag {
	t := tag{Tone: "soon", Icon: "pen-line", Word: rd.l.T("agreement.correction." + state)}
	switch state {
	case "accepted":
		t.Tone, t.Icon = "ok", "check"
	case "objected":
		t.Tone, t.Icon = "late", "triangle-alert"
	}
	return t
}
