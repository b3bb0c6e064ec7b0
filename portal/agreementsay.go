package portal

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

// sayView is the form in which an official prepares a step about an agreement. It leaves as an outgoing act: a second
// official clears and releases it.
type sayView struct {
	Page
	Title    string
	Means    string // what the step does, and what follows
	Line     line
	Action   string
	Back     string
	Problems []Problem
	Fields   []sayingField
	Grave    bool   // it commits the member
	Offered  string // what another party stated of it already
}

// Wrong is what is wrong with a field; empty: nothing.
func (v *sayView) Wrong(field string) string {
	for _, p := range v.Problems {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

// sayFields lists what each step asks for. What the node knows itself (the text, the window, today) is not asked.
func sayFields(k jisr.Kind) []string {
	switch k {
	case jisr.KindAgreementNegotiate, jisr.KindAgreementDeclare:
		return []string{"binding"}
	case jisr.KindAgreementAdopt, jisr.KindAgreementInitial, jisr.KindAgreementReopen, jisr.KindAgreementSign:
		return []string{"authority"}
	case jisr.KindAgreementConcord:
		return []string{"pair", "word", "segments"}
	case jisr.KindAgreementSeal:
		return []string{"closes", "place"}
	case jisr.KindAgreementCommit:
		return []string{"authority", "mode"}
	case jisr.KindAgreementNotify:
		return []string{"authority", "instrument"}
	case jisr.KindAgreementDeposit:
		return []string{"authority", "instrument"}
	case jisr.KindAgreementReserve:
		return []string{"authority", "reservation_ar", "reservation_en"}
	case jisr.KindAgreementUnreserve:
		return []string{"authority", "reason"}
	case jisr.KindAgreementXchg:
		return []string{"authority", "on", "place"}
	case jisr.KindAgreementForce, jisr.KindAgreementResume, jisr.KindAgreementTerminate:
		return []string{"authority", "on"}
	case jisr.KindAgreementProvis, jisr.KindAgreementExtend, jisr.KindAgreementPause:
		return []string{"authority", "on", "until"}
	case jisr.KindAgreementSuspend, jisr.KindAgreementDenounce:
		return []string{"authority", "ground", "from", "reason"}
	case jisr.KindAgreementAbandon, jisr.KindAgreementProvEnd:
		return []string{"authority", "reason"}
	case jisr.KindAgreementConfirm:
		return []string{"authority", "date"}
	case jisr.KindAgreementReceive:
		return []string{"date"}
	case jisr.KindAgreementObject:
		return []string{"authority", "precludes", "reason"}
	case jisr.KindAgreementRevoke, jisr.KindAgreementContest, jisr.KindAgreementCorrectObject:
		return []string{"authority", "reason"}
	case jisr.KindAgreementCorrectAccept:
		return []string{"authority"}
	case jisr.KindAgreementCorrect:
		return []string{"authority", "segment", "lang", "was", "reads"}
	case jisr.KindAgreementDormant:
		return []string{"dormancy", "continuity", "channel"}
	case jisr.KindAgreementRegister:
		return []string{"with", "number", "date"}
	case jisr.KindAgreementMilestone:
		return []string{"title_ar", "title_en", "state", "date"}
	}
	return nil
}

// graveSteps commit the member in the form of a treaty; the form says so.
func graveSteps() []jisr.Kind {
	return []jisr.Kind{jisr.KindAgreementInitial, jisr.KindAgreementSeal, jisr.KindAgreementCommit, jisr.KindAgreementVerbal, jisr.KindAgreementNotify,
		jisr.KindAgreementXchg, jisr.KindAgreementDenounce, jisr.KindAgreementSuspend, jisr.KindAgreementTerminate, jisr.KindAgreementAbandon, jisr.KindAgreementDeposit}
}

func sayKind(r *request) jisr.Kind {
	return jisr.Kind("agreement." + clip(r.PathValue("verb"), maxField))
}

func (s *site) askSay(r *request) (*answer, error) {
	v, _, err := s.sayView(r, nil)
	if err != nil {
		return nil, err
	}
	return &answer{page: sayPage(v)}, nil
}

// sayView makes the form; a step that is not one of this member's turn now is refused at once.
func (s *site) sayView(r *request, problems []Problem) (sayView, *book.ThingView, error) {
	rd := s.reader(r)
	k := sayKind(r)
	if err := node.May(r.caller, "outgoing.draft"); err != nil {
		return sayView{}, nil, err
	}
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return sayView{}, nil, err
	}
	next, err := s.node.Next(r.Context(), rd.scope, t.Forum, t.ID)
	if err != nil {
		return sayView{}, nil, err
	}
	if !slices.Contains(next, k) {
		return sayView{}, nil, jisr.Refuse(jisr.NotOneOf, "step", "got", string(k))
	}
	verb := strings.TrimPrefix(string(k), "agreement.")
	v := sayView{Page: s.page(r, "agreements"), Title: rd.l.T("agreement.say." + verb), Means: rd.l.T("agreement.say." + verb + ".means"), Line: rd.agreementLine(&t.ThingRow),
		Action: rd.agreementURL(t.Forum, t.ID, "say", verb), Back: rd.agreementURL(t.Forum, t.ID), Problems: problems, Grave: slices.Contains(graveSteps(), k)}
	if act := r.URL.Query().Get("act"); act != "" {
		v.Action += "?act=" + clip(act, maxField)
	}
	values := rd.proposedDays(k)
	if x := t.State.Agreement.Offered(k, rd.self); x != nil {
		if err := s.offered(r, rd, &t, x, &v, values); err != nil {
			return v, nil, err
		}
	}
	for name := range r.PostForm {
		values[name] = clip(r.PostForm.Get(name), jisr.MaxSegmentText)
	}
	for _, name := range sayFields(k) {
		if name == "closes" && t.State.Agreement.Open() != nil {
			continue // it stands in the window that the other side has opened
		}
		if name == "precludes" && !t.State.Agreement.Multilateral() {
			continue // only a reservation is objected to so
		}
		f, err := s.stepField(r, rd, &t, k, name)
		if err != nil {
			return v, nil, err
		}
		f.Error, f.Value, f.Day = v.Wrong(name), values[name], [3]string{values[name+".day"], values[name+".month"], values[name+".year"]}
		if f.Kind == "time" {
			f.Value = values[name+".hour"]
		}
		v.Fields = append(v.Fields, f)
	}
	return v, &t, nil
}

// offered says what another party stated of a step that all must state alike, and puts the same into the form.
func (s *site) offered(r *request, rd reader, t *book.ThingView, x *jisr.Accord, v *sayView, values map[string]string) error {
	labels, err := s.segmentLabels(r.Context(), rd, t)
	if err != nil {
		return err
	}
	v.Offered = rd.l.T("agreement.offered", "member", rd.nameAll(slices.Sorted(maps.Keys(x.By))), "what", rd.stated(x, labels))
	for name, d := range map[string]jisr.Date{"on": x.On, "until": x.Until} {
		values[name+".day"], values[name+".month"], values[name+".year"] = "", "", ""
		if at, err := time.Parse(time.DateOnly, string(d)); err == nil {
			values[name+".day"], values[name+".month"], values[name+".year"] = at.Format("2"), at.Format("1"), at.Format("2006")
		}
	}
	values["place"] = inLanguage(rd.l, x.Place)
	return nil
}

// alike gives the terms of a step that all must state alike the place in the words of who stated it, where the form still has it, and
// the parts of the text that it is about, for which the form does not ask.
func (s *site) alike(r *request, rd reader, k jisr.Kind, terms map[string]any) error {
	t, err := s.loadAgreement(r.Context(), rd, jisr.ForumID(r.PathValue("forum")), agreementID(r))
	if err != nil {
		return err
	}
	x := t.State.Agreement.Offered(k, rd.self)
	if x == nil {
		return nil
	}
	if place := inLanguage(rd.l, x.Place); place != "" && strings.TrimSpace(r.PostForm.Get("place")) == place {
		terms["place"] = x.Place
	}
	if len(x.Segments) > 0 {
		terms["segments"] = x.Segments
	}
	return nil
}

// proposedDays are the days that are mostly meant: today; for signing, until its end, or late in the evening until noon of
// tomorrow.
func (rd reader) proposedDays(k jisr.Kind) map[string]string {
	values := map[string]string{"closes.hour": "23:59"}
	day := map[string]time.Time{"date": rd.now, "closes": rd.now}
	if rd.now.In(rd.zone).Hour() >= 22 {
		day["closes"], values["closes.hour"] = rd.now.AddDate(0, 0, 1), "12:00"
	}
	if k != jisr.KindAgreementExtend {
		day["on"] = rd.now
	}
	for name, t := range day {
		t = t.In(rd.zone)
		values[name+".day"], values[name+".month"], values[name+".year"] = t.Format("2"), t.Format("1"), t.Format("2006")
	}
	return values
}

// stepField says how one field is asked for.
func (s *site) stepField(r *request, rd reader, t *book.ThingView, k jisr.Kind, name string) (sayingField, error) {
	f := sayingField{Field: Field{Name: name, Label: rd.l.T("agreement.field." + name), Wide: true}, Kind: "line", Max: jisr.MaxReason}
	if key := "agreement.field." + name + ".hint"; rd.l.Has(key) {
		f.Hint = rd.l.T(key)
	}
	chosen := r.PostForm.Get(name)
	choose := func(kind, prefix string, values ...string) {
		f.Kind = kind
		for i, o := range values {
			f.Options = append(f.Options, Option{Value: o, Word: known(rd.l, prefix, o), On: o == chosen || chosen == "" && i == 0})
		}
	}
	switch name {
	case "authority":
		return f, s.authorityField(r, rd, t, k, &f, chosen)
	case "binding":
		choose("radios", "agreement.binding.", "yes", "no")
	case "mode":
		choose("radios", "agreement.mode.", string(jisr.FullSignature), string(jisr.SignatureAdReferendum))
	case "word":
		choose("radios", "agreement.word.", string(jisr.ConcordChecked), string(jisr.ConcordDisputed))
	case "instrument":
		choose("choice", "agreement.instrument.", strs(instrumentsFor(k))...)
	case "ground":
		choose("choice", "agreement.ground.", strs(jisr.Grounds())...)
	case "dormancy":
		choose("radios", "agreement.dormant.", strs(jisr.DormancyReasons())...)
	case "state":
		choose("choice", "domestic.state.", strs(jisr.StepStates())...)
	case "with":
		choose("radios", "agreement.with.", "un", "arab-league")
	case "pair", "lang":
		rd.languageField(t, &f, name, chosen)
	case "segment", "continuity", "segments":
		return f, s.segmentField(r, rd, t, &f)
	case "on", "until", "from", "date":
		f.Kind = "day"
		f.Optional = name == "from" || name == "until"
	case "closes":
		f.Kind = "time"
	case "reason":
		f.Kind, f.Optional = "text", k != jisr.KindAgreementObject && k != jisr.KindAgreementContest && k != jisr.KindAgreementCorrectObject
	case "was", "reads":
		f.Kind, f.Max = "text", jisr.MaxSegmentText
	case "precludes":
		choose("radios", "agreement.precludes.", "no", "yes")
	case "reservation_ar", "reservation_en":
		lang := name[len(name)-2:]
		f.Kind, f.Lang, f.Max, f.Optional = "text", lang, jisr.MaxSegmentText, lang == "en"
	case "place", "channel":
		f.Optional, f.Max = true, jisr.MaxTitle
	case "title_ar", "title_en":
		f.Label, f.Lang, f.Max = rd.l.T("agreement.field.milestone."+name[len(name)-2:]), name[len(name)-2:], jisr.MaxTitle
		f.Optional = name == "title_en"
	}
	return f, nil
}

func instrumentsFor(k jisr.Kind) []jisr.Instrument {
	if k == jisr.KindAgreementNotify {
		return []jisr.Instrument{jisr.Completion, jisr.Ratification, jisr.Approval, jisr.Acceptance}
	}
	return jisr.Instruments()
}

func strs[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}

// authorityField offers the full powers that this member's posts hold for such a step, the offices that need none, and acting
// without: what is done so waits for confirmation (Vienna Convention, articles 7 and 8).
func (s *site) authorityField(r *request, rd reader, t *book.ThingView, k jisr.Kind, f *sayingField, chosen string) error {
	needs := jisr.PowersFor(k)
	f.Kind = "radios"
	err := s.eachMandate(r.Context(), rd, t, func(row *book.ThingRow) {
		if m := row.State.Mandate; m.Of == rd.self && m.Revoked == nil && m.Standing(rd.today) != jisr.MandateExpired && slices.Contains(m.Acts, needs) {
			f.Options = append(f.Options, Option{Value: string(row.ID), Word: rd.l.T("agreement.authority.mandate", "post", rd.say(m.Post).String())})
		}
	})
	for _, c := range jisr.Capacities() {
		if c == jisr.HeadOfMission && needs != jisr.MayAdopt { // article 7(2)(b)
			continue
		}
		f.Options = append(f.Options, Option{Value: string(c), Word: known(rd.l, "agreement.capacity.", string(c))})
	}
	f.Options = append(f.Options, Option{Value: "none", Word: rd.l.T("agreement.authority.none"), Hint: rd.l.T("agreement.authority.none.hint")})
	for i := range f.Options {
		f.Options[i].On = f.Options[i].Value == chosen || chosen == "" && i == 0
	}
	return err
}

// languageField offers the languages of the text that counts, or pairs of them.
func (rd reader) languageField(t *book.ThingView, f *sayingField, name, chosen string) {
	c := t.State.Agreement.Clauses()
	if c == nil {
		return
	}
	f.Kind = "choice"
	for i, a := range c.Languages {
		if name == "lang" {
			f.Options = append(f.Options, Option{Value: a, Word: rd.languageName(a), On: chosen == a})
			continue
		}
		for _, b := range c.Languages[i+1:] {
			f.Options = append(f.Options, Option{Value: a + " " + b, Word: rd.l.T("agreement.pair", "a", rd.languageName(a), "b", rd.languageName(b)), On: chosen == a+" "+b})
		}
	}
}

const maxHint = 60 // characters of a segment by which a form shows which one is meant

// segmentField offers the segments of the text that counts: one of them, or any of several.
func (s *site) segmentField(r *request, rd reader, t *book.ThingView, f *sayingField) error {
	f.Kind, f.Optional = "checks", true
	if f.Name == "segment" {
		f.Kind, f.Optional = "choice", false
	}
	text, _, _, err := s.texts(r.Context(), rd, t, "", "")
	if err != nil || text == nil {
		return err
	}
	labels, text := rd.labels(text), rd.ours(text, t.State.Agreement.Parties)
	for i := range text.Segments {
		sg := &text.Segments[i]
		if f.Kind == "checks" && newRow(sg.ID, sg.Kind, "").Heading && sg.Kind != jisr.SegmentArticle {
			continue
		}
		said := []rune(inLanguage(rd.l, sg.Text))
		if len(said) > maxHint {
			said = append(said[:maxHint], '…')
		}
		f.Options = append(f.Options, Option{Value: sg.ID, Word: labels[sg.ID] + ": " + string(said), On: slices.Contains(r.PostForm[f.Name], sg.ID) || r.URL.Query().Get("segment") == sg.ID})
	}
	return nil
}

// say takes the form, and prepares the step.
func (s *site) say(r *request) (*answer, error) {
	k := sayKind(r)
	rd := s.reader(r)
	terms, body, problem := rd.sayTerms(r, k)
	if problem == nil {
		if err := s.alike(r, rd, k, terms); err != nil {
			return nil, err
		}
		step, err := node.NewStep(k, terms, body)
		if err != nil {
			return nil, err
		}
		done, err := s.node.Do(r.Context(), r.caller, node.DraftStep{Forum: jisr.ForumID(r.PathValue("forum")), About: agreementID(r), Step: step})
		if err == nil {
			return &answer{to: rd.url("outgoing", done.Thing.Name())}, nil
		}
		if !errors.As(err, &problem) {
			return nil, err
		}
	}
	v, _, err := s.sayView(r, []Problem{{Field: sayFieldOf(k, problem.Subject), Text: sentence(rd.l, problem)}})
	if err != nil {
		return nil, err
	}
	return &answer{status: 422, page: sayPage(v)}, nil
}

// sayFieldOf is the field that a refusal is about; empty: of the whole form.
func sayFieldOf(k jisr.Kind, subject string) string {
	if slices.Contains(sayFields(k), subject) {
		return subject
	}
	return ""
}

// sayTerms puts the form together as the terms and body of the step; what is left out the node fills in.
func (rd reader) sayTerms(r *request, k jisr.Kind) (terms map[string]any, body any, problem *jisr.Refusal) {
	terms = map[string]any{}
	get := func(name string) string { return unixLines(strings.ToValidUTF8(r.PostForm.Get(name), "\uFFFD")) }
	if p, ok := positionOf(r.URL.Query().Get("act")); ok {
		terms["act"] = p
		terms["date"] = rd.today
	}
	for _, name := range sayFields(k) {
		switch name {
		case "authority":
			authority(terms, get(name))
		case "binding":
			terms["binding"] = get(name) == "yes"
		case "pair":
			a, b, _ := strings.Cut(get(name), " ")
			terms["pair"] = [2]string{a, b}
		case "segments", "continuity":
			if all := bounded(r.PostForm[name], jisr.MaxSegments); len(all) > 0 {
				terms[name] = all
			}
		case "place":
			if at := get(name); at != "" && k != jisr.KindAgreementSeal {
				terms["place"] = jisr.Text{r.lang: at}
			}
		case "on", "until", "from", "date":
			if d := dayOf(r.PostForm, name); d != "" {
				terms[name] = d
			}
		case "closes":
			at, err := rd.closingTime(r)
			if err != nil {
				return nil, nil, err
			}
			if !at.IsZero() {
				w := jisr.WindowTerms{Closes: at.UTC()}
				if p := get("place"); p != "" {
					w.Place = jisr.Text{r.lang: p}
				}
				terms["window"] = w
			}
		case "dormancy":
			terms["reason"] = get(name)
			terms["date"] = rd.today
		case "was", "reads":
			body = jisr.CorrectionBody{Was: get("was"), Reads: words.Tidy(get("lang"), get("reads"))}
		case "precludes":
			if get(name) == "yes" {
				terms[name] = true
			}
		case "reservation_ar":
			body = jisr.ReservationBody{Text: written(r, "reservation")}
		case "reservation_en":
		case "title_ar":
			terms["title"] = written(r, "title")
		case "title_en":
		default:
			if v := get(name); v != "" {
				terms[name] = v
			}
		}
	}
	return terms, body, nil
}

func authority(terms map[string]any, choice string) {
	switch {
	case strings.HasPrefix(choice, "mandate/"):
		terms["mandate"] = choice
	case slices.Contains(strs(jisr.Capacities()), choice):
		terms["capacity"] = choice
	}
}

// positionOf reads "iq.12"; false when it is none.
func positionOf(s string) (p jisr.Position, ok bool) {
	m, i, found := strings.Cut(s, ".")
	n, err := strconv.ParseInt(i, 10, 64)
	return jisr.Position{Member: jisr.MemberID(m), Index: jisr.Index(n)}, found && err == nil && n >= 0 && jisr.ValidMember(jisr.MemberID(m))
}

// closingTime reads the hour until which a text may be signed, in the member's zone; zero when it is left open.
func (rd reader) closingTime(r *request) (time.Time, *jisr.Refusal) {
	day := dayOf(r.PostForm, "closes")
	if day == "" {
		return time.Time{}, nil
	}
	hour := latinDigits(r.PostForm.Get("closes.hour"))
	at, err := time.ParseInLocation("2006-01-02 15:04", string(day)+" "+hour, rd.zone)
	if err != nil {
		return at, jisr.Refuse(jisr.Malformed, "closes", "want", "14:30")
	}
	return at, nil
}

// outgoingView is a joint act in preparation: what it would say, and its clearance.
type outgoingView struct {
	Page
	Title   string
	Line    line
	State   tag
	Means   string
	Facts   []factLine
	Back    string
	Says    [][]column // its texts, where it is about a meeting or a commitment
	Files   []string
	Text    string // address of the text it would table; empty: it tables none
	By      []string
	Reason  said
	Version int
	URL     string
	Clear   action
	Return  action
	Release action
	Discard string
	Grave   bool
	Custody custodyPart // no level: there is nothing that anybody could be named for
}

func outgoingID(r *request) jisr.ThingID { return jisr.ThingID("outgoing/" + r.PathValue("id")) }

func (s *site) outgoing(r *request) (*answer, error) {
	rd := s.reader(r)
	row, body, err := s.node.Book().Outgoing(r.Context(), rd.scope, outgoingID(r))
	if err == nil {
		err = s.node.ReadsOutgoing(r.Context(), r.caller, &row)
	}
	if err != nil {
		return nil, err
	}
	o := &row.Outgoing
	if o.Released != nil {
		return &answer{to: s.saidURL(r, rd, o)}, nil
	}
	v := outgoingView{Page: s.live(r, navOf(o.About.Noun())), Back: s.saidURL(r, rd, o), Title: known(rd.l, "act.kind.", string(o.Kind)), State: rd.stateTag(o.State()), Means: rd.l.T("outgoing.state." + string(o.State()) + ".means"),
		Facts: rd.termFacts(body.Terms), Version: o.Version, URL: rd.url("outgoing", row.ID.Name()), Grave: slices.Contains(graveSteps(), o.Kind)}
	if t, err := s.node.Book().Thing(r.Context(), s.node.ScopeOf(r.caller), o.Forum, o.About); err == nil {
		v.Line = rd.thingLine(&t.ThingRow)
	}
	titles, err := s.titles(r.Context(), rd)
	if err != nil {
		return nil, err
	}
	for _, by := range o.Drafters {
		v.By = append(v.By, titleOf(titles, by))
	}
	v.Says = rd.outgoingSays(o.Kind, body)
	for _, f := range body.Files {
		v.Files = append(v.Files, f.Name)
	}
	if o.Reason != "" {
		v.Reason = said{Dir: "auto", Pieces: []piece{{Text: o.Reason}}}
	}
	if o.Kind == jisr.KindAgreementTable {
		v.Text = v.URL + "/text"
	}
	if facts := s.writtenFacts(r, rd, o, body.Terms); facts != nil {
		v.Facts = facts
	}
	if o.Kind == jisr.KindReadoutRelease {
		v.Facts = s.readoutFacts(r, rd, o.Forum, body.Terms)
	}
	rd.outgoingActions(o, &v)
	held, err := s.heldOrBegun(r.Context(), rd, o.Forum, o.About)
	if err == nil {
		v.Custody, err = s.custodyOf(r.Context(), rd, held)
	}
	if err != nil && !isKind(err, jisr.NoSuch) { // what a discarded act would have begun is not there
		return nil, err
	}
	return &answer{page: outgoingPage(v)}, nil
}

// navOf is the entry of the navigation under which a thing of a noun is found.
func navOf(noun string) string {
	switch noun {
	case "commitment":
		return "commitments"
	case "body", "meeting", "minutes":
		return "meetings"
	case "statement", "readout":
		return "statements"
	}
	return "agreements"
}

// outgoingSays is what people read of an act in preparation about a commitment, a readout or a body: its text, the test, the evidence.
func (rd reader) outgoingSays(k jisr.Kind, body jisr.OutgoingBody) (all [][]column) {
	var b struct{ Text, Test jisr.Text }
	if !slices.Contains([]string{"commitment", "readout", "body"}, nounOf(k)) || json.Unmarshal(body.Body, &b) != nil {
		return nil
	}
	for _, t := range []jisr.Text{b.Text, b.Test} {
		if !t.Empty() {
			all = append(all, rd.columns(&jisr.NoteBody{Text: t}))
		}
	}
	return all
}

func nounOf(k jisr.Kind) string {
	noun, _, _ := strings.Cut(string(k), ".")
	return noun
}

// outgoingActions says what this official may do with it, or why not.
func (rd reader) outgoingActions(o *jisr.Outgoing, v *outgoingView) {
	by := rd.caller.By()
	can := func(verb node.Verb, err error, at string) action {
		if e := node.May(rd.caller, verb); e != nil {
			return action{Why: rd.why(e)}
		}
		if err != nil {
			return action{Why: rd.why(err)}
		}
		return action{URL: v.URL + at}
	}
	if o.Cleared == nil {
		v.Clear = can("outgoing.clear", o.MayClear(by, o.Version), "/clear")
	}
	v.Return = can("outgoing.return", o.MayReturn(by, o.Version), "/return")
	if o.Cleared != nil {
		v.Release = can(node.Verb(o.Kind), o.MayRelease(by, o.Version), "/release")
	}
	if node.May(rd.caller, "outgoing.discard") == nil && o.MayEdit(o.Version) == nil {
		v.Discard = v.URL + "/discard"
	}
}

// termFacts shows the terms of an act by their names.
func (rd reader) termFacts(terms []byte) (all []factLine) {
	for _, f := range flatten(terms) {
		name := rd.l.T("agreement.term.other")
		if key := "agreement.term." + f.Name; rd.l.Has(key) {
			name = rd.l.T(key)
		}
		all = append(all, factLine{name, rd.termValue(f.Name, f.Value)})
	}
	return all
}

// outgoingDo makes the handler of one decision about an outgoing act.
func outgoingDo(step func(id jisr.ThingID, o *jisr.Outgoing, r *request) node.Command) func(*site, *request) (*answer, error) {
	return func(s *site, r *request) (*answer, error) {
		rd := s.reader(r)
		row, _, err := s.node.Book().Outgoing(r.Context(), rd.scope, outgoingID(r))
		if err != nil {
			return nil, err
		}
		if _, err := s.do(r, step(row.ID, &row.Outgoing, r)); err != nil {
			return nil, err
		}
		after, _, err := s.node.Book().Outgoing(r.Context(), rd.scope, row.ID)
		switch {
		case err != nil:
			return nil, err
		case after.Outgoing.Released != nil:
			return &answer{to: s.saidURL(r, rd, &row.Outgoing)}, nil
		case after.Outgoing.Discarded != nil:
			return &answer{to: s.saidURL(r, rd, &row.Outgoing)}, nil
		}
		return &answer{to: rd.url("outgoing", row.ID.Name())}, nil
	}
}

// saidURL is where an act that has left is seen: its agreement, or that which full powers are about.
func (s *site) saidURL(r *request, rd reader, o *jisr.Outgoing) string {
	if o.About.Noun() == "mandate" {
		t, err := s.node.Book().Thing(r.Context(), s.node.ScopeOf(r.caller), o.Forum, o.About)
		if err == nil && t.State.Mandate != nil {
			for _, id := range t.State.Mandate.Subjects {
				if id.Noun() == "agreement" {
					return rd.agreementURL(o.Forum, id)
				}
			}
		}
	}
	return rd.thingURL(o.Forum, o.About)
}

// term is one value of an act's terms by its name.
type term struct {
	Name  string
	Value any
}

// flatten lists the terms of an act, those of an object inside under their own names.
func flatten(raw []byte) (all []term) {
	var m map[string]any
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	for _, k := range sortedKeys(m) {
		inner, object := m[k].(map[string]any)
		if !object || isText(inner) {
			all = append(all, term{k, m[k]})
			continue
		}
		for _, q := range sortedKeys(inner) {
			all = append(all, term{q, inner[q]})
		}
	}
	return all
}

func isText(m map[string]any) bool {
	for k, v := range m {
		if _, s := v.(string); !s || len(k) > 3 {
			return false
		}
	}
	return len(m) > 0
}

// termValue shows a value of an act's terms: a word where it is one of ours, a day as a day, a text in the reader's language.
func (rd reader) termValue(name string, v any) string {
	switch v := v.(type) {
	case bool:
		return rd.l.T("agreement.binding." + map[bool]string{true: "yes", false: "no"}[v])
	case string:
		switch {
		case jisr.Date(v).Valid():
			return rd.l.Day(v)
		case name == "handling":
			return rd.handling(jisr.Handling(v))
		case name == "parties" || name == "depositary":
			return rd.sideName(jisr.MemberID(v))
		}
		for _, prefix := range []string{"agreement." + name + ".", "domestic." + name + ".", "agreement.dormant."} {
			if rd.l.Has(prefix + v) {
				return rd.l.T(prefix + v)
			}
		}
		return rd.l.Isolate(v)
	case []any:
		var all []string
		for _, x := range v {
			all = append(all, rd.termValue(name, x))
		}
		return strings.Join(all, rd.l.T("list.comma")+" ")
	case map[string]any:
		t := jisr.Text{}
		for k, x := range v {
			t[k], _ = x.(string)
		}
		return rd.say(t).String()
	case float64:
		return rd.l.Number(int64(v))
	}
	return ""
}

// outgoingText shows the text that an act in preparation would table, against the text that counts now.
func (s *site) outgoingText(r *request) (*answer, error) {
	rd := s.reader(r)
	row, body, err := s.node.Book().Outgoing(r.Context(), rd.scope, outgoingID(r))
	if err == nil {
		err = s.node.ReadsOutgoing(r.Context(), r.caller, &row)
	}
	var text jisr.InstrumentText
	if err == nil && (row.Outgoing.Kind != jisr.KindAgreementTable || json.Unmarshal(body.Body, &text) != nil) {
		err = jisr.Refuse(jisr.NoSuch, row.ID.Name(), "noun", "text")
	}
	if err != nil {
		return nil, err
	}
	t, err := s.loadAgreement(r.Context(), rd, row.Outgoing.Forum, row.Outgoing.About)
	if err != nil {
		return nil, err
	}
	old, _, _, err := s.texts(r.Context(), rd, &t, "", "")
	if err != nil {
		return nil, err
	}
	hash, err := text.Hash()
	if err != nil {
		return nil, err
	}
	v := textView{Page: s.page(r, "agreements"), Line: rd.agreementLine(&t.ThingRow), Back: rd.url("outgoing", row.ID.Name()), Hash: string(hash)}
	v.Title = v.Line.Subject.String()
	rd.fillText(&v, &t, &text, old, hash)
	v.Which = rd.l.T("outgoing.text")
	return &answer{page: textPage(v)}, nil
}
