package node

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"jisr"
)

// Say is what a caller says about a joint thing whose texts are agreed with the other side and not released from a
// draft: bodies, meetings, minutes, commitments. Its verb is the kind of its act, so that policy has a row for each.
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

	touched bool // the thing is reserved for this command already
}

func (c Say) verb() Verb { return Verb(c.Kind) }

func (c Say) decide(d *decision) error { return c.say(d) }

func (c *Say) say(d *decision) error {
	noun := Verb(c.Kind).Noun()
	if !slices.Contains(saidNouns(), noun) {
		return jisr.Refuse(jisr.Unknown, string(c.Kind))
	}
	if _, err := d.n.forum(c.Forum); err != nil {
		return err
	}
	if err := c.quote(d); err != nil {
		return err
	}
	if err := d.checkUploads(c.Files); err != nil {
		return err
	}
	p := planned{forum: c.Forum, kind: c.Kind, about: c.ID, terms: c.Terms, body: c.Body, files: c.Files, maxBody: jisr.MaxNoteContent}
	if c.ID == "" {
		p.about = d.newThing(noun, c.Forum, c.Key)
	}
	d.about = &resource{id: p.about, forum: c.Forum}
	if !c.touched {
		if err := d.touch(p.about); err != nil {
			return err
		}
	}
	if c.ID != "" {
		v, err := d.n.book.Thing(d.ctx, d.scope(), c.Forum, c.ID)
		switch fresh := isRefusal(err, jisr.NoSuch) && c.Kind == jisr.KindMeetingPropose; { // a session has its name before anybody proposes it
		case fresh:
		case err != nil:
			return err
		default:
			d.about = d.aboutThing(c.Forum, c.ID, v.Summary.Handling, v.Desks, v.Officials)
		}
	}
	if c.ID == "" && c.Key != "" {
		if done, err := d.repeated(&p); done || err != nil {
			return err
		}
	}
	if err := p.named(); err != nil {
		return err
	}
	if err := d.meets(p); err != nil {
		return err
	}
	return d.joint(c.Forum, p)
}

// saidNouns lists the nouns that Say is about.
func saidNouns() []string { return []string{"body", "meeting", "minutes", "commitment"} }

// named puts the names of the files into a body of evidence, and holds bodies against their bounds.
func (p *planned) named() error {
	switch b := p.body.(type) {
	case jisr.CommitmentBody:
		return b.Check()
	case jisr.EditBody:
		return b.Check()
	case jisr.MinutesBody:
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
