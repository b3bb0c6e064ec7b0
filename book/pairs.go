package book

import (
	"errors"
	"slices"
	"strings"

	"jisr"
	"jisr/programme"
)

// Two sides' records of one key are one figure where they agree within the annex's tolerance (see [programme.Type.Agrees]): each
// confirms the other without an act of its own. Which records stand against each other is looked up in the columns of the
// blocks that can hold their time.

// pairs looks, for rows that came or changed, for the other side's records of the same key.
func (f *filer) pairs(s *filing, by jisr.MemberID, from, to int) error {
	if s.t.Spec.Confirm == nil || len(s.t.Spec.Key) == 0 || from >= to || !s.others(by) {
		return nil
	}
	rows, times := map[string]int{}, programme.Zone{}
	for row := from; row < to; row++ {
		b, err := f.block(s, row/programme.BlockRows)
		if err != nil {
			return err
		}
		at := row % programme.BlockRows
		if key := b.Key(at); key != "" && b.effect(at) {
			rows[key] = row
			times.Add(b.When(at))
		}
	}
	for n := 0; n <= (s.rows-1)/programme.BlockRows && len(rows) > 0; n++ {
		b, err := f.block(s, n)
		if err != nil {
			return err
		}
		if len(b.head.Zones) > 0 && b != s.last && !b.MayMeet(b.head.Zones, times) {
			continue
		}
		if err := f.pairsIn(s, b, by, rows); err != nil {
			return err
		}
	}
	return nil
}

// others tells whether another side than this has ever sent such records.
func (s *filing) others(by jisr.MemberID) bool {
	return strings.ReplaceAll(s.senders, ","+string(by)+",", "") != ""
}

// pairsIn compares with the records of one block.
func (f *filer) pairsIn(s *filing, b *shelved, by jisr.MemberID, rows map[string]int) error {
	changed := false
	for i := range b.head.Runs {
		r := &b.head.Runs[i]
		if r.By == by || r.Void {
			continue
		}
		for at := r.Row; at < r.Row+r.Count; at++ {
			row, there := rows[b.Key(at)]
			if !there || !b.effect(at) {
				continue
			}
			yes, err := f.agree(s, b, at, row)
			if err != nil {
				return err
			}
			changed = changed || yes
		}
	}
	if !changed {
		return nil
	}
	return f.changed(s, b)
}

// agree holds two records of one key against each other and marks both; it tells whether the first's mark is another now.
func (f *filer) agree(s *filing, b *shelved, at, row int) (changed bool, err error) {
	own, err := f.block(s, row/programme.BlockRows)
	if err != nil {
		return false, err
	}
	if own.n == b.n {
		own = b
	}
	mine := row % programme.BlockRows
	var x, y programme.Record
	for _, side := range []struct {
		b   *shelved
		row int
		r   *programme.Record
	}{{own, mine, &x}, {b, at, &y}} {
		raw, err := f.c.rawOf(s.n, side.b, side.row)
		if err != nil || len(s.t.Check(slices.Clone(raw), side.r)) > 0 {
			return false, err
		}
	}
	mark := func(b *shelved, row int) bool {
		was := b.flags[row]
		b.flags[row] = was &^ flagPaired
		if s.t.Agrees(&x, &y) {
			b.flags[row] |= flagPaired
		}
		return b.flags[row] != was
	}
	if mark(own, mine) && own != b {
		if err := f.changed(s, own); err != nil {
			return false, err
		}
	}
	return mark(b, at) || own == b, nil
}

// pairsOf does the same for a row whose record is another now, or was withdrawn: its block is open for changing.
func (f *filer) pairsOf(s *filing, block *shelved, by jisr.MemberID, row int) error {
	block.flags[row%programme.BlockRows] &^= flagPaired
	held := s.last
	if s.last == nil || s.last.n != block.n { // so that it is not read a second time while it is changed
		if held != nil {
			if err := f.c.writeBlock(s.t, s.n, held); err != nil {
				return err
			}
		}
		s.last = block
	}
	err := f.pairs(s, by, row, row+1)
	if s.last != held && held != nil {
		s.last, err = nil, errors.Join(err, f.c.writeBlock(s.t, s.n, block))
	}
	return err
}
