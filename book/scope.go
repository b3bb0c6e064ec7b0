package book

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"jisr"
)

// Scope is what one reader may see. Every reading of notes, things, acts and to-dos takes one, and gives nothing beyond
// it: what is not in a reader's scope is not there for the reader. The zero value sees nothing.
//
// A thing belongs to the desks whose officials drafted it or acted on it for this member, and to those it was referred
// to (see [jisr.Custody]); one that belongs to nobody yet is the registry's. What is restricted is seen by the desks it
// belongs to, and above that only by the officials who are named for it or acted on it.
type Scope struct {
	Everything bool            // whatever desk it belongs to, as far as it is for official use
	Desks      []jisr.DeskID   // what belongs to these
	Registry   bool            // what belongs to nobody yet, whatever its level
	Official   jisr.OfficialID // what this official is named for, or acted on
	Ceiling    jisr.Handling   // nothing above this level; empty: official use
	Forums     []jisr.ForumID  // in these only; empty: in all
	Unopened   bool            // what is in notes that none of our desks has opened
	whole      bool
}

// Whole is the node's own scope: the house acts on what stands in its book, whoever may read it.
func Whole() Scope { return Scope{whole: true} }

// Key names the scope: equal keys see the same.
func (s Scope) Key() string {
	var b strings.Builder
	for _, yes := range []bool{s.whole, s.Everything, s.Registry, s.Unopened} {
		b.WriteString(strconv.FormatBool(yes) + " ")
	}
	b.WriteString(string(s.Ceiling) + " " + string(s.Official))
	for _, d := range s.Desks {
		b.WriteString(" d:" + string(d))
	}
	for _, f := range s.Forums {
		b.WriteString(" f:" + string(f))
	}
	return b.String()
}

// opens tells whether the scope sees what is in a note before it was opened.
func (s Scope) opens() bool { return s.whole || s.Unopened }

// Reaches tells whether the scope reaches into a forum at all.
func (s Scope) Reaches(f jisr.ForumID) bool {
	return len(s.Forums) == 0 || slices.Contains(s.Forums, f)
}

// where writes the scope as a condition over a row of note or thing: its columns forum, handling, acted and filed.
func (s Scope) where(row string) (cond string, args []any) {
	if s.whole {
		return "true", nil
	}
	var named, desks []string
	has := func(into *[]string, token string) {
		*into = append(*into, "instr("+row+".acted, ?) OR instr("+row+".filed, ?)")
		args = append(args, token, token)
	}
	if s.Official != "" {
		has(&named, officialToken(s.Official))
	}
	if s.Registry {
		named = append(named, row+".acted='' AND "+row+".filed=''")
	}
	for _, d := range s.Desks {
		has(&desks, deskToken(d))
	}
	cond = row + ".handling<=" + strconv.Itoa(s.Ceiling.Rank()) + " AND (" + or(named) + " OR " +
		row + ".handling<=" + strconv.Itoa(jisr.HandlingRestricted.Rank()) + " AND (" + or(desks) + ")"
	if s.Everything {
		cond += " OR " + row + ".handling<=" + strconv.Itoa(jisr.HandlingOfficial.Rank())
	}
	cond += ")"
	if len(s.Forums) > 0 {
		cond += " AND " + row + ".forum IN (?" + strings.Repeat(",?", len(s.Forums)-1) + ")"
		for _, f := range s.Forums {
			args = append(args, string(f))
		}
	}
	return cond, args
}

func or(conds []string) string {
	if len(conds) == 0 {
		return "false"
	}
	return "(" + strings.Join(conds, ") OR (") + ")"
}

// Whose a thing is stands in its row as tokens between commas, so that one is found by itself only.
func deskToken(d jisr.DeskID) string         { return ",d:" + string(d) + "," }
func officialToken(o jisr.OfficialID) string { return ",o:" + string(o) + "," }

// owners gathers whose a thing is.
type owners struct {
	desks     []jisr.DeskID
	officials []jisr.OfficialID
}

func (o *owners) add(by *jisr.By) {
	if by == nil {
		return
	}
	if by.Desk != "" && !slices.Contains(o.desks, by.Desk) {
		o.desks = append(o.desks, by.Desk)
	}
	if by.Official != "" && !slices.Contains(o.officials, by.Official) {
		o.officials = append(o.officials, by.Official)
	}
}

// tokens writes the owners as they stand in a row: ",,d:protocol,,o:director,".
func (o *owners) tokens() string {
	slices.Sort(o.desks)
	slices.Sort(o.officials)
	var b strings.Builder
	for _, d := range o.desks {
		b.WriteString(deskToken(d))
	}
	for _, p := range o.officials {
		b.WriteString(officialToken(p))
	}
	return b.String()
}

// readOwners reads them back, from both columns of a row.
func readOwners(acted, filed string) (o owners) {
	for token := range strings.SplitSeq(acted+filed, ",") {
		if d, ok := strings.CutPrefix(token, "d:"); ok {
			o.add(&jisr.By{Desk: jisr.DeskID(d)})
		} else if p, ok := strings.CutPrefix(token, "o:"); ok {
			o.add(&jisr.By{Official: jisr.OfficialID(p)})
		}
	}
	slices.Sort(o.desks)
	slices.Sort(o.officials)
	return o
}

// acted gathers the officials of this member who acted on a thing with effect.
func (x *touched) actedFor(self jisr.MemberID) string {
	var o owners
	for i := range x.stored {
		if a := &x.stored[i].act; a.Member == self && x.state.Voids[a.Position] == nil {
			o.add(a.By)
		}
	}
	for _, e := range x.fresh {
		if a := &e.Act; a.Member == self && x.state.Voids[a.Position] == nil {
			o.add(a.By)
		}
	}
	return o.tokens()
}

// filedFor gathers whose a thing of a forum is by what the house says: drafters, and custody.
func (x *touched) filedFor(f jisr.ForumID) string {
	var o owners
	if d := x.state.Draft; d != nil && d.Forum == f {
		for i := range d.Drafters {
			o.add(&d.Drafters[i])
		}
	}
	if c := x.state.Custody[f]; c != nil {
		for d := range c.Desks {
			o.add(&jisr.By{Desk: d})
		}
		for p := range c.Officials {
			o.add(&jisr.By{Official: p})
		}
	}
	return o.tokens()
}

// writeCustody files a thing under what the house says of it. The thing may come later: then its row is filed as it is made.
func (t *batch) writeCustody(c *conn, x *touched) error {
	for _, f := range sortedKeys(x.state.Custody) {
		err := c.do(`INSERT INTO custody(forum, thing, filed) VALUES(?,?,?) ON CONFLICT DO UPDATE SET filed=excluded.filed`, string(f), string(x.thing), x.filedFor(f))
		if err == nil {
			err = c.file(f, x.thing)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// file puts a thing that is here under what custody says of it.
func (c *conn) file(f jisr.ForumID, thing jisr.ThingID) error {
	table := "thing"
	if thing.Noun() == "note" {
		table = "note"
	}
	args := []any{string(f), string(thing)}
	return errors.Join(c.do(`UPDATE `+table+` SET filed=(SELECT filed||drafted FROM custody WHERE forum=?1 AND thing=?2) WHERE forum=?1 AND id=?2`, args...),
		c.do(`UPDATE todo SET filed=(SELECT filed||drafted FROM custody WHERE forum=?1 AND thing=?2) WHERE thing=(SELECT n FROM thing WHERE forum=?1 AND id=?2)`, args...))
}
