package jisr

import "slices"

// KindForumJoin is the first act of every member's log: who it holds the members of the forum to be, each by
// the fingerprint of its letter of credence. The forum stands once all have joined and name the same.
const KindForumJoin Kind = "forum.join"

// Credential binds a member to the keys it was introduced with.
type Credential struct {
	Member MemberID   `json:"member"`
	Origin string     `json:"origin"` // name of its keys and first part of the names of its logs
	Letter Commitment `json:"letter"` // "sha256:" of the letter of credence, unsalted: both sides read it aloud
}

// JoinTerms is the terms of forum.join.
type JoinTerms struct {
	Title   Text         `json:"title,omitempty"`
	Members []Credential `json:"members"` // sorted by member, the joiner among them
}

// Forum is the joint state of a forum.
type Forum struct {
	Title   Text                `json:"title,omitempty"`
	Members []Credential        `json:"members"`
	Joined  map[MemberID]Step   `json:"joined"`
	Differ  map[MemberID]string `json:"differ,omitempty"` // joined naming others than the first did
}

// Stands tells whether every member has joined and all name the same members and keys.
func (f *Forum) Stands() bool { return len(f.Joined) == len(f.Members) && len(f.Differ) == 0 }

// The states of a forum.
const (
	ForumJoining = "joining" // not all members have joined
	ForumStands  = "stands"
	ForumDiffers = "differs" // a member joined naming other members or keys
)

func (f *Forum) summary() Summary {
	s := Summary{State: ForumStands, Title: f.Title}
	for _, c := range f.Members {
		s.Members = append(s.Members, c.Member)
		if _, joined := f.Joined[c.Member]; !joined {
			s.State = ForumJoining
			s.Awaits = append(s.Awaits, Await{Of: c.Member, Why: "join"})
		}
	}
	if len(f.Differ) > 0 {
		s.State = ForumDiffers
	}
	return s
}

// Has tells whether m is a member.
func (f *Forum) Has(m MemberID) bool {
	return slices.ContainsFunc(f.Members, func(c Credential) bool { return c.Member == m })
}

// ForumThing is the thing that acts about the forum itself are about.
func ForumThing(f ForumID) ThingID { return ThingID("forum/" + string(f)) }

func (t *JoinTerms) check(by MemberID) error {
	if len(t.Members) < 2 || len(t.Members) > MaxMembers {
		return Refuse(TooMany, "members", "max", itoa(MaxMembers), "got", itoa(len(t.Members)))
	}
	self := false
	for i, c := range t.Members {
		if !ValidMember(c.Member) || i > 0 && t.Members[i-1].Member >= c.Member || c.Origin == "" || len(c.Origin) > MaxTitle || !ascii(c.Origin) {
			return Refuse(Malformed, "members")
		}
		if _, ok := c.Letter.Sum(); !ok {
			return Refuse(Malformed, "letter")
		}
		self = self || c.Member == by
	}
	if !self {
		return Refuse(NotMember, string(by))
	}
	return t.Title.Check("title", MaxTitle)
}

func foldForum(id ThingID, acts []Act, voids map[Position]*Refusal) *Forum {
	var f *Forum
	for i := range acts {
		a := &acts[i]
		if a.Kind != KindForumJoin || ForumThing(a.Forum) != id {
			voids[a.Position] = Refuse(Malformed, "about")
			continue
		}
		t, err := terms[JoinTerms](a)
		if err == nil {
			err = t.check(a.Member)
		}
		if err != nil {
			voids[a.Position] = asRefusal(err)
			continue
		}
		if f == nil {
			f = &Forum{Title: t.Title, Members: t.Members, Joined: map[MemberID]Step{}}
		}
		f.join(a, t, voids)
	}
	return f
}

func (f *Forum) join(a *Act, t JoinTerms, voids map[Position]*Refusal) {
	if _, again := f.Joined[a.Member]; again {
		voids[a.Position] = Refuse(Already, "join")
		return
	}
	f.Joined[a.Member] = a.step()
	if !slices.Equal(f.Members, t.Members) {
		if f.Differ == nil {
			f.Differ = map[MemberID]string{}
		}
		f.Differ[a.Member] = "members"
	}
}
