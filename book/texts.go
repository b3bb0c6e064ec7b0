package book

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"slices"

	"jisr"
	"jisr/programme"
)

// texts says how the body of an act about a thing is read by people; nil: it says nothing that is looked for. A noun whose
// bodies people look for has its line here, and a function that reads a body strictly and gives nothing of one that does not
// hold.
func texts(k jisr.Kind) func(*jisr.Act, []byte) []jisr.Text {
	switch k {
	case jisr.KindStatementApprove:
		return statementTexts
	case jisr.KindStatementEdit, jisr.KindMinutesEdit:
		return editTexts
	case jisr.KindMinutesClear:
		return minutesTexts
	case jisr.KindReadoutRelease:
		return func(_ *jisr.Act, body []byte) []jisr.Text {
			b, _ := jisr.DecodeReadout(body)
			return []jisr.Text{b.Text}
		}
	case jisr.KindAgreementTable:
		return agreementTexts
	case jisr.KindAgreementBracket:
		return func(_ *jisr.Act, body []byte) []jisr.Text {
			b, _ := jisr.DecodeBracket(body)
			return []jisr.Text{b.Text, b.Reason}
		}
	case jisr.KindAgreementReserve:
		return func(_ *jisr.Act, body []byte) []jisr.Text {
			b, _ := jisr.DecodeReservation(body)
			return []jisr.Text{b.Text}
		}
	case jisr.KindCommitmentPropose:
		return func(_ *jisr.Act, body []byte) []jisr.Text {
			b, _ := jisr.DecodeCommitment(body)
			return []jisr.Text{b.Text, b.Test}
		}
	case jisr.KindCommitmentReport, jisr.KindMeetingPaper, jisr.KindBodyCirculate:
		return evidenceTexts
	case jisr.KindProgrammeLay:
		return annexTexts
	}
	return nil
}

func statementTexts(_ *jisr.Act, body []byte) []jisr.Text {
	b, err := jisr.ReadStatement(body)
	if err != nil {
		return nil
	}
	all := []jisr.Text{b.Title}
	for _, p := range b.Paragraphs {
		all = append(all, p.Text)
	}
	return all
}

func editTexts(a *jisr.Act, body []byte) []jisr.Text {
	b, err := jisr.DecodeEdit(body, len(jisr.ReadEdit(a).Ops))
	if err != nil {
		return nil
	}
	return b.Texts
}

// minutesTexts reads minutes as they were cleared, with the numbers of their decisions.
func minutesTexts(_ *jisr.Act, body []byte) []jisr.Text {
	b, err := jisr.ReadMinutes(body)
	if err != nil {
		return nil
	}
	all := []jisr.Text{b.Title}
	for _, s := range b.Sections {
		all = append(all, s.Title)
		for _, p := range s.Paragraphs {
			if p.Number != "" {
				all = append(all, jisr.Text{"en": p.Number})
			}
			all = append(all, p.Text)
		}
	}
	return all
}

// agreementTexts reads a text that was tabled, with the names of the parties as who tabled it has them in its original. That
// it is the one its entry names is asked where it is shown.
func agreementTexts(a *jisr.Act, body []byte) []jisr.Text {
	var t jisr.InstrumentText
	if refusal := strict(body, jisr.MaxTextContent, &t); refusal != nil {
		return nil
	}
	parties, self := sortedKeys(t.Names), a.Member
	if len(parties) > 0 && t.Names[self] == nil { // who tabled it is no party: a depositary
		self = parties[0]
	}
	var all []jisr.Text
	for _, s := range t.Original(parties, self) {
		all = append(all, s.Text)
	}
	for _, id := range sortedKeys(t.Annexes) {
		all = append(all, t.Annexes[id].Title)
	}
	return all
}

func evidenceTexts(a *jisr.Act, body []byte) []jisr.Text {
	b, err := jisr.DecodeEvidence(body, len(a.Attachments))
	if err != nil {
		return nil
	}
	all := []jisr.Text{b.Text}
	for _, f := range b.Files {
		all = append(all, jisr.Text{"und": f.Name})
	}
	return all
}

// annexTexts reads what an annex says to people: titles, its purpose, its types of records and their fields.
func annexTexts(_ *jisr.Act, body []byte) []jisr.Text {
	var a struct {
		Title   jisr.Text `json:"title"`
		Purpose jisr.Text `json:"purpose"`
		Records map[string]struct {
			Title jisr.Text `json:"title"`
		} `json:"records"`
	}
	if len(body) > programme.MaxAnnex || json.Unmarshal(body, &a) != nil {
		return nil
	}
	all := []jisr.Text{a.Title, a.Purpose}
	for _, name := range sortedKeys(a.Records) {
		all = append(all, a.Records[name].Title)
	}
	return all
}

// stateTexts is what entries say of a thing beside its title, where no body does.
func stateTexts(s *jisr.State) (all []jisr.Text) {
	if m := s.Meeting; m != nil {
		all = append(all, m.Place)
		for _, it := range m.Agenda {
			all = append(all, it.Title)
		}
	}
	if b := s.Body; b != nil {
		for i := range b.Decisions {
			all = append(all, b.Decisions[i].Title, jisr.Text{"en": b.Ref(&b.Decisions[i])})
		}
	}
	return all
}

// stands tells whether what the body of an act says is part of the thing as it is now, and no earlier version of it.
func stands(s *jisr.State, a *jisr.Act) bool {
	switch {
	case s.Statement != nil:
		return standsIn(a, s.Statement.Body, s.Statement.Segments)
	case s.Minutes != nil:
		return standsIn(a, s.Minutes.Text, s.Minutes.Segments)
	case s.Agreement != nil && a.Kind == jisr.KindAgreementTable:
		newest, signed := s.Agreement.Newest(), s.Agreement.Signed()
		return newest != nil && newest.Position == a.Position || signed != nil && s.Agreement.Version(signed.Hash) != nil && s.Agreement.Version(signed.Hash).Position == a.Position
	}
	return true
}

// standsIn: of a text that several write, what all agreed to, and until then the paragraphs as they stand.
func standsIn(a *jisr.Act, agreed *jisr.Position, segments []jisr.Passage) bool {
	if agreed != nil {
		return *agreed == a.Position
	}
	if a.Kind != jisr.KindStatementEdit && a.Kind != jisr.KindMinutesEdit {
		return false // an approval says again what the paragraphs say
	}
	return slices.ContainsFunc(segments, func(p jisr.Passage) bool {
		return slices.ContainsFunc(p.Stands, func(v jisr.StandingVersion) bool { return v.ID.Position == a.Position && !v.Removed })
	})
}

// said is an act about a thing whose body is searched.
type said struct {
	act *jisr.Act
	key key
}

// saidOf lists the acts whose bodies a touched thing is found by.
func (x *touched) saidOf() (all []said) {
	add := func(a *jisr.Act, k key) {
		if texts(a.Kind) != nil && a.About == x.thing && x.state.Voids[a.Position] == nil && stands(&x.state, a) {
			all = append(all, said{a, k})
		}
	}
	for i := range x.stored {
		add(&x.stored[i].act, x.stored[i].key)
	}
	for _, e := range x.fresh {
		add(&e.Act, e.key)
	}
	slices.SortFunc(all, func(a, b said) int { return cmp.Compare(a.key, b.key) })
	return all
}

// indexThing makes a thing findable by its title, by what entries say, and by the bodies that stand: anew where any of it is
// another than in the index.
func (t *batch) indexThing(c *conn, x *touched, title jisr.Text, n, before int64) error {
	all, parts := x.saidOf(), append([]jisr.Text{title}, stateTexts(&x.state)...)
	now := sumOf(parts, all)
	if now == before && !x.renewed {
		return nil
	}
	var found []byte
	for _, p := range parts {
		found = appendText(found, p)
	}
	for _, s := range all {
		body, err := c.body(s.key)
		if err != nil {
			return err
		}
		for _, p := range texts(s.act.Kind)(s.act, body) {
			if found = appendText(found, p); len(found) > maxBodies {
				break
			}
		}
	}
	t.found[-n] = string(found)
	return c.do(`UPDATE thing SET said=? WHERE n=?`, now, n)
}

// appendText adds the stems of a text in every language.
func appendText(to []byte, t jisr.Text) []byte {
	for _, lang := range sortedKeys(t) {
		to = append(to, stems(t[lang])...)
	}
	return to
}

// sumOf stands for what a thing is found by; 0 when that is nothing.
func sumOf(parts []jisr.Text, all []said) int64 {
	h, some := fnv.New64a(), false
	for _, p := range parts {
		for _, lang := range sortedKeys(p) {
			some = true
			h.Write([]byte(p[lang]))
			h.Write([]byte{0})
		}
	}
	for _, s := range all {
		some = true
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(s.key)))
	}
	if !some {
		return 0
	}
	return int64(h.Sum64())
}
