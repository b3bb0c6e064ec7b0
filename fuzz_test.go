package jisr_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"jisr"
)

// FuzzContents: whatever a partner sends as the content of an act is refused, or holds and is within its bounds.
func FuzzContents(f *testing.F) {
	for _, s := range []string{`{"text":{"ar":"نص"},"title":{"ar":"عنوان"}}`, `{"texts":[{"ar":"نص"},{}]}`, `{"files":[{"name":"a.csv"}],"note":{"ar":"ن"}}`, `{"segments":[]}`, `{"paragraphs":[{"segment":"iq-a","text":{"ar":"ن"}}]}`, "{}", "null"} {
		f.Add([]byte(s), 1)
	}
	f.Fuzz(func(t *testing.T, content []byte, n int) {
		refusedOr := func(what string, err error, holds error) {
			var r *jisr.Refusal
			if err != nil && !errors.As(err, &r) || err == nil && holds != nil {
				t.Errorf("%s: %v, %v for %s", what, err, holds, content)
			}
		}
		c, err := jisr.DecodeCommitment(content)
		refusedOr("commitment", err, c.Check())
		e, err := jisr.DecodeEvidence(content, n)
		refusedOr("evidence", err, e.Check())
		m, err := jisr.DecodeEdit(content, n)
		refusedOr("edit", err, m.Check())
		_, err = jisr.DecodeMinutes(content, jisr.Commit(sha256.Sum256(content)))
		refusedOr("minutes", err, nil)
		m2, err := jisr.ReadMinutes(content)
		refusedOr("minutes", err, m2.Check())
		s, err := jisr.ReadStatement(content)
		refusedOr("statement", err, s.Check())
		_, err = jisr.DecodeStatement(content, jisr.Commit(sha256.Sum256(content)))
		refusedOr("statement by its hash", err, nil)
		r, err := jisr.DecodeReadout(content)
		refusedOr("readout", err, r.Check())
		c2, err := jisr.DecodeComment(content)
		refusedOr("comment", err, c2.Check())
		_, _, err = jisr.DecodeSigned(content)
		refusedOr("signed", err, nil)
	})
}

// FuzzFold: whatever two members say about a thing, its state is told, it is the same in any order, and no act is both void
// and the reason of a state. kinds and terms are lists: what the members say in turn.
func FuzzFold(f *testing.F) {
	for _, a := range examples(f) {
		f.Add(string(a.Kind)+","+string(a.Kind), string(a.Terms)+"\n"+string(a.Terms))
	}
	f.Add("commitment.propose,commitment.agree,commitment.report", "{}\n{\"hash\":\"sha256:\"}\n{}")
	f.Fuzz(func(t *testing.T, kinds, terms string) {
		all, said := strings.Split(kinds, ","), strings.Split(terms, "\n")
		noun, _, _ := strings.Cut(all[0], ".")
		thing := jisr.ThingID(noun + "/iq-01")
		var acts []jisr.Act
		for i, kind := range all[:min(len(all), 8)] {
			a := jisr.Act{V: 1, Kind: jisr.Kind(kind), Forum: "iq-sy", About: thing, By: &jisr.By{Desk: "mofa", Official: "chief"}, At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Clock: int64(i + 1),
				Position: jisr.Position{Member: []jisr.MemberID{"iq", "sy"}[i%2], Index: jisr.Index(i)}}
			if i < len(said) && said[i] != "" {
				a.Terms = json.RawMessage(said[i])
			}
			entry, err := a.Encode()
			if err != nil {
				return
			}
			if a, err = jisr.Decode(a.Member, a.Index, entry); err != nil {
				return
			}
			acts = append(acts, a)
		}
		s := jisr.Fold(thing, acts)
		back := make([]jisr.Act, 0, len(acts))
		for i := range acts {
			back = append(back, acts[len(acts)-1-i])
		}
		if again := jisr.Fold(thing, back); !bytes.Equal(toJSON(t, s), toJSON(t, again)) || len(again.Voids) != len(s.Voids) {
			t.Errorf("%s in another order is %s", toJSON(t, s), toJSON(t, again))
		}
		for _, a := range acts {
			for _, other := range jisr.Concerns(&a) {
				jisr.Fold(other, acts)
			}
			jisr.RankAct(&a)
		}
	})
}

func toJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
