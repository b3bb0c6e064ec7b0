package book

import (
	"errors"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jisr"
	"jisr/programme"
)

// sectionBlocks is how many blocks are counted as one: a section of a quarter of a million records. A chart is the sum of its
// sections. What a section came to is kept, as far as its blocks are full, so that reading a chart counts only the rows after
// that; a change in a section makes it count again, alone.
const sectionBlocks = 64

// tallyBlocks is how many blocks become full before they are counted into their section: fewer are counted at each reading.
const tallyBlocks = 4

// levelGroups are the groups of one chart or target, by level of handling, so that a reader's chart is of what may be read.
type levelGroups [5]programme.Groups

// counting is what is counted of a shelf: a chart or a target.
type counting struct {
	id     string // "chart:flow", "target:share"
	chart  string
	target string
}

// countings lists what is counted of the records of a type.
func countings(p *programme.Programme, t *programme.Type) (all []counting) {
	for _, id := range p.ChartIDs() {
		if p.TargetOf(id) == "" && p.ChartCounts(id, t) {
			all = append(all, counting{id: "chart:" + id, chart: id})
		}
	}
	for _, id := range p.TargetIDs() {
		if p.TargetCounts(id, t) {
			all = append(all, counting{id: "target:" + id, target: id})
		}
	}
	return all
}

// count adds the rows of a block from a row on.
func (k counting) count(p *programme.Programme, s *shelved, from int, into *levelGroups) {
	for i := range s.head.Runs {
		r := &s.head.Runs[i]
		if r.Void || r.Row+r.Count <= from || r.Rank >= len(into) {
			continue
		}
		if into[r.Rank] == nil {
			into[r.Rank] = programme.Groups{}
		}
		way := programme.Item{By: r.By, Sent: time.UnixMilli(r.Sent).UTC(), Handling: jisr.HandlingOf(r.Rank)}
		for row := max(r.Row, from); row < r.Row+r.Count; row++ {
			flags := s.flags[row]
			if flags&without != 0 {
				continue
			}
			way.Corrected, way.Confirmed = flags&flagCorrected != 0, flags&confirmed != 0
			it := s.Row(row, way)
			if k.chart != "" {
				p.CountChart(k.chart, into[r.Rank], it)
			} else {
				p.CountTarget(k.target, into[r.Rank], it)
			}
		}
	}
}

// keepTallies counts the blocks of a shelf that have become full into their sections.
func (f *filer) keepTallies(s *filing) error {
	full := s.rows / programme.BlockRows
	for section := s.since / sectionBlocks; section*sectionBlocks < full; section++ {
		for _, k := range countings(s.f.Programme, s.t) {
			if err := f.keepTally(s, k, section, min(full, (section+1)*sectionBlocks)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *filer) keepTally(s *filing, k counting, section, until int) error {
	groups, done, err := f.c.kept(s.n, section, k.id)
	if err != nil {
		return err
	}
	from := section*sectionBlocks + done
	if from >= until || until-from < tallyBlocks && until != (section+1)*sectionBlocks {
		return nil
	}
	for n := from; n < until; n++ {
		b, err := f.c.readBlock(s.t, s.n, n)
		if err != nil {
			return err
		}
		k.count(s.f.Programme, b, 0, &groups)
		if err := b.Err(); err != nil {
			return err
		}
	}
	for level := range groups {
		err := f.c.do(`INSERT INTO tally(shelf, section, chart, level, blocks, groups) VALUES(?,?,?,?,?,?) ON CONFLICT DO UPDATE SET blocks=excluded.blocks, groups=excluded.groups`,
			s.n, section, k.id, level, until-section*sectionBlocks, blob(nonNil(groups[level].Encode())))
		if err != nil {
			return err
		}
	}
	return nil
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// kept reads what a section came to, and how many of its blocks are in it.
func (c *conn) kept(shelf int64, section int, id string) (groups levelGroups, blocks int, err error) {
	err = c.each(`SELECT level, blocks, groups FROM tally WHERE shelf=? AND section=? AND chart=?`, []any{shelf, section, id}, func(st *sqlite3.Stmt) error {
		level := st.ColumnInt(0)
		blocks = st.ColumnInt(1)
		if level < 0 || level >= len(groups) {
			return errors.New("internal error: a tally of no level")
		}
		groups[level] = programme.Groups{}
		return groups[level].MergeEncoded(st.ColumnRawBlob(2))
	})
	return groups, blocks, err
}

// countedAll gives the groups of a chart or target over all types it counts; within tells which are wanted, nil: all.
func (b *Book) countedAll(rd *reader, f *Flow, id string, levels []jisr.Handling, within func(programme.Group) bool) (programme.Groups, error) {
	may, err := rd.visible(f, levels)
	if err != nil {
		return nil, err
	}
	all := programme.Groups{}
	for _, t := range f.Programme.Types {
		for _, k := range countings(f.Programme, t) {
			if k.id != id {
				continue
			}
			groups, err := b.counted(rd.c, f, t, k, may, within)
			if err != nil {
				return nil, err
			}
			all.Add(groups)
		}
	}
	return all, nil
}

// synthetic tells whether records that a chart or target counts, of these levels, were made by rule. known keeps the answer of
// each type: to find that none was, the heads of all its blocks are looked at, and targets often count the same type.
func (b *Book) synthetic(rd *reader, f *Flow, id string, levels []jisr.Handling, known map[string]bool) (bool, error) {
	may, err := rd.visible(f, levels)
	if err != nil {
		return false, err
	}
	for _, t := range f.Programme.Types {
		if !slices.ContainsFunc(countings(f.Programme, t), func(k counting) bool { return k.id == id }) {
			continue
		}
		made, asked := known[t.Name]
		if !asked {
			if made, err = b.madeByRule(rd.c, f, t, may); err != nil {
				return false, err
			}
			known[t.Name] = made
		}
		if made {
			return true, nil
		}
	}
	return false, nil
}

func (b *Book) madeByRule(c *conn, f *Flow, t *programme.Type, may []bool) (bool, error) {
	shelf, _, err := c.shelfOf(f.Forum, f.ID, t.Name)
	if err != nil {
		return false, err
	}
	heads, _, err := c.heads(&b.heads, shelf)
	if err != nil {
		return false, err
	}
	for _, h := range heads {
		for level, n := range h.Made {
			if n > 0 && may[level] {
				return true, nil
			}
		}
	}
	return false, nil
}

// counted gives the groups of a chart or target over the records of one type, of these levels.
func (b *Book) counted(c *conn, f *Flow, t *programme.Type, k counting, levels []bool, within func(programme.Group) bool) (programme.Groups, error) {
	all := programme.Groups{}
	shelf, _, err := c.shelfOf(f.Forum, f.ID, t.Name)
	if err != nil || shelf == 0 {
		return all, err
	}
	heads, versions, err := c.heads(&b.heads, shelf)
	if err != nil {
		return nil, err
	}
	whole := len(heads) / sectionBlocks // sections whose blocks are full
	known := tallyKey{shelf, k.id, [5]bool(levels)}
	first := b.tallies.get(known, versions, all, within)
	for section := first; section*sectionBlocks < len(heads); section++ {
		if section == whole && whole > first {
			b.tallies.put(known, whole, versions, all)
		}
		groups, done, err := c.kept(shelf, section, k.id)
		if err != nil {
			return nil, err
		}
		for n := section*sectionBlocks + done; n < min(len(heads), (section+1)*sectionBlocks); n++ {
			s, err := b.openBlock(c, t, shelf, n, heads[n], versions[n])
			if err != nil {
				return nil, err
			}
			k.count(f.Programme, s, 0, &groups)
			if err := s.Err(); err != nil {
				return nil, err
			}
		}
		for level, g := range groups {
			if g != nil && levels[level] {
				all.Add(g)
			}
		}
	}
	if whole*sectionBlocks == len(heads) && whole > first {
		b.tallies.put(known, whole, versions, all)
	}
	return all, nil
}

// visible tells of each level whether a programme's records at it are in the scope, and among those asked for.
func (rd *reader) visible(f *Flow, levels []jisr.Handling) (may []bool, err error) {
	may = make([]bool, len(jisr.Handlings()))
	cond, args := rd.scope.where("t")
	for _, h := range jisr.Handlings() {
		if levels != nil && !slices.Contains(levels, h) {
			continue
		}
		err := rd.c.each(`SELECT `+cond+` FROM (SELECT forum, acted, filed, ? AS handling FROM thing WHERE forum=? AND id=?) t`,
			append(append([]any{}, args...), h.Rank(), string(f.Forum), string(f.ID)), func(st *sqlite3.Stmt) error {
				may[h.Rank()] = st.ColumnBool(0)
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	return may, nil
}
