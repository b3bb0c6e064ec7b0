package portal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// forumView is the forums this member has entered: who is in them, by which keys, and how the road to each is.
type forumView struct {
	Page
	Us       memberView
	Forums   []oneForum
	Them     []memberView
	Evidence []evidenceLine
	Letter   string
}

// oneForum is a forum: whether it stands, and what its joint state comes to here.
type oneForum struct {
	ID      string
	Title   said
	Stands  bool
	Word    string // of whether it stands
	Differ  []string
	Members []joinedView
	Digest  string // of the joint state; members that hold the same acts have the same
	Sizes   []field
}

type joinedView struct {
	Who    side
	Joined string // when; empty: not yet
	URL    string // the act
}

// memberView is a member and the road to it.
type memberView struct {
	side
	Finger  []string // groups to be read aloud
	Origin  string
	Address []string
	State   tag
	Means   string
	Because string
	Since   string
	Contact string
	Queue   string
	Rate    string
	Retry   string // where "try now" goes; empty when linked
}

// evidenceLine is kept proof of what a member did against the law of logs.
type evidenceLine struct {
	Who    side
	What   string
	When   string
	Detail string
	URL    string
}

func (s *site) forum(r *request) (*answer, error) {
	v, err := s.forumView(r.Context(), s.reader(r))
	if err != nil {
		return nil, err
	}
	v.Page = s.live(r, "forum")
	return &answer{page: forumPage(v)}, nil
}

func (s *site) forumView(ctx context.Context, rd reader) (forumView, error) {
	self := s.node.Self()
	v := forumView{Us: memberView{side: rd.side(self.ID), Finger: groups(self.Finger), Origin: self.Origin}, Letter: rd.url("forum", "letter")}
	forums, err := s.node.Book().Forums(ctx)
	if err != nil {
		return forumView{}, err
	}
	for i := range forums {
		if forums[i].ID == jisr.House {
			continue
		}
		f, err := s.oneForum(ctx, rd, &forums[i])
		if err != nil {
			return forumView{}, err
		}
		v.Forums = append(v.Forums, f)
	}
	for _, k := range s.node.Links() {
		v.Them = append(v.Them, rd.memberView(&k))
	}
	v.Evidence, err = s.evidenceLines(ctx, rd)
	return v, err
}

func (s *site) oneForum(ctx context.Context, rd reader, row *book.ForumRow) (oneForum, error) {
	f := oneForum{ID: string(row.ID), Title: rd.say(row.Title), Word: rd.l.T("forum.undecided")}
	if f.Title.Empty() {
		f.Title = saidIn("en", string(row.ID), "")
	}
	if row.Forum != nil {
		if f.Stands = row.Forum.Stands(); f.Stands {
			f.Word = rd.l.T("forum.stands")
		}
		f.Members = rd.joined(row)
		for _, c := range row.Forum.Members {
			if row.Forum.Differ[c.Member] != "" {
				f.Differ = append(f.Differ, rd.l.T("forum.differ", "member", rd.name(c.Member)))
			}
		}
	}
	digest, sizes, err := s.node.Book().Digest(ctx, row.ID)
	if err != nil {
		return oneForum{}, err
	}
	f.Digest = hex.EncodeToString(digest[:])
	for _, m := range sortedMembers(sizes) {
		f.Sizes = append(f.Sizes, field{Name: rd.name(m), Value: rd.l.N("record.count", int(sizes[m]))})
	}
	return f, nil
}

func (rd reader) joined(row *book.ForumRow) []joinedView {
	var all []joinedView
	for _, c := range row.Forum.Members {
		j := joinedView{Who: rd.side(c.Member)}
		if st, ok := row.Forum.Joined[c.Member]; ok {
			j.Joined, j.URL = rd.l.T("forum.joined", "when", st.At.In(rd.zone)), rd.actURL(row.ID, st.Position)
		}
		all = append(all, j)
	}
	return all
}

func (rd reader) memberView(k *node.LinkStatus) memberView {
	m := memberView{side: rd.side(k.Member), Finger: groups(k.Finger), Origin: k.Origin, Address: k.Address, Means: known(rd.l, "link.state.", string(k.State)+".means"),
		State: rd.linkTag(k.State), Contact: rd.l.T("forum.link.never"), Queue: rd.l.T("forum.queue.none")}
	if !k.Contact.IsZero() {
		m.Contact = rd.l.T("forum.link.last", "when", k.Contact.In(rd.zone))
	}
	if k.Queued > 0 {
		m.Queue = rd.l.N("forum.queue", int(min(k.Queued, 1<<31-1)))
	}
	if k.Rate >= 1 {
		m.Rate = rd.l.T("unit.rate", "size", rd.l.Bytes(int64(k.Rate)))
	}
	if k.State != node.Linked {
		m.Because, m.Retry = rd.because(k.Because), rd.url("forum", "members", string(k.Member), "try")
	}
	return m
}

// because is the sentence for why a link is not there.
func (rd reader) because(kind string) string {
	switch key := "link.reason." + kind; {
	case kind == "":
		return ""
	case rd.l.Has(key):
		return rd.l.T(key)
	}
	return rd.l.T("link.reason.unknown", "reason", kind)
}

func (rd reader) linkTag(st node.LinkState) tag {
	t := tag{Tone: "soon", Icon: "clock", Word: known(rd.l, "link.state.", string(st))}
	switch st {
	case node.Linked:
		t.Tone, t.Icon = "ok", "circle-check"
	case node.RefusedLink:
		t.Tone, t.Icon = "late", "triangle-alert"
	}
	return t
}

// groups cuts a fingerprint where a voice rests.
func groups(finger string) []string {
	var all []string
	for _, g := range bytes.Fields([]byte(finger)) {
		all = append(all, string(g))
	}
	return all
}

func (s *site) tryLink(r *request) (*answer, error) {
	m := jisr.MemberID(r.PathValue("member"))
	for _, k := range s.node.Links() {
		if k.Member == m {
			s.node.RetryLink(m)
			return &answer{to: s.reader(r).url("forum")}, nil
		}
	}
	return nil, jisr.Refuse(jisr.NotPartner, clip(string(m), maxField))
}

// letter is this member's own letter of credence: public, and no use without the fingerprint read aloud.
func (s *site) letter(*request) (*answer, error) {
	self := s.node.Self()
	return &answer{file: &file{name: string(self.ID) + ".credence", typ: "text/plain", content: bytes.NewReader(self.Letter)}}, nil
}

func (s *site) evidenceLines(ctx context.Context, rd reader) ([]evidenceLine, error) {
	kept, err := s.node.Evidence(ctx)
	if err != nil {
		return nil, err
	}
	var all []evidenceLine
	for i := range kept {
		e := evidenceLine{Who: rd.side(kept[i].Member), What: rd.l.T("forum.evidence.other"), When: rd.dateTime(kept[i].At), Detail: kept[i].Detail, URL: rd.url("forum", "evidence", evidenceName(&kept[i]))}
		if key := "forum.evidence." + kept[i].Kind; rd.l.Has(key) {
			e.What = rd.l.T(key)
		}
		all = append(all, e)
	}
	return all, nil
}

// evidenceName names evidence by what it is, so that an address stays good when more is kept.
func evidenceName(e *node.Evidence) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n%d\n", e.Member, e.Forum, e.Kind, e.At.UnixMilli())
	h.Write(e.Proof)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (s *site) evidence(r *request) (*answer, error) {
	kept, err := s.node.Evidence(r.Context())
	if err != nil {
		return nil, err
	}
	for i := range kept {
		if evidenceName(&kept[i]) == r.PathValue("n") {
			name := fmt.Sprintf("%s-%s-%s.evidence", kept[i].Forum, kept[i].Member, r.PathValue("n"))
			return &answer{file: &file{name: name, typ: "application/octet-stream", content: bytes.NewReader(kept[i].Proof)}}, nil
		}
	}
	return nil, jisr.Refuse(jisr.NoSuch, clip(r.PathValue("n"), maxField), "noun", "evidence")
}
