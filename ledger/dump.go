package ledger

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A dump is all that a store holds, row by row: what a backup carries in place of the database's own file, so that nothing that
// came from outside is ever opened as a database. A row is the number of its table (one byte, from 1) and its
// columns: a varint, or the length and one as a uvarint (0: null) and the bytes. A zero byte ends it.

// dumped is one table. columns are i (integer), t (text) or b (bytes), as they stand in names.
type dumped struct {
	name, names, kinds string
}

// dumps lists the tables. They are never reordered: their place is their number.
func dumps() []dumped {
	return []dumped{
		{"log", "id, origin, keys, size, root, checkpoint, cosigned", "itbibbb"},
		{"entry", "id, data", "ib"},
		{"tile", "id, data", "ib"},
		{"content", "id, log, idx, n, size, rank, missing, blob, type, hash, salt, data", "iiiiiiiitbbb"},
		{"blob", "id, name, size, held, complete, type, file, salt, sum", "itiiittbb"},
		{"part", "id, data", "ib"},
		{"receipt", "id, log, mirror, size, at, kept, missing, note, checkpoint", "iitiiitbb"},
		{"view", "id, log, size, root, checkpoint", "iiibb"},
		{"evidence", "id, kind, log, at, hash, first, second, detail", "ittibbbt"},
	}
}

const (
	maxField  = 2 << 20 // bytes of one column: a part, with room
	loadRows  = 5_000   // rows of one transaction of a load
	loadBytes = 8 << 20
)

// selects reads a table in the order of its rows. The one integer that may be null is written as 0.
func (d dumped) selects() string {
	return "SELECT " + strings.Replace(d.names, "blob,", "coalesce(blob, 0),", 1) + " FROM " + d.name + " ORDER BY id"
}

func (d dumped) inserts() string {
	var values []string
	for i, name := range strings.Split(d.names, ", ") {
		v := fmt.Sprintf("$%d", i+1)
		if name == "blob" {
			v = "nullif(" + v + ", 0)"
		}
		values = append(values, v)
	}
	return "INSERT INTO " + d.name + " (" + d.names + ") VALUES (" + strings.Join(values, ", ") + ")"
}

// Dump writes all that is held, as of one moment, while writing goes on. It tells how many rows it wrote.
func (l *Ledger) Dump(ctx context.Context, w io.Writer) (rows int64, err error) {
	out := bufio.NewWriterSize(w, 64<<10)
	err = l.store.View(ctx, func(tx Tx) error {
		for n, d := range dumps() {
			if err := d.dump(tx, byte(n+1), out, &rows); err != nil {
				return fmt.Errorf("table %s: %w", d.name, err)
			}
		}
		return nil
	})
	if err == nil {
		err = out.WriteByte(0)
	}
	if err = errors.Join(err, out.Flush()); err != nil {
		return rows, fmt.Errorf("couldn't write out the ledger: %w", err)
	}
	return rows, nil
}

func (d dumped) dump(tx Tx, number byte, out *bufio.Writer, rows *int64) error {
	into := make([]any, len(d.kinds))
	for i, k := range d.kinds {
		switch k {
		case 'i':
			into[i] = new(int64)
		case 't':
			into[i] = new(string)
		default:
			into[i] = new([]byte)
		}
	}
	var row []byte
	_, err := tx.Query(d.selects(), nil, into, func() error {
		row = append(row[:0], number)
		for _, v := range into {
			switch v := v.(type) {
			case *int64:
				row = binary.AppendVarint(row, *v)
			case *string:
				row = append(binary.AppendUvarint(row, uint64(len(*v))+1), *v...)
			case *[]byte:
				if *v == nil {
					row = append(row, 0)
					continue
				}
				row = append(binary.AppendUvarint(row, uint64(len(*v))+1), *v...)
			}
		}
		*rows++
		_, err := out.Write(row)
		return err
	})
	return err
}

// dumpRow is a row as it was read.
type dumpRow struct {
	table dumped
	args  []any
	bytes int
}

// readRow reads one row; ok is false at the end.
func readRow(r *bufio.Reader) (row dumpRow, ok bool, err error) {
	number, err := r.ReadByte()
	if err != nil {
		return row, false, cutShort(err)
	}
	if number == 0 {
		return row, false, nil
	}
	all := dumps()
	if int(number) > len(all) {
		return row, false, fmt.Errorf("a row of table %d: %w", number, ErrFormat)
	}
	row.table = all[number-1]
	for _, k := range row.table.kinds {
		if k == 'i' {
			n, err := binary.ReadVarint(r)
			if err != nil {
				return row, false, cutShort(err)
			}
			row.args = append(row.args, n)
			continue
		}
		data, err := readField(r)
		if err != nil {
			return row, false, err
		}
		row.bytes += len(data)
		if k == 't' {
			row.args = append(row.args, string(data))
		} else {
			row.args = append(row.args, data)
		}
	}
	return row, true, nil
}

func readField(r *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, cutShort(err)
	}
	if n == 0 {
		return nil, nil
	}
	if n > maxField+1 {
		return nil, fmt.Errorf("a column of %d bytes: %w", n-1, ErrTooLong)
	}
	data := make([]byte, n-1)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, cutShort(err)
	}
	return data, nil
}

func cutShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("cut short: %w", ErrFormat)
	}
	return err
}

// ScanDump reads a dump to its end and keeps nothing of it: whether it is one. r gives bytes after it to whoever reads on.
func ScanDump(r *bufio.Reader) (rows int64, err error) {
	for {
		_, ok, err := readRow(r)
		if err != nil {
			return rows, fmt.Errorf("couldn't read the ledger of a backup: %w", err)
		}
		if !ok {
			return rows, nil
		}
		rows++
	}
}

// LoadDump brings a dump into a store that was just made. What it brings is no better than where it came from: Check it before
// anything is done with it. A crash leaves a part of it.
func LoadDump(ctx context.Context, store Store, r *bufio.Reader) error {
	for more := true; more; {
		_, err := store.Update(ctx, func(tx Tx) (err error) {
			more, err = loadSome(tx, r)
			return err
		})
		if err != nil {
			return fmt.Errorf("couldn't load the ledger of a backup: %w", err)
		}
	}
	return nil
}

func loadSome(tx Tx, r *bufio.Reader) (more bool, err error) {
	for rows, bytes := 0, 0; rows < loadRows && bytes < loadBytes; rows++ {
		row, ok, err := readRow(r)
		if err != nil || !ok {
			return false, err
		}
		if err := exec(tx, row.table.inserts(), row.args...); err != nil {
			return false, err
		}
		bytes += row.bytes
	}
	return true, nil
}
