package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"jisr"
)

// Say is what a caller says about a joint thing whose texts are agreed with the other side: bodies, meetings, minutes,
// commitments, statements. Its verb is the kind of its act, so that policy has a row for each. What speaks for the member (see
// formal) is said by an official only as the last step of an outgoing act: [DraftStep], [ClearStep], [ReleaseStep] (decision 0032).
//
// What it may say is asked of the fold itself: an act that would be void is refused with the reason it would be void for.
type Say struct {
	Forum jisr.ForumID
	ID    jisr.ThingID // empty: a new thing of the kind's noun
	Kind  jisr.Kind
	Terms any              // of the kind
	Body  any              // of the kind; nil: none
	Files []jisr.DraftFile // named in the body where it is evidence
	Key   string           // Idempotency-Key, optional, for a new thing

	touched  bool // the thing is reserved for this command already
	prepared bool // it is an outgoing act: a new thing has its name already
}

func (c Say) verb() Verb { return Verb(c.Kind) }

// Step is the same as an outgoing act has it.
func (c Say) Step() (Step, error) {
	s, err := NewStep(c.Kind, c.Terms, c.Body)
	s.Files = c.Files
	return s, err
}

func (c Say) decide(d *decision) error { return c.say(d) }

func (c *Say) say(d *decision) error {
	p, done, err := c.plan(d)
	if done || err != nil {
		return err
	}
	return d.joint(c.Forum, p)
}

// plan completes what is said and holds it against everything it will meet; done: the same Idempotency-Key said it before.
func (c *Say) plan(d *decision) (p planned, done bool, err error) {
	noun := Verb(c.Kind).Noun()
	if !slices.Contains(saidNouns(), noun) {
		return p, false, jisr.Refuse(jisr.Unknown, string(c.Kind))
	}
	if _, err := d.n.forum(c.Forum); err != nil {
		return p, false, err
	}
	if err := c.quote(d); err != nil {
		return p, false, err
	}
	if err := d.checkUploads(c.Files); err != nil {
		return p, false, err
	}
	p = planned{forum: c.Forum, kind: c.Kind, about: c.ID, terms: c.Terms, body: c.Body, files: c.Files, maxBody: jisr.MaxNoteContent}
	if c.ID == "" {
		p.about = d.newThing(noun, c.Forum, c.Key)
	}
	if err := c.look(d, p.about); err != nil {
		return p, false, err
	}
	if c.ID == "" && c.Key != "" {
		if done, err := d.repeated(&p); done || err != nil {
			return p, done, err
		}
	}
	if err := p.named(); err != nil {
		return p, false, err
	}
	return p, false, d.meets(p)
}

// look finds what it is about, for the policies. Who drafted an outgoing act may know of it.
func (c *Say) look(d *decision, about jisr.ThingID) error {
	before := d.about
	d.about = &resource{id: about, forum: c.Forum}
	if !c.touched {
		if err := d.touch(about); err != nil {
			return err
		}
	}
	if c.ID != "" {
		o, err := d.n.book.Owned(d.ctx, d.scope(), c.Forum, c.ID)
		switch fresh := isRefusal(err, jisr.NoSuch) && (c.Kind == jisr.KindMeetingPropose || c.prepared && c.begins(d)); { // a session has its name before anybody proposes it
		case fresh:
		case err != nil:
			return err
		default:
			d.about = d.aboutThing(c.Forum, c.ID, o.Handling, o.Desks, o.Officials)
		}
	}
	if c.prepared && before != nil {
		d.about.drafters = before.drafters
		d.about.named = slices.Concat(d.about.named, before.named)
	}
	return nil
}

// begins tells what makes a new thing in this member's name.
func (c *Say) begins(d *decision) bool {
	return c.ID.Maker() == d.n.self.ID && (c.Kind == jisr.KindBodyPropose || c.Kind == jisr.KindCommitmentPropose || c.Kind == jisr.KindReadoutRelease)
}

// saying is an outgoing act as it will be said.
func (d *decision) saying(forum jisr.ForumID, about jisr.ThingID, step Step) (planned, error) {
	say := Say{Forum: forum, ID: about, Kind: step.Kind, Files: step.Files, prepared: true}
	if step.Kind == jisr.KindMinutesSign {
		var t jisr.SignTerms
		if len(step.Terms) > 0 {
			if err := json.Unmarshal(step.Terms, &t); err != nil {
				return planned{}, jisr.Refuse(jisr.Malformed, "terms", "error", err.Error())
			}
		}
		sign, err := SignMinutes{Forum: forum, ID: about, Mandate: t.Mandate}.saying(d)
		if err != nil {
			return planned{}, err
		}
		say.Terms, say.touched = sign.Terms, true
	} else if err := say.read(step); err != nil {
		return planned{}, err
	}
	p, _, err := say.plan(d)
	return p, err
}

// read gives terms and body of an outgoing act the types of its kind: what is written is their one encoding.
func (c *Say) read(step Step) (err error) {
	if c.Terms, err = typedTerms(step.Kind, step.Terms); err != nil {
		return err
	}
	switch {
	case len(step.Body) == 0:
	case step.Kind == jisr.KindCommitmentPropose:
		c.Body, err = strictly[jisr.CommitmentBody](step.Body)
	case step.Kind == jisr.KindReadoutRelease:
		c.Body, err = strictly[jisr.ReadoutBody](step.Body)
	case step.Kind == jisr.KindCommitmentReport || step.Kind == jisr.KindMeetingPaper || step.Kind == jisr.KindBodyCirculate:
		c.Body, err = strictly[jisr.EvidenceBody](step.Body)
	default:
		err = jisr.Refuse(jisr.Malformed, "body")
	}
	return err
}

func typedTerms(k jisr.Kind, raw []byte) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	switch k {
	case jisr.KindBodyPropose:
		return strictly[jisr.BodyTerms](raw)
	case jisr.KindMeetingPropose:
		return strictly[jisr.MeetingTerms](raw)
	case jisr.KindMeetingAgenda:
		return strictly[jisr.AgendaTerms](raw)
	case jisr.KindMeetingDelegation:
		return strictly[jisr.DelegationTerms](raw)
	case jisr.KindMeetingPaper:
		return strictly[jisr.PaperTerms](raw)
	case jisr.KindMeetingHold:
		return strictly[jisr.HoldTerms](raw)
	case jisr.KindBodyAgree, jisr.KindBodyReceive, jisr.KindBodyApprove, jisr.KindBodyLapse, jisr.KindMeetingAgree, jisr.KindCommitmentAgree:
		return strictly[jisr.AgreeTerms](raw)
	case jisr.KindBodyCirculate:
		return strictly[jisr.CirculateTerms](raw)
	case jisr.KindBodyObject:
		return strictly[jisr.ObjectTerms](raw)
	case jisr.KindCommitmentPropose:
		return strictly[jisr.CommitmentTerms](raw)
	case jisr.KindStatementIncident:
		return strictly[jisr.IncidentTerms](raw)
	case jisr.KindReadoutRelease:
		return strictly[jisr.ReadoutTerms](raw)
	case jisr.KindCommitmentAssign:
		return strictly[jisr.AssignTerms](raw)
	case jisr.KindCommitmentProgress:
		return strictly[jisr.ProgressTerms](raw)
	case jisr.KindCommitmentReport:
		return strictly[jisr.ReportTerms](raw)
	case jisr.KindCommitmentRecall, jisr.KindCommitmentAccept, jisr.KindCommitmentReturn:
		return strictly[jisr.ReviewTerms](raw)
	case jisr.KindCommitmentExtend:
		return strictly[jisr.ExtendTerms](raw)
	case jisr.KindCommitmentGrant, jisr.KindCommitmentKeep, jisr.KindCommitmentSettle:
		return strictly[jisr.AnswerTerms](raw)
	case jisr.KindCommitmentRaise:
		return strictly[jisr.RaiseTerms](raw)
	case jisr.KindCommitmentRelease, jisr.KindCommitmentSupersede:
		return strictly[jisr.EndTerms](raw)
	}
	return strictly[jisr.Reason](raw)
}

func strictly[T any](raw []byte) (T, error) {
	var t T
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return t, jisr.Refuse(jisr.Malformed, "terms", "error", err.Error())
	}
	return t, nil
}

// saidNouns lists the nouns that Say is about.
func saidNouns() []string {
	return []string{"body", "meeting", "minutes", "commitment", "statement", "readout"}
}

// named puts the names of the files into a body of evidence, and holds bodies against their bounds.
func (p *planned) named() error {
	switch b := p.body.(type) {
	case jisr.CommitmentBody:
		return b.Check()
	case jisr.EditBody:
		return b.Check()
	case jisr.MinutesBody:
		return b.Check()
	case jisr.StatementBody:
		return b.Check()
	case jisr.ReadoutBody:
		return b.Check()
	case jisr.EvidenceBody:
		b.Files = nil
		for _, f := range p.files {
			b.Files = append(b.Files, jisr.FileName{Name: f.Name})
		}
		p.body = b
		return b.Check()
	}
	return nil
}

// meets refuses what would be void if it were said now.
func (d *decision) meets(p planned) error {
	p.rehearsed = true
	said, _, err := d.make(p, d.batch.head(d.n, p.forum))
	if err != nil {
		return err
	}
	void, err := d.n.book.Meets(d.ctx, &said.Act)
	if err != nil {
		return err
	}
	if void != nil {
		return void
	}
	return nil
}

// repeated answers a repeated Idempotency-Key: the same terms have been said, others are refused.
func (d *decision) repeated(p *planned) (bool, error) {
	v, err := d.n.book.Thing(d.ctx, d.scope(), p.forum, p.about)
	if isRefusal(err, jisr.NoSuch) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	terms, err := jisr.Terms(p.terms)
	if err != nil {
		return false, err
	}
	first := v.Acts[0]
	if first.Act.Kind != p.kind || string(first.Act.Terms) != string(terms) {
		return false, jisr.Refuse(jisr.Reused, "Idempotency-Key")
	}
	d.done = Done{Forum: p.forum, Thing: p.about, Position: first.Act.Position, Joint: true, Existing: true}
	return true, nil
}

// newThing names a new thing. With an Idempotency-Key the name follows from the key, so that a request repeated
// after a crash meets what the first one made, without a table of keys.
func (d *decision) newThing(noun string, forum jisr.ForumID, key string) jisr.ThingID {
	unique := strings.ToLower(ulid.MustNew(ulid.Timestamp(d.now), d.n.random).String())
	if key != "" {
		sum := sha256.Sum256([]byte("jisr idempotency/v1\n" + string(d.caller.Account) + "\n" + string(forum) + "\n" + key))
		unique = strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
	}
	return jisr.ThingID(noun + "/" + string(d.n.self.ID) + "-" + unique)
}
