package portal

import (
	"context"
	"strconv"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// decisionView is a decision in writing: what is decided, how it stands, and what each side said of it.
type decisionView struct {
	ID      string
	Ref     string
	Title   said
	Columns []column
	State   tag
	Means   string
	By      side
	When    string
	Words   []field // of each member that is asked
	Files   []Link
	Commit  string // where a commitment is written from it
	Actions []saying
}

// circulating is the form of a decision in writing; none where the rules have no written procedure.
func (rd reader) circulating(b *jisr.Body, base string) []saying {
	if b.Agreed == nil || b.Written == 0 || !rd.mayPrepare(jisr.KindBodyCirculate) {
		return nil
	}
	title := rd.askLine("title", false)
	title.Wide, title.Max = true, jisr.MaxSubject
	text := rd.ask("text", false)
	text.Label, text.Max = rd.l.T("written.field.text"), jisr.MaxCommitmentText
	a := rd.offer(jisr.KindBodyCirculate, base, title, text, rd.askFiles())
	a.Means = rd.l.N("say.body.circulate.days", b.Written)
	if b.Approval == jisr.Silent {
		a.Means += " " + rd.l.T("written.silent")
	} else {
		a.Means += " " + rd.l.T("written.express")
	}
	return []saying{a}
}

// decisionsOf lists the decisions of a body in writing, the newest first.
func (s *site) decisionsOf(ctx context.Context, rd reader, t *book.ThingView) (all []decisionView) {
	b, texts := t.State.Body, bodiesOf(t)
	for i := len(b.Decisions) - 1; i >= 0; i-- {
		w := &b.Decisions[i]
		state := w.Standing(rd.known)
		v := decisionView{ID: "decision-" + strconv.Itoa(i), Ref: b.Ref(w), Title: rd.say(w.Title), By: rd.side(w.Member), When: rd.dateTime(w.At), Files: s.filesOf(ctx, rd, t, w.Position),
			State: rd.writtenTag(state), Means: rd.l.T("written.state." + state + ".means")}
		if text, err := jisr.DecodeEvidence(texts[w.Position], w.Files); err == nil {
			v.Columns = rd.columns(&jisr.NoteBody{Text: text.Text})
		}
		for _, m := range w.Members {
			if said := rd.saidOf(w, m); said != "" {
				v.Words = append(v.Words, field{Name: rd.name(m), Value: said})
			}
		}
		if state == jisr.WrittenAdopted && rd.may(node.Verb(jisr.KindCommitmentPropose)) {
			v.Commit = rd.owe(t.Forum, t.ID, v.Ref)
		}
		if state == jisr.WrittenOpen && w.Answers(rd.self) {
			v.Actions = rd.writtenActions(w, rd.bodyURL(t.Forum, t.ID), i)
		}
		all = append(all, v)
	}
	return all
}

// saidOf is what a member has said of a decision in writing, or until when it may; of who circulated it, whether it took it back.
func (rd reader) saidOf(w *jisr.WrittenDecision, m jisr.MemberID) string {
	v := w.Verdicts[m]
	switch {
	case v.Against != nil:
		return rd.l.T("written.said.against", "when", rd.dateTime(v.Against.At), "reason", v.Reason)
	case m == w.Member:
		return ""
	case v.Approved != nil:
		return rd.l.T("written.said.approved", "when", rd.dateTime(v.Approved.At))
	case v.Lapsed != nil:
		return rd.l.T("written.said.lapsed", "date", rd.l.Day(string(v.Until)))
	case v.Received != nil:
		return rd.l.T("written.said.until", "date", rd.l.Day(string(v.Until)), "in", rd.l.RelativeDay(string(v.Until), string(rd.today)))
	}
	return rd.l.T("written.said.none")
}

func (rd reader) writtenActions(w *jisr.WrittenDecision, base string, n int) (all []saying) {
	for _, k := range []jisr.Kind{jisr.KindBodyApprove, jisr.KindBodyObject} {
		if k == jisr.KindBodyApprove && w.Member == rd.self || !rd.mayPrepare(k) {
			continue
		}
		fields := []sayingField{hidden("hash", string(w.Hash))}
		if k == jisr.KindBodyObject {
			fields = append(fields, rd.ask("reason", false))
		}
		a := rd.offer(k, base, fields...)
		a.ID += "-" + strconv.Itoa(n)
		for i := range a.Fields {
			a.Fields[i].Key += strconv.Itoa(n) + "-"
		}
		if w.Member == rd.self {
			a.Word, a.Means = rd.l.T("say.body.object.own"), rd.l.T("say.body.object.own.means")
		}
		all = append(all, a)
	}
	return all
}

func (rd reader) writtenTag(state string) tag {
	look := map[string][2]string{jisr.WrittenOpen: {"soon", "clock"}, jisr.WrittenAdopted: {"done", "circle-check"}, jisr.WrittenObjected: {"idle", "undo-2"}, jisr.WrittenLapsed: {"idle", "minus"}}[state]
	return tag{Tone: look[0], Icon: look[1], Word: rd.l.T("written.state." + state)}
}

// writtenFacts says which decision an act in preparation approves or objects to.
func (s *site) writtenFacts(r *request, rd reader, o *jisr.Outgoing, terms []byte) []factLine {
	if o.Kind != jisr.KindBodyApprove && o.Kind != jisr.KindBodyObject {
		return nil
	}
	t, err := s.node.Book().Thing(r.Context(), rd.scope, o.Forum, o.About)
	if err != nil || t.State.Body == nil {
		return nil
	}
	said := termsOf[jisr.ObjectTerms](terms)
	w := t.State.Body.InWriting(said.Hash)
	if w == nil {
		return nil
	}
	all := []factLine{{rd.l.T("written.title"), rd.l.Isolate(t.State.Body.Ref(w)) + " — " + rd.say(w.Title).String()}}
	if said.Reason != "" {
		all = append(all, factLine{rd.l.T("say.field.reason"), rd.l.Isolate(said.Reason)})
	}
	return all
}

// sayBody says something of a decision in writing, and shows the body again: with what is wrong, if something was.
func (s *site) sayBody(r *request) (*answer, error) {
	t, err := s.thingOf(r, "body")
	if err != nil {
		return nil, err
	}
	say := node.Say{Forum: t.Forum, ID: t.ID, Kind: jisr.Kind("body." + clip(r.PathValue("verb"), maxField))}
	switch hash := jisr.Commitment(line1(r, "hash")); say.Kind {
	case jisr.KindBodyCirculate:
		files, err := s.takeFiles(r)
		if err != nil {
			return nil, err
		}
		say.Terms, say.Body, say.Files = jisr.CirculateTerms{Title: written(r, "title")}, jisr.EvidenceBody{Text: written(r, "text")}, files
	case jisr.KindBodyApprove:
		say.Terms = jisr.AgreeTerms{Hash: hash}
	case jisr.KindBodyObject:
		say.Terms = jisr.ObjectTerms{Hash: hash, Reason: line1(r, "reason")}
	default:
		return nil, jisr.Refuse(jisr.NoSuch, string(say.Kind), "noun", "step")
	}
	to, problem, err := s.says(r, say)
	if err != nil {
		return nil, err
	}
	if problem != "" {
		return s.showBody(r, problem)
	}
	if to == "" {
		to = s.reader(r).bodyURL(t.Forum, t.ID)
	}
	return &answer{to: to}, nil
}
