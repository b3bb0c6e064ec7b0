package portal

import (
	"context"
	"slices"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// relationView is one relation: how the road to the other side is, when both last met and meet next, who waits for whom, and
// how what was promised stands (practice 6).
type relationView struct {
	Page
	With     side
	Forum    string
	Link     tag
	LinkAt   string // the page that says more of the road
	Because  string
	Silence  figure
	Bodies   []bodyView
	Ours     []todo
	Theirs   []todo
	Figures  []figure
	Bars     []bar
	Ages     []bar
	Groups   []groupsOf
	States   []field // agreements, by where they stand
	Register string
	Notes    string
	Treaties string
}

func (rd reader) relationURL(f jisr.ForumID, m jisr.MemberID) string {
	return rd.url("relations", string(f), string(m))
}

// relation is the page of a relation with a member in a forum.
func (s *site) relation(r *request) (*answer, error) {
	f, m := jisr.ForumID(clip(r.PathValue("forum"), maxField)), jisr.MemberID(clip(r.PathValue("member"), maxField))
	if !slices.ContainsFunc(s.forums(r), func(o forumOf) bool { return o.id == f && m != s.node.Self().ID && slices.Contains(o.members, m) }) {
		return nil, jisr.Refuse(jisr.NoSuch, string(m), "noun", "member")
	}
	v, err := s.relationView(r, s.reader(r), f, m)
	if err != nil {
		return nil, err
	}
	v.Page = s.live(r, "forum")
	return &answer{page: relationPage(v)}, nil
}

func (s *site) relationView(r *request, rd reader, f jisr.ForumID, m jisr.MemberID) (relationView, error) {
	ctx := r.Context()
	v := relationView{With: rd.side(m), Forum: string(f), LinkAt: rd.url("forum"), Notes: rd.url("notes") + "?with=" + string(m), Treaties: rd.url("agreements")}
	for _, k := range s.node.Links() {
		if k.Member == m {
			v.Link, v.Because = rd.linkTag(k.State), rd.because(k.Because)
		}
	}
	if err := s.silence(ctx, rd, &v, f, m); err != nil {
		return v, err
	}
	ours, theirs, err := s.node.Book().ToDo(ctx, rd.scope, rd.known)
	if err != nil {
		return v, err
	}
	v.Ours, v.Theirs = rd.todosWith(ours, f, m, "ours"), rd.todosWith(theirs, f, m, "theirs")
	bodies, _, err := s.node.Book().Things(ctx, rd.scope, book.ThingQuery{Forum: f, Noun: "body", Member: m, Limit: pageNotes})
	if err != nil {
		return v, err
	}
	for i := range bodies {
		b, err := s.bodyView(r, rd, &bodies[i])
		if err != nil {
			return v, err
		}
		b.MayMeet, b.Agree = false, nil // said on the page of bodies
		v.Bodies = append(v.Bodies, b)
	}
	ask := register{ThingQuery: book.ThingQuery{Noun: "commitment", Forum: f, Member: m}, with: string(m)}
	h, err := s.healths.get(ctx, s.node, rd.scope, ask.ThingQuery)
	if err != nil {
		return v, err
	}
	v.Register = ask.url(rd.url("commitments"))
	v.Figures, v.Bars = rd.health(&h)
	v.Ages = rd.ages(&h)
	if v.Groups, err = s.groupsOf(ctx, rd, &h, func(name, value string) string { return ask.url(rd.url("commitments"), name, value) }); err != nil {
		return v, err
	}
	v.States, err = s.agreementStands(ctx, rd, f, m)
	return v, err
}

// silence says for how many days nothing came from the other side.
func (s *site) silence(ctx context.Context, rd reader, v *relationView, f jisr.ForumID, m jisr.MemberID) error {
	acts, _, err := s.node.Book().Acts(ctx, rd.scope, book.ActQuery{Forum: f, Member: m, Limit: 1})
	v.Silence = figure{Name: rd.l.T("relation.silence"), Value: rd.l.T("relation.silence.never")}
	if len(acts) > 0 {
		at := acts[0].Act.At
		n := jisr.Date(at.In(rd.zone).Format(time.DateOnly)).Days(rd.today)
		v.Silence.Value, v.Silence.Note = rd.l.N("days", max(n, 0)), rd.dateTime(at)
	}
	return err
}

// todosWith is what of the to-dos is a matter of one member in one forum.
func (rd reader) todosWith(all []book.ToDo, f jisr.ForumID, m jisr.MemberID, whose string) (some []todo) {
	for i := range all {
		t := &all[i]
		forum := t.Note.Forum
		if t.Thing != nil {
			forum = t.Thing.Forum
		}
		house := t.Thing == nil && t.Note.Note == nil
		if forum == f && t.Whom == m && !house && len(some) < pageRelation {
			some = append(some, rd.todo(t, whose))
		}
	}
	return some
}

// agreementStands counts the agreements with a member by where they stand today.
func (s *site) agreementStands(ctx context.Context, rd reader, f jisr.ForumID, m jisr.MemberID) (all []field, err error) {
	counts := map[jisr.AgreementState]int{}
	for q := (book.ThingQuery{Forum: f, Noun: "agreement", Member: m, Limit: 200}); ; {
		rows, next, err := s.node.Book().Things(ctx, rd.scope, q)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if g := rows[i].State.Agreement; g != nil {
				counts[g.Standing(rd.today)]++
			}
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	for _, st := range jisr.AgreementStates() {
		if n := counts[st]; n > 0 {
			all = append(all, field{Name: known(rd.l, "agreement.state.", string(st)), Value: rd.l.Number(int64(n))})
		}
	}
	return all, nil
}

// relations lists the relations of this member, for what leads to them.
func (s *site) relations(r *request, rd reader) (all []Link) {
	links := s.node.Links()
	for _, f := range s.forums(r) {
		for _, m := range f.members {
			if m == rd.self {
				continue
			}
			state := ""
			for _, k := range links {
				if k.Member == m && k.State != node.Linked {
					state = known(rd.l, "link.state.", string(k.State))
				}
			}
			all = append(all, Link{Word: rd.l.T("relation.title", "member", rd.name(m)), URL: rd.relationURL(f.id, m), Count: state})
		}
	}
	return all
}
