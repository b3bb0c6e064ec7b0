package ledger

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	receiptHeader = "jisr receipt/v1"
	receiptTime   = "2006-01-02T15:04:05.000Z"
	missingNone   = "none"
)

// text is what a mirror signs, doc/spec/log.md section 5: six lines.
func (r Receipt) text() string {
	return fmt.Sprintf("%s\n%s\n%d\n%s\n%s\n%s\n", receiptHeader, r.Log, r.Size, tlog.Hash(r.Root),
		r.Time.UTC().Format(receiptTime), formatMissing(r.Missing))
}

// parseReceipt reads the text of a receipt strictly: what it accepts, text gives back byte for byte.
func parseReceipt(text string) (Receipt, error) {
	lines := strings.Split(text, "\n")
	if len(text) > MaxCheckpoint || len(lines) != 7 || lines[0] != receiptHeader || checkName(lines[1]) != nil {
		return Receipt{}, fmt.Errorf("receipt: %w", ErrFormat)
	}
	size, err1 := strconv.ParseInt(lines[2], 10, 64)
	root, err2 := tlog.ParseHash(lines[3])
	at, err3 := time.Parse(receiptTime, lines[4])
	missing, err4 := parseMissing(lines[5])
	r := Receipt{Log: Origin(lines[1]), Size: size, Root: root, Time: at, Missing: missing}
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || size < 0 || size > MaxSize || r.text() != text {
		return Receipt{}, fmt.Errorf("receipt: %w", ErrFormat)
	}
	if n := len(missing); n > 0 && missing[n-1].End > size {
		return Receipt{}, fmt.Errorf("receipt misses what it does not cover: %w", ErrFormat)
	}
	return r, nil
}

// formatMissing writes "none", or the first and last index of each range: "3-7,9".
func formatMissing(ranges []Range) string {
	if len(ranges) == 0 {
		return missingNone
	}
	var b strings.Builder
	for i, r := range ranges {
		if i > 0 {
			b.WriteByte(',')
		}
		if b.WriteString(strconv.FormatInt(r.Start, 10)); r.End-r.Start > 1 {
			fmt.Fprintf(&b, "-%d", r.End-1)
		}
	}
	return b.String()
}

// parseMissing accepts ranges that ascend, do not touch, and are at most MaxMissing.
func parseMissing(s string) ([]Range, error) {
	if s == missingNone {
		return nil, nil
	}
	if strings.Count(s, ",") >= MaxMissing {
		return nil, fmt.Errorf("missing ranges: %w", ErrTooLong)
	}
	var ranges []Range
	for item := range strings.SplitSeq(s, ",") {
		r, err := parseRange(item)
		if err != nil {
			return nil, err
		}
		if n := len(ranges); n > 0 && r.Start <= ranges[n-1].End {
			return nil, fmt.Errorf("missing ranges: %w", ErrFormat)
		}
		ranges = append(ranges, r)
	}
	if formatMissing(ranges) != s {
		return nil, fmt.Errorf("missing ranges: %w", ErrFormat)
	}
	return ranges, nil
}

func parseRange(s string) (Range, error) {
	first, last, two := strings.Cut(s, "-")
	if !two {
		last = first
	}
	a, err1 := strconv.ParseInt(first, 10, 64)
	b, err2 := strconv.ParseInt(last, 10, 64)
	if err1 != nil || err2 != nil || a < 0 || b < a || b >= MaxSize {
		return Range{}, fmt.Errorf("missing range %q: %w", s, ErrFormat)
	}
	return Range{a, b + 1}, nil
}

// addMissing adds the next index, which is not below the last one added. Beyond MaxMissing ranges the last is stretched:
// a receipt may list what is held, but must never leave out what is not.
func addMissing(ranges []Range, i int64) []Range {
	n := len(ranges)
	if n > 0 && (i <= ranges[n-1].End || n == MaxMissing) {
		ranges[n-1].End = max(ranges[n-1].End, i+1)
		return ranges
	}
	return append(ranges, Range{i, i + 1})
}

// misses reports whether ranges, ascending, hold i.
func misses(ranges []Range, i int64) bool {
	for _, r := range ranges {
		if i < r.End {
			return i >= r.Start
		}
	}
	return false
}

// Holds reports whether the receipt says that entry i and all its contents were held.
func (r Receipt) Holds(i int64) bool { return i < r.Size && !misses(r.Missing, i) }
