package book

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"jisr"
)

// A newer version of an annex takes the place of the older ones on the day on which the agreement whose text names it comes into force:
// an amendment, or another agreement of the same family (practice.md 5.5: an annex is in effect from its date, until it is replaced).
// Versions are of one family when their agreements lead back to the same one. Which they are, and from which day, follows from what all
// parties signed, so both sides find the same. The older version is not revived when the newer one is suspended or ends: in doubt fewer
// obligations.

// Version is one version of a programme's annex that counts or counted.
type Version struct {
	ID      jisr.ThingID // the programme
	Version string
	From    jisr.Date // its agreement came, or comes, into force; empty: no day is known
	Until   jisr.Date // the day on which a newer one takes its place; empty: none does

	flow    *Flow
	settled []jisr.Position // the acts by which From is known
}

// Bounds of the search for versions: a family that is larger is cut.
const (
	maxFamily   = 64 // agreements of a family that are looked at
	maxDepth    = 16 // agreements that lead back from one to the first
	maxLayings  = 8  // programmes that one annex was laid as
	versionPart = 3  // numbers of a version
)

// family lists the agreements that lead back to the same one as this: those whose day of entry into force is known, and itself.
func (rd *reader) family(forum jisr.ForumID, g *jisr.Agreement) ([]*jisr.Agreement, error) {
	if g.Of == "" && len(g.Related) == 0 {
		return []*jisr.Agreement{g}, nil // as most are
	}
	root := g
	for range maxDepth {
		if root.Of == "" {
			break
		}
		row, err := rd.thing(forum, root.Of)
		if isNot(err) {
			break
		}
		if err != nil {
			return nil, err
		}
		up := row.State.Agreement
		if up == nil || !slices.ContainsFunc(up.Related, func(r jisr.Related) bool { return r.ID == root.ID }) {
			break
		}
		root = up
	}
	all := []*jisr.Agreement{root}
	for i := 0; i < len(all); i++ {
		for _, r := range all[i].Related {
			known := slices.ContainsFunc(all, func(o *jisr.Agreement) bool { return o.ID == r.ID })
			if known || len(all) == maxFamily || r.ID != g.ID && r.Force == "" {
				continue
			}
			row, err := rd.thing(forum, r.ID)
			if err != nil && !isNot(err) {
				return nil, err
			}
			if row.State.Agreement != nil {
				all = append(all, row.State.Agreement)
			}
		}
	}
	return all, nil
}

// versions finds the other versions of a programme in the family of its agreement, and what took whose place.
func (rd *reader) versions(known *annexes, f *Flow) error {
	family, err := rd.family(f.Forum, f.Agreement)
	if err != nil || len(family) == 1 {
		return err
	}
	all := []Version{versionOf(f)}
	for _, g := range family {
		text, err := rd.textOf(f.Forum, g)
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		for _, segment := range sortedKeys(text.Annexes) {
			of, err := rd.layings(f, g.ID, text.Annexes[segment].Document)
			for _, id := range of {
				var other *Flow
				if other, err = rd.rooted(known, f.Forum, id); err == nil && other.named && other.Programme.Annex.Programme == f.Programme.Annex.Programme {
					all = append(all, versionOf(other))
				} else if isNot(err) { // its annex is not here yet, or is none
					err = nil
				}
			}
			if err != nil {
				return err
			}
		}
	}
	slices.SortFunc(all, func(a, b Version) int {
		return cmp.Or(compareVersions(a.Version, b.Version), cmp.Compare(a.From, b.From), cmp.Compare(a.ID, b.ID))
	})
	for i := range all {
		for _, newer := range all[i+1:] {
			if compareVersions(newer.Version, all[i].Version) > 0 && newer.From != "" && (all[i].Until == "" || newer.From < all[i].Until) {
				all[i].Until, all[i].settled = newer.From, newer.flow.Agreement.Settled()
			}
		}
	}
	if len(all) > 1 {
		f.Versions = all
	}
	return nil
}

// layings lists the programmes as which an annex was laid for an agreement, without this one.
func (rd *reader) layings(f *Flow, agreement jisr.ThingID, document jisr.Commitment) (all []jisr.ThingID, err error) {
	err = rd.c.each(`SELECT id FROM thing WHERE forum=? AND noun='programme' AND kind=? AND id<>? AND instr(labels, ?) AND instr(labels, ?) ORDER BY id LIMIT `+strconv.Itoa(maxLayings),
		[]any{string(f.Forum), f.Laid.Programme, string(f.ID), ",agreement:" + string(agreement) + ",", ",document:" + string(document) + ","},
		func(st *sqlite3.Stmt) error { all = append(all, jisr.ThingID(st.ColumnText(0))); return nil })
	return all, err
}

func versionOf(f *Flow) Version {
	return Version{ID: f.ID, Version: f.Programme.Annex.Version, From: f.since(), flow: f}
}

// compareVersions compares the numbers of two versions; their form was checked.
func compareVersions(a, b string) int {
	x, y := strings.SplitN(a, ".", versionPart), strings.SplitN(b, ".", versionPart)
	return slices.CompareFunc(x, y, func(x, y string) int { return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)) })
}

// self is this version among the versions; nil: there is only one.
func (f *Flow) self() *Version {
	if i := slices.IndexFunc(f.Versions, func(v Version) bool { return v.ID == f.ID }); i >= 0 {
		return &f.Versions[i]
	}
	return nil
}

// Replaced gives what took this version's place by a day; nil: nothing did.
func (f *Flow) Replaced(day jisr.Date) *Version {
	self := f.self()
	if self == nil || self.Until == "" || day < self.Until {
		return nil
	}
	for i := range slices.Backward(f.Versions) { // the newest that had come by then
		if v := &f.Versions[i]; v.From != "" && v.From <= day && compareVersions(v.Version, self.Version) > 0 {
			return v
		}
	}
	return nil
}

// others are the versions before this one, and those after.
func (f *Flow) others() (all []*Flow) {
	for i := range f.Versions {
		if v := &f.Versions[i]; v.ID != f.ID {
			all = append(all, v.flow)
		}
	}
	return all
}

// Standing is what this version is on a day.
func (v *Version) Standing(day jisr.Date) jisr.AgreementState {
	if v.Until != "" && v.Until <= day {
		return jisr.ProgrammeReplaced
	}
	return v.flow.Agreement.Standing(day)
}

// Speaks refuses when nothing may be said on a day about records that were sent under this version: it may as long as it is in force, and
// when a newer one took its place, as long as that is.
func (f *Flow) Speaks(day jisr.Date) error {
	if v := f.Replaced(day); v != nil {
		return v.flow.rests(day)
	}
	return f.Open(day)
}

// relativesOf lists the programmes laid for any agreement of the family of this one.
func (f *filer) relativesOf(forum jisr.ForumID, agreement jisr.ThingID) (all []jisr.ThingID, err error) {
	row, err := f.rd.thing(forum, agreement)
	if isNot(err) || err == nil && row.State.Agreement == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	family, err := f.rd.family(forum, row.State.Agreement)
	for _, g := range family {
		if err != nil {
			return nil, err
		}
		var ids []jisr.ThingID
		ids, err = f.c.ids(`SELECT id FROM thing WHERE forum=? AND noun='programme' AND instr(labels, ?)`, []any{string(forum), ",agreement:" + string(g.ID) + ","})
		all = append(all, ids...)
	}
	return all, err
}

// knew tells whether who sent a batch had received that a newer version took the place of this one: until then it goes by what it knows, as
// a notification counts from its receipt.
func (f *filer) knew(flow *Flow, b *jisr.RecordBatch) (bool, error) {
	if flow.Replaced(flow.Day(b.Sent.At)) == nil {
		return true, nil
	}
	row, err := f.rd.one(flow.Forum, b.Sent.Position)
	if err != nil {
		return true, err
	}
	for _, p := range flow.self().settled {
		if !row.Act.Saw(&jisr.Act{Position: p}) {
			return false, nil
		}
	}
	return true, nil
}
