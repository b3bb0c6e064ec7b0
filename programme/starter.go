package programme

import (
	"bytes"
	_ "embed"
	"encoding/json"

	"jisr"
)

//go:embed starter.json
var starter []byte

// Start gives an annex to begin from, laid out for people: a shipped one, or a small one where like is empty; under an
// id, and between the parties given, where they are.
func Start(id, like string, parties []jisr.MemberID) ([]byte, error) {
	doc := starter
	if like != "" {
		var err error
		if doc, err = ReadShipped(like); err != nil {
			return nil, err
		}
	}
	a, _, err := Parse(doc)
	if err != nil {
		return nil, err
	}
	if id != "" {
		a.Programme = id
	}
	if len(parties) > 0 {
		a.between(parties)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(a); err != nil {
		return nil, err
	}
	_, err = Compile(b.Bytes())
	return b.Bytes(), err
}

// between puts other parties in the place of those the annex has, in their order.
func (a *Annex) between(parties []jisr.MemberID) {
	now := map[jisr.MemberID]jisr.MemberID{}
	for i, m := range a.Parties {
		now[m] = parties[i%len(parties)]
	}
	a.Parties = parties
	replace := func(all []jisr.MemberID) {
		for i := range all {
			all[i] = now[all[i]]
		}
	}
	for _, r := range a.Records {
		replace(r.Sends)
		replace(r.Receives)
		for i := range r.SLA {
			replace(r.SLA[i].Of)
		}
	}
}
