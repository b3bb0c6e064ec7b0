package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/programme"
)

// What a record names beside itself is looked at once, by the node that sends it: another record must have been sent under the
// same programme, and a file must come with it, as a further content of the act that carries the record. At the other side the
// record may be there before what it names, so nothing is void for it there; a page says that it is not here.

// holds gives what records of one sending are held against beside the annex.
func (n *Node) holds(ctx context.Context, f *book.Flow, t *programme.Type, files map[string]jisr.DraftFile) (checks []func(*programme.Record) []programme.Fault) {
	if t.Names(programme.RefTo) {
		known := map[jisr.ThingID]*jisr.RecordBatch{} // each batch is looked up once
		checks = append(checks, func(r *programme.Record) (faults []programme.Fault) {
			for _, at := range r.Named(programme.RefTo) {
				if !n.refersTo(ctx, f, at.Field.Ref, at.ID, known) {
					faults = append(faults, programme.Fault{Path: at.Path, Clause: at.Field.Clause, Refusal: jisr.Refuse(jisr.NoReference, at.Path, "got", shortened(at.ID), "type", at.Field.Ref)})
				}
			}
			return faults
		})
	}
	if t.Names(programme.FileOf) {
		checks = append(checks, func(r *programme.Record) (faults []programme.Fault) {
			named := r.Named(programme.FileOf)
			for i, at := range named {
				refusal := fits(t, at, files)
				if most := filesOf(t); refusal == nil && i >= most {
					refusal = jisr.Refuse(jisr.TooMany, at.Path, "max", fmt.Sprint(most), "got", fmt.Sprint(len(named)))
				}
				if refusal != nil {
					faults = append(faults, programme.Fault{Path: at.Path, Clause: at.Field.Clause, Refusal: refusal})
				}
			}
			return faults
		})
	}
	return checks
}

func shortened(s string) string {
	const most = 80
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}

// refersTo tells whether a record of a type was sent under the programme, in whichever version of its annex, and stands.
func (n *Node) refersTo(ctx context.Context, f *book.Flow, typ, name string, known map[jisr.ThingID]*jisr.RecordBatch) bool {
	id, place, ok := book.ParseRecordName(name)
	if !ok {
		return false
	}
	b, looked := known[id]
	if !looked {
		if v, err := n.book.Thing(ctx, book.Whole(), f.Forum, id); err == nil {
			b = v.State.Batch
		}
		known[id] = b
	}
	if b == nil || b.Type != typ || place > b.Count || len(b.Erased) > 0 {
		return false
	}
	if c := b.Changes[place]; c != nil && c.Withdrawn != nil {
		return false
	}
	return b.Programme == f.ID || slices.ContainsFunc(f.Versions, func(v book.Version) bool { return v.ID == b.Programme && v.ID != f.ID })
}

// filesOf is how many files one record may carry.
func filesOf(t *programme.Type) int {
	if most := t.Spec.Limits.Files; most > 0 {
		return min(most, jisr.MaxAttachments)
	}
	return jisr.MaxAttachments
}

// fits holds a file against the annex's bounds, and that it is there.
func fits(t *programme.Type, at programme.Named, files map[string]jisr.DraftFile) *jisr.Refusal {
	l := t.Spec.Limits
	switch _, here := files[at.File.SHA256]; {
	case !here:
		return jisr.Refuse(jisr.NoFile, at.Path, "got", shortened(at.File.Name))
	case l.FileBytes > 0 && at.File.Size > l.FileBytes:
		return jisr.Refuse(jisr.TooLong, at.Path, "max", fmt.Sprint(l.FileBytes), "got", fmt.Sprint(at.File.Size))
	case len(l.FileTypes) > 0 && !slices.Contains(l.FileTypes, at.File.Type):
		return jisr.Refuse(jisr.NotOneOf, at.Path, "allowed", strings.Join(l.FileTypes, ", "), "got", shortened(at.File.Type))
	}
	return nil
}

// check holds records against the annex and against what they name. It gives those that hold, with what is known of the uploads they
// name put in their place, the others with every fault, and the files by what their bytes hash to.
func (n *Node) check(ctx context.Context, c Caller, f *book.Flow, t *programme.Type, records []json.RawMessage) (good []json.RawMessage, refused []book.RefusedRow, files map[string]jisr.DraftFile, err error) {
	records, faults, files, err := n.attach(ctx, c, t, records)
	if err != nil {
		return nil, nil, nil, err
	}
	good, refused = f.Check(t, records, n.holds(ctx, f, t, files)...)
	if len(faults) == 0 {
		return good, refused, files, nil
	}
	// An upload that is not to be had is a fault of its own; that the field does not hold follows.
	refused = slices.DeleteFunc(refused, func(r book.RefusedRow) bool { return len(faults[r.Row]) > 0 })
	for _, row := range slices.Sorted(maps.Keys(faults)) {
		refused = append(refused, f.Refused(row, faults[row])...)
	}
	slices.SortStableFunc(refused, func(a, b book.RefusedRow) int { return a.Row - b.Row })
	return good, refused, files, nil
}

// attach puts into records what is known of the uploads they name. The bytes are read once for it, never whole in memory. Faults
// are by row, from 1.
func (n *Node) attach(ctx context.Context, c Caller, t *programme.Type, records []json.RawMessage) ([]json.RawMessage, map[int][]programme.Fault, map[string]jisr.DraftFile, error) {
	if !t.Names(programme.FileOf) {
		return records, nil, nil, nil
	}
	files, faults := map[string]jisr.DraftFile{}, map[int][]programme.Fault{}
	known := map[string]programme.File{}
	all := make([]json.RawMessage, len(records))
	for i, raw := range records {
		attached, bad, err := t.Attach(raw, func(upload string) (programme.File, error) {
			if is, ok := known[upload]; ok {
				return is, nil
			}
			is, d, err := n.fileOf(ctx, c, t, upload)
			if err == nil {
				known[upload], files[is.SHA256] = is, d
			}
			return is, err
		})
		if err != nil {
			return nil, nil, nil, err
		}
		if all[i] = attached; len(bad) > 0 {
			faults[i+1] = bad
		}
	}
	return all, faults, files, nil
}

// fileOf is what is known of an upload that a record names.
func (n *Node) fileOf(ctx context.Context, c Caller, t *programme.Type, upload string) (is programme.File, d jisr.DraftFile, err error) {
	u, err := n.UploadInfo(ctx, c, upload)
	switch {
	case err != nil:
		return is, d, err
	case u.Commit == "":
		return is, d, jisr.Refuse(jisr.Unfinished, u.Name, "held", fmt.Sprint(u.Held), "size", fmt.Sprint(u.Size))
	case t.Spec.Limits.FileBytes > 0 && u.Size > t.Spec.Limits.FileBytes:
		return is, d, jisr.Refuse(jisr.TooLong, u.Name, "max", fmt.Sprint(t.Spec.Limits.FileBytes), "got", fmt.Sprint(u.Size))
	}
	r, err := n.ledger.OpenUpload(ctx, upload)
	if err != nil {
		return is, d, n.absent(err, upload)
	}
	sum, err := sumOf(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return is, d, err
	}
	return programme.File{Name: u.Name, SHA256: sum, Size: u.Size, Type: u.Type}, jisr.DraftFile{Upload: u.ID, Name: u.Name, Type: u.Type, Size: u.Size, Commit: u.Commit}, nil
}

func sumOf(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// carried lists the files of records, each once, in the order in which they are named: the order of the contents that follow the
// records in their act.
func carried(t *programme.Type, records []json.RawMessage) (sums []string) {
	if !t.Names(programme.FileOf) {
		return nil
	}
	var r programme.Record
	for _, raw := range records {
		if len(t.Check(raw, &r)) > 0 {
			continue
		}
		for _, at := range r.Named(programme.FileOf) {
			if !slices.Contains(sums, at.File.SHA256) {
				sums = append(sums, at.File.SHA256)
			}
		}
	}
	return sums
}

// uploads are the files that records carry, as an act takes them.
func uploads(t *programme.Type, records []json.RawMessage, files map[string]jisr.DraftFile) (all []jisr.DraftFile) {
	for _, sum := range carried(t, records) {
		if f, ok := files[sum]; ok {
			all = append(all, f)
		}
	}
	return all
}

// RecordFile opens a file of a record, for a caller who may read the record. It is here once its bytes have arrived; that they are
// what the record says of them was the sender's to see, and is seen to again before they are given out.
func (n *Node) RecordFile(ctx context.Context, c Caller, forum jisr.ForumID, id jisr.ThingID, typ, name, sum string) (io.ReadSeekCloser, programme.File, error) {
	none := jisr.Refuse(jisr.NoSuch, shortened(sum), "noun", "attachment")
	v, err := n.Record(ctx, c, forum, id, typ, name)
	if err != nil {
		return nil, programme.File{}, err
	}
	for _, version := range slices.Backward(v.Versions) {
		if version.Record == nil {
			continue
		}
		named := version.Record.Named(programme.FileOf)
		i := slices.IndexFunc(named, func(at programme.Named) bool { return at.File.SHA256 == sum })
		if i < 0 {
			continue
		}
		r, err := n.fileIn(ctx, forum, version.Act, named[i].File)
		if r != nil || err != nil {
			return r, named[i].File, err
		}
		none = jisr.Refuse(jisr.NoSuch, shortened(named[i].File.Name), "noun", "attachment")
	}
	return nil, programme.File{}, none
}

// fileIn finds a file among the contents of an act, by its size and what its bytes hash to; nil: it is none of them. A correction
// that keeps a file does not bring it again.
func (n *Node) fileIn(ctx context.Context, forum jisr.ForumID, at jisr.Position, is programme.File) (io.ReadSeekCloser, error) {
	origin := n.origin(forum, at.Member)
	refs, err := n.ledger.Refs(ctx, origin, int64(at.Index))
	if err != nil {
		return nil, n.absent(err, is.Name)
	}
	for _, ref := range refs {
		if ref.N == 0 || ref.Size != is.Size || ref.Erased {
			continue
		}
		if !ref.Complete {
			return nil, jisr.Refuse(jisr.Unfinished, is.Name, "held", fmt.Sprint(ref.Held), "size", fmt.Sprint(ref.Size))
		}
		r, err := n.ledger.OpenContent(ctx, origin, int64(at.Index), ref.N)
		if err != nil {
			return nil, n.absent(err, is.Name)
		}
		got, err := sumOf(r)
		if err == nil {
			_, err = r.Seek(0, io.SeekStart)
		}
		if err == nil && got == is.SHA256 {
			return r, nil
		}
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
