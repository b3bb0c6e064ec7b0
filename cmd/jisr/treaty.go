package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/programme"
)

// When the agreements of the story were made, in days before now. The first is in force before the committee first meets.
const (
	frameworkDays = 395
	pendingDays   = 85 // of those that are not in force yet
	customsDays   = 10
)

// deal is an agreement while its story is told: what each side says goes through both its officials, as it would. The first
// step that fails ends the telling.
type deal struct {
	s   *stage
	ctx context.Context
	id  jisr.ThingID
	err error

	mandates map[jisr.MemberID]jisr.ThingID // full powers of each side's plenipotentiary
}

func (s *stage) deal(ctx context.Context) *deal {
	return &deal{s: s, ctx: ctx, mandates: map[jisr.MemberID]jisr.ThingID{}}
}

func eachSide(do func(m jisr.MemberID)) {
	do("iq")
	do("sy")
}

// ago moves the clock of the story to so many days ago, at an hour of the morning.
func (d *deal) ago(days, hour int) *deal {
	d.s.clock.forward(d.s.on(days, hour))
	return d
}

// says has one official draft a step, another clear it, and the one whose work it is let it go; then waits until the other
// side has it.
func (d *deal) says(m jisr.MemberID, kind jisr.Kind, terms, body any) node.Done {
	return d.saysOn(m, d.id, kind, terms, body)
}

func (d *deal) saysOn(m jisr.MemberID, about jisr.ThingID, kind jisr.Kind, terms, body any) (done node.Done) {
	if d.err != nil {
		return done
	}
	var step node.Step
	if step, d.err = node.NewStep(kind, terms, body); d.err != nil {
		return done
	}
	n := d.s.nodes[m]
	draft, err := n.Do(d.ctx, d.s.caller(m, postDrafter), node.DraftStep{Forum: d.s.cast.forum, About: about, Step: step})
	if err == nil {
		err = d.s.as(d.ctx, m, postReleaser, node.ClearStep{ID: draft.Thing, Version: draft.Version})
	}
	if err == nil {
		done, err = n.Do(d.ctx, d.s.releases(m, kind), node.ReleaseStep{ID: draft.Thing, Version: draft.Version, Kind: kind})
	}
	if err == nil {
		err = d.s.settle(d.ctx)
	}
	if err != nil {
		d.err = fmt.Errorf("couldn't play %s of %s by %s: %w", kind, about, m, err)
	}
	return done
}

// releases is who lets a step go. Nobody is there to touch a passkey while the demo is made: what stands on a signature the
// program of the office does, and it is shown as not signed.
func (s *stage) releases(m jisr.MemberID, kind jisr.Kind) node.Caller {
	if node.Treaty(node.Verb(kind)) {
		return s.program(m)
	}
	return s.caller(m, releasedBy(kind))
}

// releasedBy is the post whose work a step is.
func releasedBy(kind jisr.Kind) jisr.OfficialID {
	switch kind {
	case jisr.KindAgreementInitial, jisr.KindAgreementSeal, jisr.KindAgreementCommit, jisr.KindAgreementVerbal:
		return postSigner
	}
	return postReleaser
}

// begins proposes the agreement and has the other side accept to negotiate.
func (d *deal) begins(by jisr.MemberID, t jisr.ProposeTerms) {
	t.Parties = []jisr.MemberID{"iq", "sy"}
	d.id = d.saysOn(by, "", jisr.KindAgreementPropose, t, nil).Thing
}

// text reads one of the texts of the story, with final clauses that say what its own last article does.
func (d *deal) text(name string, c jisr.Clauses) *jisr.InstrumentText {
	t := &jisr.InstrumentText{Clauses: c, Names: map[jisr.MemberID]jisr.Text{}}
	raw, err := demoFiles.ReadFile("demo/" + name + ".json")
	if err == nil {
		err = json.Unmarshal(raw, &t.Segments)
	}
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("couldn't read a text of the story: %w", err)
	}
	t.Clauses.Languages, t.Clauses.Consent = []string{"ar", "en"}, map[jisr.MemberID]jisr.ConsentMethod{}
	eachSide(func(m jisr.MemberID) {
		t.Names[m], t.Clauses.Consent[m] = d.s.nodes[m].Self().Name, jisr.ByNotification
	})
	return t
}

// powers gives the plenipotentiary of each side full powers, which the other side finds in due form. Who holds them here is the
// program that acts for the post while the demo is made.
func (d *deal) powers() {
	eachSide(func(m jisr.MemberID) {
		done := d.saysOn(m, "", jisr.KindMandateIssue, jisr.MandateTerms{Holder: d.s.program(m).By().Official, Post: jisr.Text{"ar": "المفوَّض بالتوقيع", "en": "Plenipotentiary"},
			Issuer: jisr.Text{"ar": "وزير الخارجية", "en": "Minister for Foreign Affairs"}, Capacity: jisr.ForeignMinister,
			Acts: []jisr.MandateAct{jisr.MayInitial, jisr.MaySign}, Subjects: []jisr.ThingID{d.id}, From: d.day()}, nil)
		d.saysOn(otherOf(m), done.Thing, jisr.KindMandateVerify, jisr.MandateSubjects{Subjects: []jisr.ThingID{d.id}}, nil)
		d.mandates[m] = done.Thing
	})
}

// day is the day it is in the story.
func (d *deal) day() jisr.Date { return jisr.Date(d.s.clock.now().Format(time.DateOnly)) }

// tables puts a text on the table.
func (d *deal) tables(by jisr.MemberID, base jisr.Commitment, t *jisr.InstrumentText) (hash jisr.Commitment) {
	terms := map[string]any{}
	if base != "" {
		terms["base"] = base
	}
	d.says(by, jisr.KindAgreementTable, terms, t)
	if d.err == nil {
		hash, d.err = t.Hash()
	}
	return hash
}

// brackets proposes another wording of a paragraph.
func (d *deal) brackets(by jisr.MemberID, segment string, body jisr.BracketBody) {
	d.says(by, jisr.KindAgreementBracket, map[string]any{"segment": segment, "op": jisr.BracketReplace}, body)
}

// signed takes the text that counts through initials and the signing window.
func (d *deal) signed(days int, place jisr.Text) {
	powers := func(m jisr.MemberID) map[string]any { return map[string]any{"mandate": d.mandates[m]} }
	d.ago(days, 10)
	eachSide(func(m jisr.MemberID) { d.says(m, jisr.KindAgreementInitial, powers(m), nil) })
	d.ago(days-2, 11)
	window := jisr.WindowTerms{Closes: d.s.clock.now().Add(2 * time.Hour).UTC(), Place: place}
	d.says("iq", jisr.KindAgreementSeal, map[string]any{"window": window}, nil)
	d.says("sy", jisr.KindAgreementSeal, nil, nil)
	eachSide(func(m jisr.MemberID) { d.says(m, jisr.KindAgreementCommit, powers(m), nil) })
	eachSide(func(m jisr.MemberID) { d.says(m, jisr.KindAgreementVerbal, nil, nil) })
}

// notifies tells the other side that domestic procedures are completed; it states the day on which that reached it.
func (d *deal) notifies(m jisr.MemberID) {
	done := d.says(m, jisr.KindAgreementNotify, map[string]any{"instrument": jisr.Completion, "capacity": jisr.ForeignMinister}, nil)
	d.says(otherOf(m), jisr.KindAgreementReceive, map[string]any{"act": done.Position}, nil)
}

// domestic plans a side's domestic track from its template and takes so many of its steps.
func (d *deal) domestic(m jisr.MemberID, took int) {
	if d.err != nil {
		return
	}
	of, steps := jisr.DomesticTemplate(string(m))
	plan := node.PlanDomestic{Forum: d.s.cast.forum, Agreement: d.id}
	for _, id := range steps {
		title := jisr.Text{}
		for _, lang := range d.s.words.Tags() {
			title[lang] = d.s.words.In(lang).T("domestic.step." + of + "." + id)
		}
		plan.Steps = append(plan.Steps, jisr.DomesticStep{ID: id, Title: title})
	}
	d.err = d.s.as(d.ctx, m, postDrafter, plan)
	for i := 0; i < took && d.err == nil; i++ {
		d.err = d.s.as(d.ctx, m, postDrafter, node.MoveDomestic{Forum: d.s.cast.forum, Agreement: d.id,
			Move: jisr.DomesticTerms{Step: steps[i], State: jisr.StepDone, Evidence: "كتاب تجريبي رقم " + fmt.Sprint(100+i)}})
	}
}

// annexes are the shipped programmes that the agreement in force names, by the segment that introduces each.
func annexes() map[string]string {
	return map[string]string{"annex-water": "wat", "annex-returns": "ref", "annex-trade": "trd", "annex-health": "hea", "annex-investment": "inv", "annex-security": "sec"}
}

// framework plays the agreement that is in force: its annexes are the programmes under which data flows.
func (s *stage) framework(ctx context.Context) (jisr.ThingID, error) {
	d := s.deal(ctx).ago(frameworkDays, 10)
	d.begins("iq", jisr.ProposeTerms{Kind: jisr.AgreementKind, Binding: true, Title: jisr.Text{"ar": "اتفاقية التعاون وتبادل البيانات", "en": "Agreement on Cooperation and the Exchange of Data"}})
	d.ago(frameworkDays-2, 11).says("sy", jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true}, nil)

	t := d.text("agreement-data", jisr.Clauses{Force: jisr.ForceRule{On: jisr.ForceLastNotice, Days: 30}, Months: 60, Renewal: 60, Notice: 6})
	t.Annexes = map[string]jisr.AnnexRef{}
	documents := map[string][]byte{}
	for segment, name := range annexes() {
		doc, err := programme.ReadShipped(name)
		if name == "trd" && err == nil {
			doc, err = everyMorning(doc)
		}
		if err != nil {
			return "", err
		}
		p, err := programme.Compile(doc)
		if err != nil {
			return "", fmt.Errorf("couldn't read the annex %s: %w", name, err)
		}
		documents[name] = doc
		t.Annexes[segment] = jisr.AnnexRef{Title: p.Annex.Title, Document: p.Hash()}
	}
	correct := t.Segment("accuracy-1").Text
	t.Segment("accuracy-1").Text = jisr.Text{"ar": "يصحح كل طرف ما يتبين له من خطأ في بياناته خلال 60 يوماً.", "en": "Each Party shall correct an error found in its data within 60 days."}
	first := d.ago(frameworkDays-6, 10).tables("iq", "", t)
	d.ago(frameworkDays-8, 12).brackets("sy", "accuracy-1", jisr.BracketBody{Text: correct, Reason: jisr.Text{"ar": "تُنشر المناسيب أسبوعياً", "en": "Levels are published weekly"}})
	t.Segment("accuracy-1").Text = correct
	d.ago(frameworkDays-11, 10).tables("iq", first, t)
	d.ago(frameworkDays-13, 10)
	eachSide(func(m jisr.MemberID) {
		d.says(m, jisr.KindAgreementConcord, map[string]any{"pair": [2]string{"ar", "en"}, "word": jisr.ConcordChecked}, nil)
	})
	d.ago(frameworkDays-14, 10).powers()
	d.signed(frameworkDays-16, jisr.Text{"ar": "بغداد", "en": "Baghdad"})
	eachSide(func(m jisr.MemberID) { _, steps := jisr.DomesticTemplate(string(m)); d.domestic(m, len(steps)) })
	d.ago(frameworkDays-24, 10).notifies("iq")
	d.ago(frameworkDays-25, 10).notifies("sy")
	d.ago(frameworkDays-56, 10)
	eachSide(func(m jisr.MemberID) {
		d.says(m, jisr.KindAgreementForce, map[string]any{"on": s.agreement(d.ctx, m, d.id).Force().Date, "capacity": jisr.ForeignMinister}, nil)
	})
	d.ago(frameworkDays-60, 10).says("iq", jisr.KindAgreementRegister, jisr.RegistrationTerms{With: "un", Number: "I-00000", Date: s.daysAgo(frameworkDays - 60)}, nil)
	s.laid = map[string]jisr.ThingID{}
	for name, doc := range documents {
		if d.err == nil {
			var done node.Done
			done, d.err = s.nodes["iq"].Do(ctx, s.caller("iq", postReleaser), node.LayProgramme{Forum: s.cast.forum, Agreement: d.id, Document: doc})
			s.laid[name] = done.Thing
		}
	}
	if d.err == nil {
		d.err = s.settle(ctx)
	}
	return d.id, d.err
}

// everyMorning is the trade annex as the two sides of the story agreed on it: the state of the crossings once a day, and not every hour.
func everyMorning(doc []byte) ([]byte, error) {
	var annex map[string]any
	if err := json.Unmarshal(doc, &annex); err != nil {
		return nil, fmt.Errorf("couldn't read the trade annex: %w", err)
	}
	status, _ := annex["records"].(map[string]any)["crossing_status"].(map[string]any)
	status["sla"] = []any{map[string]any{"id": "daily", "label": map[string]string{"ar": "حالة كل منفذ كل صباح", "en": "State of each crossing every morning"}, "every": "day", "due": "PT10H", "by": "crossing", "share": 0.95}}
	return json.Marshal(annex)
}

// agreement is what a side sees of an agreement.
func (s *stage) agreement(ctx context.Context, m jisr.MemberID, id jisr.ThingID) *jisr.Agreement {
	v, err := s.nodes[m].Book().Thing(ctx, book.Whole(), s.cast.forum, id)
	if err != nil || v.State.Agreement == nil {
		return &jisr.Agreement{}
	}
	return v.State.Agreement
}

// pending plays a memorandum that one side has ratified and the other has not yet.
func (s *stage) pending(ctx context.Context) error {
	d := s.deal(ctx).ago(pendingDays, 10)
	d.begins("sy", jisr.ProposeTerms{Kind: jisr.MOU, Binding: false, Title: jisr.Text{"ar": "مذكرة تفاهم بشأن معادلة الشهادات", "en": "Memorandum of Understanding on the Equivalence of Certificates"}})
	d.ago(pendingDays-1, 10).says("iq", jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: false}, nil)
	d.tables("sy", "", d.text("agreement-certificates", jisr.Clauses{Force: jisr.ForceRule{On: jisr.ForceLastNotice}, Months: 36, Notice: 3}))
	d.ago(pendingDays-5, 10).powers()
	d.signed(pendingDays-7, jisr.Text{"ar": "دمشق", "en": "Damascus"})
	d.domestic("iq", 4)
	d.ago(pendingDays-15, 10).notifies("sy")
	return d.err
}

// negotiation plays what is on the table now: a text with wordings of both sides in brackets, and an executive programme
// that waits for the first answer.
func (s *stage) negotiation(ctx context.Context, framework jisr.ThingID) error {
	d := s.deal(ctx).ago(customsDays, 9)
	d.begins("iq", jisr.ProposeTerms{Kind: jisr.AgreementKind, Binding: true, Title: jisr.Text{"ar": "اتفاق البيانات الجمركية المسبقة", "en": "Agreement on Advance Customs Data"}})
	d.says("sy", jisr.KindAgreementNegotiate, jisr.IntentTerms{Binding: true}, nil)
	t := d.text("agreement-customs", jisr.Clauses{Force: jisr.ForceRule{On: jisr.ForceLastNotice, Months: 1}, Notice: 6})
	first := d.tables("iq", "", t)
	t.Segment("notice-2").Text = jisr.Text{"ar": "تتضمن البيانات بند النظام المنسق والوزن وعدد الطرود وبلد المنشأ.", "en": "The data shall contain the heading of the Harmonized System, the weight, the number of packages and the country of origin."}
	d.ago(customsDays, 12).tables("sy", first, t)
	d.ago(customsDays, 13).brackets("sy", "notice-1", jisr.BracketBody{Text: jisr.Text{"ar": "يرسل جمرك المغادرة بيانات البضاعة قبل ساعتين من وصولها إلى المنفذ.", "en": "The customs office of departure shall send the data of the goods 2 hours before they arrive at the crossing."},
		Reason: jisr.Text{"ar": "قرب المستودعات من المنفذ", "en": "The warehouses are near the crossing"}})
	d.brackets("iq", "notice-1", jisr.BracketBody{Text: jisr.Text{"ar": "يرسل جمرك المغادرة بيانات البضاعة قبل 3 ساعات من وصولها إلى المنفذ.", "en": "The customs office of departure shall send the data of the goods 3 hours before they arrive at the crossing."}})
	d.brackets("sy", "hours-1", jisr.BracketBody{Text: jisr.Text{"ar": "يعمل المنفذ في الجانبين على مدار الساعة.", "en": "The crossing shall be open on both sides at all hours."}, Reason: jisr.Text{"ar": "زيادة حركة الشحن", "en": "Freight has grown"}})
	d.says("iq", jisr.KindAgreementConcord, map[string]any{"pair": [2]string{"ar", "en"}, "segments": []string{"scope-1", "inspection-1"}, "word": jisr.ConcordChecked}, nil)
	d.says("sy", jisr.KindAgreementConcord, map[string]any{"pair": [2]string{"ar", "en"}, "segments": []string{"scope-1"}, "word": jisr.ConcordChecked}, nil)

	child := s.deal(ctx).ago(customsDays, 15)
	child.err = d.err
	child.begins("sy", jisr.ProposeTerms{Within: jisr.Within{Of: framework}, Relation: jisr.Implements, Kind: jisr.ExecutiveProgramme, Binding: true,
		Title: jisr.Text{"ar": "البرنامج التنفيذي لتبادل بيانات المياه", "en": "Executive Programme for the Exchange of Water Data"}})
	return child.err
}
