package main

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// committeeDays is how long ago the committee of the story first met.
const committeeDays = 280

// promised is a commitment of the story: who owes it, in which sector, how many days from now it is due, and what was said
// about it since, one step a word. Session 0: it came from a note and not from a session.
type promised struct {
	debtor  jisr.MemberID
	session int
	sector  string
	due     int
	ar, en  string
	steps   []string
}

// promises are twenty commitments, one in every state there is and more in those that are common.
func promises() []promised {
	return []promised{
		{"iq", 1, "water", -120, "جدول أسبوعي لمناسيب نهر الفرات", "Weekly table of Euphrates levels", []string{"assign", "progress", "report", "accept"}},
		{"sy", 1, "water", -90, "نقاط ارتباط محطات القياس", "Contact points of the gauging stations", []string{"assign", "report", "return", "report", "accept"}},
		{"iq", 1, "borders", -60, "ساعات عمل منفذ القائم", "Opening hours of the Al-Qa'im crossing", []string{"assign", "report", "remarks"}},
		{"sy", 1, "trade", -30, "قائمة السلع المشمولة بالتسهيل", "List of goods with easier passage", []string{"assign", "progress", "extend", "grant", "report", "accept"}},
		{"iq", 1, "transport", -20, "تأهيل طريق القائم البوكمال", "Repair of the Al-Qa'im road", []string{"assign", "block"}},
		{"sy", 2, "energy", -15, "محضر الربط الكهربائي", "Record of the power link", []string{"assign", "progress"}},
		{"iq", 2, "health", 10, "قائمة المستشفيات المستقبلة", "List of receiving hospitals", []string{"assign", "progress", "report"}},
		{"sy", 2, "education", 20, "جدول معادلة الشهادات", "Table of recognised certificates", []string{"assign", "report", "return"}},
		{"iq", 2, "refugees", 30, "استمارة موحدة للعودة الطوعية", "One form for voluntary return", []string{"assign", "progress"}},
		{"sy", 2, "security", 5, "قناة تبادل مؤشرات التهديد", "Channel for threat indicators", []string{"assign", "report"}},
		{"iq", 2, "culture", 40, "أسبوع ثقافي مشترك", "Joint cultural week", []string{"release"}},
		{"sy", 3, "environment", 60, "خطة مواجهة العواصف الغبارية", "Plan for dust storms", []string{"assign", "dispute"}},
		{"iq", 3, "investment", 90, "دليل المستثمر في المناطق الحدودية", "Guide for investors in border areas", []string{"assign"}},
		{"sy", 3, "borders", -25, "قاعة مشتركة للتفتيش", "Joint inspection hall", []string{"assign", "progress", "raise"}},
		{"iq", 3, "trade", 45, "بوابة التصريح الجمركي المسبق", "Portal for advance customs declarations", []string{"assign", "progress", "extend"}},
		{"sy", 3, "water", 120, "خارطة نقاط القياس", "Map of measuring points", nil},
		{"iq", 3, "other", 75, "رزنامة نقل الأعلاف", "Calendar of fodder transport", nil},
		{"sy", 0, "transport", 100, "خط شحن بري منتظم", "Regular road freight line", []string{"withdraw"}},
		{"iq", 0, "health", 35, "لقاحات المنافذ", "Vaccination at the crossings", nil},
		{"sy", 0, "other", 50, "دليل الهواتف المباشرة", "Directory of direct lines", nil},
	}
}

func otherOf(m jisr.MemberID) jisr.MemberID {
	if m == "iq" {
		return "sy"
	}
	return "iq"
}

// meet plays a committee with three past sessions and one to come, and what was promised in them.
func (s *stage) meet(ctx context.Context) error {
	posts := func(ar, en string) map[jisr.MemberID]jisr.Office {
		return map[jisr.MemberID]jisr.Office{"iq": {Member: "iq", Desk: deskForeign, Name: jisr.Text{"ar": ar, "en": en}}, "sy": {Member: "sy", Desk: deskForeign, Name: jisr.Text{"ar": ar, "en": en}}}
	}
	s.clock.forward(committeeDays * 24 * time.Hour)
	body, err := s.say(ctx, "iq", node.Say{Kind: jisr.KindBodyPropose, Terms: jisr.BodyTerms{
		Title: jisr.Text{"ar": "اللجنة العراقية السورية المشتركة", "en": "Iraqi–Syrian Joint Committee"}, Level: jisr.SeniorLevel, Members: []jisr.MemberID{"iq", "sy"},
		Chairs: posts("رئيس الجانب", "Co-chair"), Secretaries: posts("أمين السر", "Secretary"), Cadence: "FREQ=MONTHLY;INTERVAL=3", Months: 3, Written: 14,
		Procedure: jisr.Procedure{Code: "ISJC", Rotation: []jisr.MemberID{"iq", "sy"}, AgendaDays: jisr.DefaultAgendaDays, Approval: jisr.Silent, SilentDays: 30, Languages: []string{"ar", "en"}}}})
	if err != nil {
		return err
	}
	v, err := s.nodes["sy"].Book().Thing(ctx, book.Whole(), s.cast.forum, body)
	if err != nil {
		return err
	}
	if _, err := s.say(ctx, "sy", node.Say{ID: body, Kind: jisr.KindBodyAgree, Terms: jisr.AgreeTerms{Hash: v.State.Body.Proposals[0].Hash}}); err != nil {
		return err
	}
	made := map[int]jisr.ThingID{}
	for session, ago := range []int{270, 180, 90} {
		if err := s.session(ctx, body, session+1, ago, made); err != nil {
			return fmt.Errorf("couldn't play session %d: %w", session+1, err)
		}
	}
	if err := s.pending(ctx); err != nil {
		return err
	}
	if err := s.propose(ctx, 0, "", made); err != nil {
		return err
	}
	if err := s.keep(ctx, made); err != nil {
		return err
	}
	if err := s.coming(ctx, body); err != nil {
		return err
	}
	return s.inWriting(ctx, body)
}

// say carries out what a side says, and waits until the other's book has it.
func (s *stage) say(ctx context.Context, m jisr.MemberID, cmd node.Command) (jisr.ThingID, error) {
	if say, ok := cmd.(node.Say); ok {
		say.Forum = s.cast.forum
		cmd = say
	}
	thing, err := s.says(ctx, m, cmd)
	if err != nil {
		return "", fmt.Errorf("couldn't play a step of the story as %s: %w", m, err)
	}
	return thing, s.settle(ctx)
}

// says has a side say something: what speaks for it the secretary drafts, and the head clears and releases.
func (s *stage) says(ctx context.Context, m jisr.MemberID, cmd node.Command) (jisr.ThingID, error) {
	n, secretary, head := s.nodes[m], s.caller(m, postDrafter), s.caller(m, postReleaser)
	say, ok := cmd.(node.Say)
	if !ok || !node.Formal(node.Verb(say.Kind)) {
		by := head
		switch cmd.(type) {
		case node.ClearMinutes:
			by = secretary
		case node.SignMinutes:
			by = s.releases(m, jisr.KindMinutesSign)
		}
		done, err := n.Do(ctx, by, cmd)
		return done.Thing, err
	}
	step, err := say.Step()
	if err != nil {
		return "", err
	}
	draft, err := n.Do(ctx, secretary, node.DraftStep{Forum: say.Forum, About: say.ID, Step: step})
	if err != nil {
		return "", err
	}
	if _, err := n.Do(ctx, head, node.ClearStep{ID: draft.Thing, Version: 1}); err != nil {
		return "", err
	}
	done, err := n.Do(ctx, head, node.ReleaseStep{ID: draft.Thing, Version: 1, Kind: say.Kind})
	return done.Thing, err
}

// settle waits until every node's book holds the same.
func (s *stage) settle(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		same, err := s.settled(limit)
		if same || err != nil {
			return err
		}
		select {
		case <-limit.Done():
			return fmt.Errorf("couldn't see the nodes hold the same: %w", limit.Err())
		case <-tick.C:
		}
	}
}

func (s *stage) settled(ctx context.Context) (bool, error) {
	var first map[jisr.MemberID]jisr.Index
	for _, n := range s.nodes {
		_, sizes, err := n.Book().Digest(ctx, s.cast.forum)
		if err != nil {
			return false, err
		}
		wanting, err := n.Book().Wanting(ctx)
		if err != nil || len(wanting) > 0 {
			return false, err
		}
		if first == nil {
			first = sizes
		}
		if !maps.Equal(first, sizes) {
			return false, nil
		}
	}
	return true, nil
}

func (s *stage) daysAgo(n int) jisr.Date {
	return jisr.Date(s.now.AddDate(0, 0, -n).Format(time.DateOnly))
}

// proposeSession proposes and agrees a date and an agenda.
func (s *stage) proposeSession(ctx context.Context, body jisr.ThingID, session, ago int, host jisr.MemberID) (jisr.ThingID, error) {
	place := map[jisr.MemberID]jisr.Text{"iq": {"ar": "بغداد", "en": "Baghdad"}, "sy": {"ar": "دمشق", "en": "Damascus"}}[host]
	id, err := s.say(ctx, host, node.Say{Kind: jisr.KindMeetingPropose, Terms: jisr.MeetingTerms{Body: body, Session: session, Begins: string(s.daysAgo(ago)) + "T10:00:00+03:00",
		Zone: "Asia/Baghdad", Place: place, Mode: jisr.InPerson}})
	if err != nil {
		return "", err
	}
	if err := s.agree(ctx, otherOf(host), id); err != nil {
		return "", err
	}
	item := func(ref, ar, en string, p jisr.Purpose) jisr.AgendaItem {
		return jisr.AgendaItem{Ref: ref, Title: jisr.Text{"ar": ar, "en": en}, Purpose: p, Proposer: host}
	}
	_, err = s.say(ctx, host, node.Say{ID: id, Kind: jisr.KindMeetingAgenda, Terms: jisr.AgendaTerms{Items: []jisr.AgendaItem{
		item("done", "ما نُفّذ منذ الدورة السابقة", "What was done since the last session", jisr.ForInformation),
		item("steps", "خطوات جديدة في المياه والمنافذ والتجارة", "New steps on water, crossings and trade", jisr.ForDecision),
		item("next", "الدورة المقبلة", "The next session", jisr.ForDecision)}}})
	return id, err
}

// agree agrees to what is on the table of a meeting: the agenda where there is one, else the date.
func (s *stage) agree(ctx context.Context, m jisr.MemberID, id jisr.ThingID) error {
	v, err := s.nodes[m].Book().Thing(ctx, book.Whole(), s.cast.forum, id)
	if err != nil {
		return err
	}
	hash := v.State.Meeting.Live
	if n := len(v.State.Meeting.Agendas); n > 0 {
		hash = v.State.Meeting.Agendas[n-1].Hash
	}
	_, err = s.say(ctx, m, node.Say{ID: id, Kind: jisr.KindMeetingAgree, Terms: jisr.AgreeTerms{Hash: hash}})
	return err
}

// session plays a session from its date to signed minutes, with the commitments that arise in it.
func (s *stage) session(ctx context.Context, body jisr.ThingID, session, ago int, made map[int]jisr.ThingID) error {
	host := []jisr.MemberID{"sy", "iq"}[session%2]
	s.clock.forward(time.Duration(ago+25) * 24 * time.Hour)
	id, err := s.proposeSession(ctx, body, session, ago, host)
	if err != nil {
		return err
	}
	if err := s.agree(ctx, otherOf(host), id); err != nil {
		return err
	}
	if _, err := s.say(ctx, host, node.Say{ID: id, Kind: jisr.KindMeetingConvene}); err != nil {
		return err
	}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		head := jisr.Delegate{Post: jisr.Text{"ar": "وكيل الوزارة", "en": "Under-Secretary"}}
		if _, err := s.say(ctx, m, node.Say{ID: id, Kind: jisr.KindMeetingDelegation, Terms: jisr.DelegationTerms{Head: head}}); err != nil {
			return err
		}
	}
	s.clock.forward(time.Duration(ago) * 24 * time.Hour)
	if _, err := s.say(ctx, host, node.Say{ID: id, Kind: jisr.KindMeetingHold, Terms: jisr.HoldTerms{Day: s.daysAgo(ago)}}); err != nil {
		return err
	}
	if err := s.minutes(ctx, session, ago, id, host, made); err != nil {
		return err
	}
	_, err = s.say(ctx, host, node.Say{ID: id, Kind: jisr.KindMeetingClose})
	return err
}

func (s *stage) minutes(ctx context.Context, session, ago int, meeting jisr.ThingID, host jisr.MemberID, made map[int]jisr.ThingID) error {
	id := jisr.MinutesThing(meeting)
	if err := s.propose(ctx, session, id, made); err != nil {
		return err
	}
	name := func(n string) string { return string(host) + "-s" + strconv.Itoa(session) + n }
	ops := []jisr.Op{{Segment: name("a"), Section: "done", Kind: jisr.Narrative}, {Segment: name("b"), Section: "steps", Kind: jisr.DecisionText}, {Segment: name("c"), Section: "next", Kind: jisr.DecisionText}}
	texts := []jisr.Text{
		{"ar": "استعرض الجانبان ما نُفّذ من التعهّدات وما لم يُستكمل بعد.", "en": "Both sides reviewed what was done and what is still to be completed."},
		{"ar": "قررت اللجنة المضي في الخطوات المبينة في التعهّدات أدناه.", "en": "The Committee decided to take the steps set out in the commitments below."},
		{"ar": "تنعقد الدورة المقبلة بعد ثلاثة أشهر.", "en": "The next session is held in three months."}}
	for i, p := range promises() {
		if p.session == session {
			ops = append(ops, jisr.Op{Segment: name("p" + strconv.Itoa(i)), Section: "steps", After: name("b"), Kind: jisr.CommitmentEntry, Ref: made[i]})
			texts = append(texts, nil)
		}
	}
	if _, err := s.say(ctx, host, node.Say{ID: id, Kind: jisr.KindMinutesEdit, Terms: jisr.EditTerms{Ops: ops}, Body: jisr.EditBody{Texts: texts}}); err != nil {
		return err
	}
	for _, m := range []jisr.MemberID{host, otherOf(host)} {
		cmd := node.ClearMinutes{Forum: s.cast.forum, ID: id, Intent: jisr.NonBinding, Next: s.daysAgo(ago - 90)}
		if _, err := s.say(ctx, m, cmd); err != nil {
			return err
		}
	}
	for _, m := range []jisr.MemberID{host, otherOf(host)} {
		if _, err := s.say(ctx, m, node.SignMinutes{Forum: s.cast.forum, ID: id}); err != nil {
			return err
		}
	}
	return nil
}

// propose puts the commitments of a session on the table.
func (s *stage) propose(ctx context.Context, session int, source jisr.ThingID, made map[int]jisr.ThingID) error {
	for i, p := range promises() {
		if p.session != session {
			continue
		}
		desk := map[string]jisr.DeskID{"water": deskWater, "borders": deskBorders, "trade": deskBorders, "security": deskCyber}[p.sector]
		if desk == "" {
			desk = deskForeign
		}
		office := func(m jisr.MemberID) jisr.Office { return jisr.Office{Member: m, Desk: desk, Name: s.desk(m, desk)} }
		t := jisr.CommitmentTerms{Type: jisr.Deliverable, Title: jisr.Text{"ar": p.ar, "en": p.en}, Debtor: office(p.debtor), Beneficiary: office(otherOf(p.debtor)), Due: s.daysAgo(-p.due), Sector: p.sector, Funding: jisr.Funded}
		if source != "" {
			t.Source = &jisr.Source{Thing: source, Part: "steps"}
		}
		done, err := s.nodes[p.debtor].Do(ctx, s.caller(p.debtor, postReleaser), node.Say{Forum: s.cast.forum, Kind: jisr.KindCommitmentPropose, Terms: t, Body: jisr.CommitmentBody{
			Text: jisr.Text{"ar": "يقدم الجانب المتعهِّد: " + p.ar + ".", "en": "The debtor provides: " + p.en + "."},
			Test: jisr.Text{"ar": "وصول المطلوب كاملاً إلى الجهة المستفيدة وتأكيدها ذلك.", "en": "The beneficiary has received all of it and says so."}}})
		if err != nil {
			return err
		}
		made[i] = done.Thing
	}
	return s.settle(ctx)
}

// keep plays what was done about the commitments since, step by step, so that each side answers what it has received.
func (s *stage) keep(ctx context.Context, made map[int]jisr.ThingID) error {
	for step := range 6 {
		s.clock.forward(time.Duration(60-8*step) * 24 * time.Hour)
		for i, p := range promises() {
			if step >= len(p.steps) {
				continue
			}
			if err := s.step(ctx, p, made[i], p.steps[step]); err != nil {
				return fmt.Errorf("couldn't play %s of %s: %w", p.steps[step], p.en, err)
			}
		}
		if err := s.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) step(ctx context.Context, p promised, id jisr.ThingID, step string) error {
	v, err := s.nodes[p.debtor].Book().Thing(ctx, book.Whole(), s.cast.forum, id)
	if err != nil {
		return err
	}
	c, by := v.State.Commitment, p.debtor
	say := node.Say{Forum: s.cast.forum, ID: id, Kind: jisr.Kind("commitment." + step), Terms: jisr.Reason{Reason: "بانتظار استكمال الإجراءات"}}
	switch step {
	case "assign":
		say.Terms = jisr.AssignTerms{Desk: c.Debtor.Desk, Name: c.Debtor.Name}
	case "progress":
		say.Terms = jisr.ProgressTerms{Text: "العمل جارٍ بحسب الخطة"}
	case "report":
		say.Terms, say.Body = jisr.ReportTerms{}, jisr.EvidenceBody{Text: jisr.Text{"ar": "أُنجز المطلوب وأُرسل إلى الجهة المستفيدة.", "en": "Done and sent to the beneficiary."}}
	case "return", "accept", "remarks":
		by = otherOf(by)
		say.Terms = jisr.ReviewTerms{Report: c.Newest().Position}
		if step == "return" {
			say.Terms = jisr.ReviewTerms{Report: c.Newest().Position, Reason: "يُستكمل الجزء المتعلق بالربع الأخير"}
		}
		if step == "remarks" {
			say.Kind, say.Terms = jisr.KindCommitmentAccept, jisr.ReviewTerms{Report: c.Newest().Position, Remarks: true, Reason: "يُحدَّث الجدول كل ستة أشهر"}
		}
	case "extend":
		say.Terms = jisr.ExtendTerms{To: c.Due.Add(45), Reason: "تأخر وصول المعدات"}
	case "grant":
		by, say.Terms = otherOf(by), jisr.AnswerTerms{To: c.Asked().Position}
	case "raise":
		by, say.Terms = otherOf(by), jisr.RaiseTerms{Level: 2}
	case "release":
		say.Terms = jisr.EndTerms{Reason: "أُدرج في برنامج آخر"}
		if _, err := s.says(ctx, otherOf(by), say); err != nil {
			return err
		}
	}
	_, err = s.says(ctx, by, say)
	return err
}

// inWriting leaves a decision in writing that waits for the other side, between two sessions.
func (s *stage) inWriting(ctx context.Context, body jisr.ThingID) error {
	s.clock.forward(4 * 24 * time.Hour)
	_, err := s.say(ctx, "sy", node.Say{ID: body, Kind: jisr.KindBodyCirculate, Terms: jisr.CirculateTerms{Title: jisr.Text{"ar": "فتح محطة قياس في البوكمال", "en": "Opening of a gauging station at Al-Bukamal"}},
		Body: jisr.EvidenceBody{Text: jisr.Text{"ar": "تُفتح محطة قياس في البوكمال قبل موسم الفيضان، ويتولى كل جانب تجهيزاته.", "en": "A gauging station is opened at Al-Bukamal before the flood season; each side provides its own equipment."}}})
	return err
}

// coming is the fourth session: its date is agreed, and its agenda waits for the other side.
func (s *stage) coming(ctx context.Context, body jisr.ThingID) error {
	s.clock.forward(11 * 24 * time.Hour)
	_, err := s.proposeSession(ctx, body, 4, -21, "sy")
	return err
}
