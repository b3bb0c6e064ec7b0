package book

import (
	"context"
	"math"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jisr"
	"jisr/programme"
)

// Expired is a batch whose retention is over by the annex.
type Expired struct {
	Forum     jisr.ForumID
	Programme jisr.ThingID
	Batch     jisr.ThingID
	Until     jisr.Date // the last day it was to be kept
}

// Expired lists batches whose contents are to go by their annex: every record's time to be kept is over. A batch goes as a
// whole, with its last record. Archives stay.
func (b *Book) Expired(ctx context.Context, now time.Time, limit int) (all []Expired, err error) {
	type stand struct {
		n              int64
		forum          jisr.ForumID
		programme, typ string
	}
	err = b.read(ctx, "look for what is kept long enough", func(c *conn) error {
		rd, err := b.reader(c, Whole())
		if err != nil {
			return err
		}
		var shelves []stand
		err = c.each(`SELECT n, forum, programme, type FROM shelf ORDER BY n`, nil, func(st *sqlite3.Stmt) error {
			shelves = append(shelves, stand{st.ColumnInt64(0), jisr.ForumID(st.ColumnText(1)), st.ColumnText(2), st.ColumnText(3)})
			return nil
		})
		for _, s := range shelves {
			if err != nil {
				return err
			}
			var f *Flow
			if f, err = rd.flow(&b.annexes, s.forum, jisr.ThingID(s.programme)); isNot(err) {
				err = nil
				continue
			} else if err != nil {
				continue
			}
			t := f.Programme.Type(s.typ)
			if t == nil || !t.Erases() {
				continue
			}
			var more []Expired
			if more, err = b.expired(c, f, t, s.n, now, limit-len(all)); err == nil {
				all = append(all, more...)
			}
		}
		return err
	})
	return all, err
}

// expired looks through the batches of one shelf. Blocks of which no record is old enough are not read.
func (b *Book) expired(c *conn, f *Flow, t *programme.Type, shelf int64, now time.Time, limit int) (all []Expired, err error) {
	heads, versions, err := c.heads(&b.heads, shelf)
	if err != nil {
		return nil, err
	}
	last := map[string]float64{} // of each batch, the newest day it is counted from; +Inf: it is to be kept
	field := t.RetainedBy()
	for n, h := range heads {
		fresh := h.Zones[field].Some && t.KeptUntil(h.Zones[field].Min).After(now)
		var block *shelved
		if !fresh {
			if block, err = b.openBlock(c, t, shelf, n, h, versions[n]); err != nil {
				return nil, err
			}
		}
		for i := range h.Runs {
			r := &h.Runs[i]
			at := math.Inf(1)
			if !fresh && block.flags[r.Row]&flagErased == 0 {
				at = math.Inf(-1)
				for row := r.Row; row < r.Row+r.Count; row++ {
					if v := block.Figure(field, row); !math.IsNaN(v) {
						at = max(at, v)
					} else {
						at = max(at, float64(r.Sent)/1000)
					}
				}
			}
			if was, known := last[r.Batch]; !known || at > was {
				last[r.Batch] = at
			}
		}
	}
	for _, batch := range sortedKeys(last) {
		if at := last[batch]; !math.IsInf(at, 1) && len(all) < limit {
			if until := t.KeptUntil(at); !until.After(now) {
				all = append(all, Expired{f.Forum, f.ID, jisr.ThingID("record/" + batch), f.Day(until)})
			}
		}
	}
	return all, nil
}
