package jisr

import (
	"slices"
	"strconv"
	"time"
)

// A batch is records of one type that a party sent in one act. What is said about them later is said about the batch, by
// their places in it:
//
//	sent --correct--> sent otherwise --correct--> …     by who sent them; a correction of a confirmed figure asks for its confirmation anew
//	  |  \
//	  |   --confirm (the other side, of the figure it had received)--> confirmed, until it is corrected
//	  |   --acknowledge (the other side)--> a desk has read the batch
//	  --withdraw--> withdrawn                            by who sent them, as long as nobody confirmed the figure
//
// What was said at the same time: a confirmation is of the figure that its writer had received. A withdrawal that meets the
// confirmation of the same figure has no effect, whichever arrives first: both have said that it is so, and what both have
// said is not taken back by one (practice.md 5.4). Who confirms after having received the withdrawal confirms nothing.

// The acts about records.
const (
	KindRecordBatch       Kind = "record.batch"       // a party: records of one type; content: a JSON list of them
	KindRecordCorrect     Kind = "record.correct"     // who sent them: other records in their place; content: a JSON list, in the order of the places
	KindRecordWithdraw    Kind = "record.withdraw"    // who sent them
	KindRecordAcknowledge Kind = "record.acknowledge" // a receiver: a desk has read the batch
	KindRecordConfirm     Kind = "record.confirm"     // a receiver: the figure is so
	KindRecordErase       Kind = "record.erase"       // a party: the contents may go before their time; once all have said it they do
	KindRecordErased      Kind = "record.erased"      // a party's node: it has deleted its copy, since all agreed or the retention ended
)

// BatchTerms is the terms of record.batch: what rules and lists need; how many, and never what the records say.
type BatchTerms struct {
	Programme ThingID    `json:"programme"`
	Document  Commitment `json:"document"` // the annex it was checked against
	Type      string     `json:"type"`
	Count     int        `json:"count"`
	Handling  Handling   `json:"handling,omitempty"`
	To        []MemberID `json:"to,omitempty"` // who receives it; none: every other member
	// Synthetic says that the records were made by rule, to look at or to try out, and tell of nothing that was. It is marked
	// wherever they show.
	Synthetic bool `json:"synthetic,omitempty"`
	// AcknowledgeBy is when the receivers' desks will have read it, where the annex asks for that.
	AcknowledgeBy *time.Time `json:"acknowledge_by,omitempty"`
}

// Places are places of records in their batch, from 1: runs of them, both ends included, in order.
type Places [][2]int

// PlaceTerms is the terms of record.correct, record.withdraw and record.confirm.
type PlaceTerms struct {
	Records Places `json:"records"`
	Reason  string `json:"reason,omitempty"`
}

// The states of a batch.
const (
	RecordsSent    = "sent"
	RecordsErasing = "erasing" // all agreed that its contents go, or a node deleted its copy, and not every node has
	RecordsErased  = "erased"
)

// ErasedTerms is the terms of record.erased: why the contents went, the one or the other.
type ErasedTerms struct {
	Basis string `json:"basis"` // "agreed" or "retention"
	Until Date   `json:"until,omitempty"`
}

// RecordBatch is the joint state of a batch of records.
type RecordBatch struct {
	BatchTerms
	From MemberID `json:"from"`
	Sent Step     `json:"sent"`

	Acknowledged map[MemberID]Step     `json:"acknowledged,omitempty"`
	Erase        map[MemberID]Step     `json:"erase,omitempty"`   // who agrees that its contents go
	Erased       map[MemberID]Step     `json:"erased,omitempty"`  // whose node has deleted its copy
	Changes      map[int]*RecordChange `json:"changes,omitempty"` // by place; what is not here stands as it was sent
}

// RecordChange is what was said about one record since it was sent.
type RecordChange struct {
	Corrected *RecordVersion    `json:"corrected,omitempty"` // the newest correction
	Withdrawn *Step             `json:"withdrawn,omitempty"`
	Confirmed map[MemberID]Step `json:"confirmed,omitempty"` // of the figure as it stands
}

// RecordVersion is where a corrected record stands: the N-th of the content of the act, from 0.
type RecordVersion struct {
	Step
	N int `json:"n"`
}

// Check holds the terms of record.batch against their form.
func (t *BatchTerms) Check() error {
	switch _, ok := t.Document.Sum(); {
	case !ok:
		return Refuse(Malformed, "document", "want", "sha256:…")
	case t.Programme.Noun() != "programme" || !validThing(t.Programme):
		return Refuse(Malformed, "programme")
	case !validName(t.Type):
		return Refuse(Malformed, "type")
	case t.Count < 1 || t.Count > MaxBatch:
		return Refuse(OutOfRange, "count", "min", "1", "max", itoa(MaxBatch), "got", itoa(t.Count))
	case len(t.To) > MaxMembers:
		return Refuse(TooMany, "to", "max", itoa(MaxMembers))
	}
	for i, m := range t.To {
		if !ValidMember(m) || slices.Contains(t.To[:i], m) {
			return Refuse(Malformed, "to")
		}
	}
	return t.Handling.Check()
}

// Check holds places against their form and the number of records in the batch.
func (p Places) Check(count int) error {
	if len(p) == 0 {
		return Refuse(Missing, "records")
	}
	if len(p) > MaxPlaces {
		return Refuse(TooMany, "records", "max", itoa(MaxPlaces))
	}
	last := 0
	for _, r := range p {
		if r[0] <= last || r[1] < r[0] {
			return Refuse(Malformed, "records", "want", "[[1,3],[7,7]]")
		}
		last = r[1]
	}
	if last > count {
		return Refuse(OutOfRange, "records", "max", itoa(count), "got", itoa(last))
	}
	return nil
}

// Len is how many places there are.
func (p Places) Len() (n int) {
	for _, r := range p {
		n += r[1] - r[0] + 1
	}
	return n
}

// Each calls do for every place in order, with its number from 0.
func (p Places) Each(do func(place, n int)) {
	n := 0
	for _, r := range p {
		for place := r[0]; place <= r[1]; place++ {
			do(place, n)
			n++
		}
	}
}

// PlacesOf writes places as runs.
func PlacesOf(places ...int) (p Places) {
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		if n := len(p); n > 0 && p[n-1][1] == place-1 {
			p[n-1][1] = place
		} else {
			p = append(p, [2]int{place, place})
		}
	}
	return p
}

// ReadPlaces gives the terms of an act about records of a batch.
func ReadPlaces(a *Act) (PlaceTerms, error) { return terms[PlaceTerms](a) }

// RecordName is how one record is called: its batch's name and its place.
func RecordName(batch ThingID, place int) string { return batch.Name() + "." + strconv.Itoa(place) }

// saidOf is an act that names a place.
type saidOf struct {
	act *Act
	n   int // which of the records it names this one is
}

// placeActs is what was said about one place, each in the joint order.
type placeActs struct {
	corrections, withdrawals, confirmations []saidOf
}

// foldBatch takes the first sending by the member in whose name the batch stands, and what was said about its records.
func foldBatch(id ThingID, acts []Act, voids map[Position]*Refusal) *RecordBatch {
	f := batchFold{places: map[int]*placeActs{}, touched: map[MemberID]int{}, moved: map[Position]bool{}}
	for i := range acts {
		if a := &acts[i]; a.Kind == KindRecordBatch {
			f.note(a, f.send(id, a), voids)
		}
	}
	if f.b == nil {
		for i := range acts {
			if acts[i].Kind != KindRecordBatch {
				voids[acts[i].Position] = Refuse(NoSuch, id.Name(), "noun", "record")
			}
		}
		return nil
	}
	for i := range acts {
		if a := &acts[i]; a.Kind != KindRecordBatch {
			f.note(a, f.gather(a), voids)
		}
	}
	for _, place := range sortedKeys(f.places) {
		f.settle(place, f.places[place])
	}
	for i := range acts {
		a := &acts[i]
		if a.Kind.ofPlaces() && voids[a.Position] == nil && !f.moved[a.Position] {
			voids[a.Position] = f.why[a.Position]
		}
	}
	return f.b
}

// batchFold is a batch while it is folded.
type batchFold struct {
	b       *RecordBatch
	places  map[int]*placeActs
	touched map[MemberID]int
	moved   map[Position]bool // acts that have effect on a record
	why     map[Position]*Refusal
}

func (f *batchFold) note(a *Act, err error, voids map[Position]*Refusal) {
	if err != nil {
		voids[a.Position] = asRefusal(err)
	}
}

func (f *batchFold) send(id ThingID, a *Act) error {
	t, err := firstOf[BatchTerms](id, a, f.b != nil)
	if err == nil {
		err = t.Check()
	}
	if err == nil && a.Content == nil {
		err = Refuse(Missing, "content")
	}
	if err == nil {
		f.b = &RecordBatch{BatchTerms: t, From: a.Member, Sent: a.step()}
		f.why = map[Position]*Refusal{}
	}
	return err
}

// ofPlaces tells kinds that name records of a batch.
func (k Kind) ofPlaces() bool {
	return k == KindRecordCorrect || k == KindRecordWithdraw || k == KindRecordConfirm
}

// parties are who sent the batch and who receives it.
func (b *RecordBatch) parties() []MemberID {
	all := append([]MemberID{b.From}, b.To...)
	slices.Sort(all)
	return all
}

// Agreed tells whether all have agreed that the contents go.
func (b *RecordBatch) Agreed() bool { return len(b.To) > 0 && each(b.parties(), b.Erase) }

func each(all []MemberID, of map[MemberID]Step) bool {
	for _, m := range all {
		if _, said := of[m]; !said {
			return false
		}
	}
	return true
}

// erasure takes an act about the contents of the whole batch.
func (f *batchFold) erasure(a *Act) error {
	if len(f.b.To) > 0 && !slices.Contains(f.b.parties(), a.Member) {
		return Refuse(NotAddressed, string(a.Member))
	}
	into := &f.b.Erase
	if a.Kind == KindRecordErased {
		into = &f.b.Erased
		t, err := terms[ErasedTerms](a)
		if err == nil && t.Basis != "agreed" && t.Basis != "retention" {
			err = Refuse(NotOneOf, "basis", "allowed", "agreed, retention")
		}
		if err != nil {
			return err
		}
	}
	if _, done := (*into)[a.Member]; done {
		return Refuse(Already, "erase")
	}
	if *into == nil {
		*into = map[MemberID]Step{}
	}
	(*into)[a.Member] = a.step()
	return nil
}

// gather sorts an act under the places it names.
func (f *batchFold) gather(a *Act) error {
	if a.Kind == KindRecordErase || a.Kind == KindRecordErased {
		return f.erasure(a)
	}
	own := a.Kind == KindRecordCorrect || a.Kind == KindRecordWithdraw
	switch {
	case own && a.Member != f.b.From:
		return Refuse(NotYours, "record")
	case !own && (a.Member == f.b.From || len(f.b.To) > 0 && !slices.Contains(f.b.To, a.Member)):
		return Refuse(NotAddressed, string(a.Member))
	case a.Kind == KindRecordAcknowledge:
		if _, done := f.b.Acknowledged[a.Member]; done {
			return Refuse(Already, "acknowledge")
		}
		if f.b.Acknowledged == nil {
			f.b.Acknowledged = map[MemberID]Step{}
		}
		f.b.Acknowledged[a.Member] = a.step()
		return nil
	}
	t, err := terms[PlaceTerms](a)
	if err == nil {
		err = t.Records.Check(f.b.Count)
	}
	if err == nil {
		err = Text{"und": t.Reason}.Check("reason", MaxReason)
	}
	if err == nil && a.Kind == KindRecordCorrect && a.Content == nil {
		err = Refuse(Missing, "content")
	}
	if err != nil {
		return err
	}
	if f.touched[a.Member] += t.Records.Len(); f.touched[a.Member] > MaxTouched {
		return Refuse(TooMany, "records", "max", itoa(MaxTouched))
	}
	t.Records.Each(func(place, n int) {
		p := f.places[place]
		if p == nil {
			p = &placeActs{}
			f.places[place] = p
		}
		s := saidOf{a, n}
		switch a.Kind {
		case KindRecordCorrect:
			p.corrections = append(p.corrections, s)
		case KindRecordWithdraw:
			p.withdrawals = append(p.withdrawals, s)
		case KindRecordConfirm:
			p.confirmations = append(p.confirmations, s)
		}
	})
	return nil
}

// figure is the correction that the writer had received or written last; nil: the record as it was sent.
func (p *placeActs) figure(a *Act) *Act {
	for _, c := range slices.Backward(p.corrections) {
		if a.Saw(c.act) {
			return c.act
		}
	}
	return nil
}

// settle works out what is true of one record.
func (f *batchFold) settle(place int, p *placeActs) {
	c := &RecordChange{}
	gone := f.withdrawal(p)
	if gone != nil {
		s := gone.step()
		c.Withdrawn = &s
		f.moved[gone.Position] = true
	}
	var current *Act
	for _, k := range p.corrections {
		if gone != nil && k.act.Index > gone.Index {
			f.why[k.act.Position] = Refuse(Withdrawn, "record")
			continue
		}
		current = k.act
		c.Corrected = &RecordVersion{k.act.step(), k.n}
		f.moved[k.act.Position] = true
	}
	for _, s := range p.confirmations {
		if gone != nil {
			f.why[s.act.Position] = Refuse(Withdrawn, "record")
			continue
		}
		f.moved[s.act.Position] = true // also of a figure that was corrected since
		if _, done := c.Confirmed[s.act.Member]; p.figure(s.act) != current || done {
			continue
		}
		if c.Confirmed == nil {
			c.Confirmed = map[MemberID]Step{}
		}
		c.Confirmed[s.act.Member] = s.act.step()
	}
	if c.Corrected != nil || c.Withdrawn != nil || c.Confirmed != nil {
		if f.b.Changes == nil {
			f.b.Changes = map[int]*RecordChange{}
		}
		f.b.Changes[place] = c
	}
}

// withdrawal gives the first withdrawal that no confirmation of the same figure stands against; nil: none counts.
func (f *batchFold) withdrawal(p *placeActs) (counts *Act) {
	for _, w := range p.withdrawals {
		if counts != nil {
			f.why[w.act.Position] = Refuse(Already, "withdraw")
			continue
		}
		figure := p.figure(w.act)
		against := slices.ContainsFunc(p.confirmations, func(s saidOf) bool { return !s.act.Saw(w.act) && p.figure(s.act) == figure })
		if against {
			f.why[w.act.Position] = Refuse(Confirmed, "record")
			continue
		}
		counts = w.act
	}
	return counts
}

func (b *RecordBatch) summary() Summary {
	labels := []string{"programme:" + string(b.Programme), "type:" + string(b.Programme) + "/" + b.Type}
	slices.Sort(labels)
	s := Summary{Kind: b.Type, State: RecordsSent, Members: b.parties(), Labels: labels, Handling: b.Handling}
	switch {
	case each(s.Members, b.Erased):
		s.State = RecordsErased
	case len(b.Erased) > 0 || b.Agreed():
		s.State = RecordsErasing
	case len(b.Erase) > 0:
		for _, m := range s.Members {
			if _, said := b.Erase[m]; !said {
				s.Awaits = append(s.Awaits, Await{Of: m, Why: "erase"})
			}
		}
	}
	if b.AcknowledgeBy == nil || s.State != RecordsSent {
		return s
	}
	home := DefaultCalendar()
	for _, m := range b.To {
		if _, done := b.Acknowledged[m]; !done {
			s.Awaits = append(s.Awaits, Await{Of: m, Why: "acknowledge", Due: home.Day(*b.AcknowledgeBy)})
		}
	}
	return s
}
