package jisr

import "slices"

// drafting is a text that several members write together, paragraph by paragraph: that of minutes or of a statement. What
// happens when two write the same paragraph is told with [Minutes].
type drafting struct {
	members []MemberID
	kinds   []ParagraphKind // of paragraphs it may have
	tree    map[string]*node
	made    []*node
	from    map[VersionID]*versionOf
}

func newDrafting(kinds []ParagraphKind) drafting {
	return drafting{kinds: kinds, tree: map[string]*node{}, from: map[VersionID]*versionOf{}}
}

// node is a segment on its way into the order of the text.
type node struct {
	seg   Passage
	first *Act
	op    int
	after []*node // what its first version put after it
}

type versionOf struct {
	seg  *node
	act  *Act
	over bool // another names it
}

// edit takes all versions of an act, or none.
func (f *drafting) edit(a *Act) error {
	t, err := terms[EditTerms](a)
	switch {
	case err != nil:
		return err
	case len(t.Ops) == 0:
		return Refuse(Missing, "ops")
	case len(t.Ops) > MaxEdits:
		return Refuse(TooMany, "ops", "max", itoa(MaxEdits), "got", itoa(len(t.Ops)))
	case a.Content == nil:
		return Refuse(Missing, "content")
	case len(f.made)+len(t.Ops) > MaxMinutes:
		return Refuse(TooMany, "segments", "max", itoa(MaxMinutes))
	}
	for i := range t.Ops {
		if err := f.checkOp(a, t.Ops[:i], &t.Ops[i]); err != nil {
			return err
		}
	}
	for i := range t.Ops {
		f.write(a, i, &t.Ops[i])
	}
	return nil
}

// checkOp holds one version against what the writer had received. before are the versions of the same act before it.
func (f *drafting) checkOp(a *Act, before []Op, o *Op) error {
	if !ValidName(o.Segment) {
		return Refuse(Malformed, "segment")
	}
	inAct := func(id string) bool {
		return slices.ContainsFunc(before, func(b Op) bool { return b.Segment == id })
	}
	if inAct(o.Segment) {
		return Refuse(Malformed, "segment")
	}
	if n := f.tree[o.Segment]; n != nil {
		return f.checkVersion(a, n, o)
	}
	switch {
	case ThingID("segment/"+o.Segment).Maker() != a.Member:
		return Refuse(NotYours, "segment")
	case len(o.From) > 0 || o.Removed:
		return Refuse(NoSuch, "segment")
	case !slices.Contains(f.kinds, o.Kind):
		return Refuse(NotOneOf, "kind", "got", string(o.Kind))
	case !validID(o.Section, true):
		return Refuse(Malformed, "section")
	case o.Of != "" && !slices.Contains(f.members, o.Of), (o.Kind == AtRequestOf) != (o.Of != ""):
		return Refuse(Malformed, "of")
	case (o.Kind == CommitmentEntry) != (o.Ref != ""), o.Ref != "" && (!validThing(o.Ref) || o.Ref.Noun() != "commitment"):
		return Refuse(Malformed, "ref")
	case o.After != "" && !inAct(o.After) && !f.knows(a, o.After, o.Section):
		return Refuse(NoSuch, "after")
	}
	return nil
}

func (f *drafting) knows(a *Act, id, section string) bool {
	n := f.tree[id]
	return n != nil && n.seg.Section == section && a.Saw(n.first)
}

func (f *drafting) checkVersion(a *Act, n *node, o *Op) error {
	if len(o.From) == 0 || len(o.From) > MaxEdits {
		return Refuse(Already, "segment")
	}
	if o.Section != "" || o.After != "" || o.Kind != "" || o.Of != "" || o.Ref != "" { // where and what it is never changes
		return Refuse(Malformed, "segment")
	}
	for _, v := range o.From {
		if known := f.from[v]; known == nil || known.seg != n || !a.Saw(known.act) {
			return Refuse(NoSuch, "version")
		}
	}
	return nil
}

func (f *drafting) write(a *Act, i int, o *Op) {
	n := f.tree[o.Segment]
	if n == nil {
		n = &node{seg: Passage{ID: o.Segment, Section: o.Section, Kind: o.Kind, Of: o.Of, Ref: o.Ref}, first: a, op: i}
		f.tree[o.Segment] = n
		f.made = append(f.made, n)
		if o.After != "" {
			p := f.tree[o.After]
			p.after = append(p.after, n)
		}
	}
	for _, v := range o.From {
		f.from[v].over = true
	}
	v := VersionID{a.Position, i}
	f.from[v] = &versionOf{seg: n, act: a}
	n.seg.Stands = append(n.seg.Stands, StandingVersion{ID: v, At: a.At, By: a.By, Removed: o.Removed})
}

// passages gives the text as it stands, in the order it is read.
func (f *drafting) passages() []Passage {
	var all []Passage
	for _, n := range f.order() {
		n.seg.Stands = slices.DeleteFunc(n.seg.Stands, func(v StandingVersion) bool { return f.from[v.ID].over })
		all = append(all, n.seg)
	}
	return all
}

// order puts the segments in the order of the text, section by section as first met: after its anchor, and among those
// put at one place the newest first, so that what one secretary writes in a run stays a run.
func (f *drafting) order() []*node {
	newest := func(a, b *node) int {
		if c := Compare(b.first, a.first); c != 0 {
			return c
		}
		return a.op - b.op
	}
	anchored := map[*node]bool{}
	for _, n := range f.made {
		slices.SortFunc(n.after, newest)
		for _, o := range n.after {
			anchored[o] = true
		}
	}
	var sections []string
	roots := map[string][]*node{}
	for _, n := range f.made {
		if !slices.Contains(sections, n.seg.Section) {
			sections = append(sections, n.seg.Section)
		}
		if !anchored[n] {
			roots[n.seg.Section] = append(roots[n.seg.Section], n)
		}
	}
	slices.Sort(sections)
	all := make([]*node, 0, len(f.made))
	for _, s := range sections {
		slices.SortFunc(roots[s], newest)
		for stack := slices.Clone(roots[s]); len(stack) > 0; { // no recursion: a chain may be as long as the text
			n := stack[0]
			all = append(all, n)
			stack = append(slices.Clone(n.after), stack[1:]...)
		}
	}
	return all
}
