package paper_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node/nodetest"
	"jisr/paper"
)

// An agreement on two real nodes, from its first text to its signature: what each side prints of it at each step.
func TestPapersOfAnAgreementOnTwoNodes(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	parties := []jisr.MemberID{"iq", "sy"}
	offices := map[jisr.MemberID]*paper.Office{}
	for _, m := range parties {
		offices[m] = paper.Open(w.Node(m), catalogue(t), nil, false)
	}
	id := w.As("iq").ProposesAgreement(parties...)
	w.Settle()
	refused := func(form string, kind jisr.RefusalKind) {
		t.Helper()
		var r *jisr.Refusal
		if _, err := offices["iq"].Print(t.Context(), book.Whole(), w.Forum, id, form, "ar"); !errors.As(err, &r) || r.Kind != kind {
			t.Errorf("%s: %v, want %s", form, err, kind)
		}
	}
	refused(paper.FormText, jisr.Missing)
	w.As("sy").Negotiates(id).Done()
	hash := w.As("iq").Tables(id, w.Text(parties, "The Parties exchange water levels."))
	w.Settle()
	refused(paper.FormCertified, jisr.NotSigned)
	refused(paper.FormRegistration, jisr.NotSigned)
	refused("poster", jisr.NotOneOf)
	printed := func(m jisr.MemberID, form string) []byte {
		t.Helper()
		b, err := offices[m].Print(t.Context(), book.Whole(), w.Forum, id, form, "ar")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !strings.Contains(string(printed("iq", paper.FormAkoma)), string(hash)) {
		t.Error("the hash is not in the XML")
	}
	closes := w.Now().Add(time.Hour)
	for _, step := range []func(a *nodetest.Actor){func(a *nodetest.Actor) { a.Initials(id) }, func(a *nodetest.Actor) { a.Seals(id, closes) }, func(a *nodetest.Actor) { a.Commits(id) }, func(a *nodetest.Actor) { a.States(id) }} {
		for _, m := range parties {
			a := w.As(m)
			step(a)
			a.Done()
		}
		w.Settle()
	}
	for _, form := range []string{paper.FormText, paper.FormOriginal, paper.FormCertified, paper.FormRegistration} {
		ours, theirs := printed("iq", form), printed("sy", form)
		for _, b := range [][]byte{ours, theirs} {
			for _, f := range conforms(b) {
				t.Errorf("%s: %s", form, f)
			}
		}
		if !bytes.Equal(ours, printed("iq", form)) {
			t.Errorf("%s: printed twice, other bytes", form)
		}
		if bytes.Equal(ours, theirs) {
			t.Errorf("%s: both name the same party first", form)
		}
	}
}
