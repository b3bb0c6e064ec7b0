package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/node/nodetest"
	"jisr/paper"
	"jisr/words"
)

// An agreement that two nodes signed is verified from one file and the two letters of credence, without any node.
func TestVerifyAgreementChain(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	iq, sy := w.As("iq"), w.As("sy")
	parties := []jisr.MemberID{"iq", "sy"}
	id := iq.ProposesAgreement(parties...)
	w.Settle()
	sy.Negotiates(id).Done()
	text := iq.Tables(id, w.Text(parties, "The Parties exchange water levels."))
	closes := w.Now().Add(time.Hour)
	for _, do := range []func(a *nodetest.Actor){
		func(a *nodetest.Actor) { a.Initials(id) }, func(a *nodetest.Actor) { a.Seals(id, closes) },
		func(a *nodetest.Actor) { a.Commits(id) }, func(a *nodetest.Actor) { a.States(id) },
	} {
		w.Settle()
		do(iq)
		do(sy)
	}
	iq.SeesAgreement(id, jisr.AgreementSignedRatify)
	w.Settle()
	bundle, err := w.Node("iq").ExportAgreement(t.Context(), book.Whole(), w.Forum, id)
	if err != nil {
		t.Fatal(err)
	}
	letters := []string{filepath.Join(w.Dir("iq"), "letter.credence"), filepath.Join(w.Dir("sy"), "letter.credence")}
	got, err := checkFile(t, bundle, letters)
	if err != nil || !got.Verified || got.Agreement != id || got.State != string(jisr.AgreementSignedRatify) || got.Text != text || got.Acts != 11 || got.Receipts == 0 {
		t.Errorf("verified %+v: %v", got, err)
	}
	checks := map[jisr.ChainCheckKind]int{}
	for _, c := range got.Checks {
		if c.Void == nil {
			checks[c.Kind]++
		}
	}
	if checks[jisr.CheckText] != 1 || checks[jisr.CheckAuthority] != 4 || checks[jisr.CheckUnsigned] != 4 || checks[jisr.CheckConfirm] != 0 {
		t.Errorf("checks %v", checks)
	}

	// What its printed original says leads back to the chain; what another paper says does not.
	sum, _ := text.Sum()
	if got, err := checkFile(t, bundle, letters, paper.Phrase(sum)); err != nil || got.Paper != paperSame {
		t.Errorf("its own paper: %+v %v", got, err)
	}
	if got, err := checkFile(t, bundle, letters, paper.Phrase([32]byte{})); err == nil || got.Paper != paperOther || !got.Verified {
		t.Errorf("another paper: %+v %v", got, err)
	}
	printed, err := paper.Open(w.Node("sy"), catalogue(t), nil, false).Print(t.Context(), book.Whole(), w.Forum, id, paper.FormAkoma, "ar")
	if err != nil || !bytes.Contains(printed, []byte(text)) {
		t.Errorf("the other side's original does not carry the hash: %v", err)
	}

	without := withoutLast(t, bundle) // the last procès-verbal is kept back: fewer obligations, never more
	if got, err := checkFile(t, without, letters); err != nil || got.State != string(jisr.AgreementInitialled) {
		t.Errorf("without the last act: %+v %v", got, err)
	}
	changed := bytes.Replace(bundle, []byte("entry "), []byte("entry A"), 1)
	if got, err := checkFile(t, changed, letters); err == nil || got.Verified {
		t.Errorf("a changed file passes: %+v", got)
	}
	if got, err := checkFile(t, bundle, letters[:1]); err == nil || got.Verified || got.Reason != "unknown" {
		t.Errorf("a file passes without the letter of one side: %+v", got)
	}
}

func catalogue(t *testing.T) *words.Words {
	t.Helper()
	all, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func checkFile(t *testing.T, bundle []byte, letters []string, said ...string) (chainJSON, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "chain")
	if err := os.WriteFile(file, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	term := newTerminal(catalogue(t), "ar")
	term.out, term.err = &out, &out
	err := verify(term, file, letters, nil, strings.Join(said, ""), true)
	var got chainJSON
	first, _, _ := bytes.Cut(out.Bytes(), []byte("\n"))
	if jsonErr := json.Unmarshal(first, &got); jsonErr != nil && err == nil {
		t.Fatalf("%v: %s", jsonErr, out.Bytes())
	}
	return got, err
}

func withoutLast(t *testing.T, bundle []byte) []byte {
	t.Helper()
	var all [][]byte
	if err := ledger.ReadBundle(bytes.NewReader(bundle), func(file []byte) error { all = append(all, bytes.Clone(file)); return nil }); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, file := range all[:len(all)-1] {
		if err := ledger.WriteBundled(&out, file); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}
