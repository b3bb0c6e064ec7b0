package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jisr"
	"jisr/book"
	"jisr/ledger"
	"jisr/node"
	"jisr/node/nodetest"
	"jisr/words"
)

// TestVerifyOfficialsSignature from the exported file and a letter of credence alone, as somebody would who has no node.
func TestVerifyOfficialsSignature(t *testing.T) {
	w := nodetest.New(t, "iq", "sy")
	n, ctx := w.Node("iq"), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do := func(c node.Caller, cmd node.Command) node.Done {
		t.Helper()
		done, err := n.Do(ctx, c, cmd)
		must(err)
		return done
	}
	op := n.Operator()
	do(op, node.AddDesk{ID: "mofa", Title: jisr.Text{"ar": "وزارة الخارجية", "en": "Foreign Ministry"}})
	do(op, node.AddOfficial{ID: "head", Post: jisr.Text{"ar": "رئيس الدائرة", "en": "Head"}, Desk: "mofa", Roles: []jisr.Role{jisr.Releaser}})
	at, err := n.Relying("localhost:8400")
	must(err)
	key := &nodetest.Authenticator{T: t, Origin: "http://localhost:8400"}
	c, err := n.BeginInvited(ctx, do(op, node.InviteOfficial{ID: "head"}).Secret, at, node.From{})
	must(err)
	token, err := n.FinishEnrolment(ctx, c.Asked, key.Creates(c.Options), "", node.From{})
	must(err)
	head, err := n.Session(ctx, token, true)
	must(err)
	draft := do(w.Official("iq", "writer", jisr.Drafter), node.DraftNote{Forum: w.Forum, Draft: w.Note("sy")})
	do(head, node.ClearNote{ID: draft.Thing, Version: 1})
	release := node.ReleaseNote{ID: draft.Thing, Version: 1}
	a, err := n.Prepare(ctx, head, release, at)
	must(err)
	signature, err := node.ReadAnswer(key.Answers(a.Options))
	must(err)
	done := do(head, node.Signed{Command: release, Asked: a.Asked, Signature: signature})
	do(head, node.RevokePasskey{ID: "head", Credential: key.Credential()})

	file, err := n.ExportSigned(ctx, book.Whole(), w.Forum, done.Position)
	must(err)
	var proofs [][]byte
	must(ledger.ReadBundle(bytes.NewReader(file), func(p []byte) error { proofs = append(proofs, p); return nil }))
	unsigned, err := n.ExportProof(ctx, book.Whole(), w.Forum, jisr.Position{Member: "iq", Index: 0})
	must(err)
	bundle := func(all ...[]byte) []byte {
		var b bytes.Buffer
		for _, p := range all {
			must(ledger.WriteBundled(&b, p))
		}
		return b.Bytes()
	}
	withheld, err := ledger.Withhold(proofs[0])
	must(err)
	for name, x := range map[string]struct {
		file  []byte
		state node.SignatureState
		why   string
		says  string
	}{
		"as exported":         {file, node.GoodSignature, "", "The official of the post Head (head) signed it"},
		"with half the keys":  {bundle(proofs[:2]...), node.GoodSignature, "", "The official of the post Head (head) signed it"},
		"alone":               {proofs[0], node.BadSignature, "signer", "does not hold"},
		"without its content": {bundle(withheld, proofs[1]), node.NotHere, "", "is not in this file"},
		"of an act without":   {unsigned, "", "", "no passkey of an official did"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			proof, letter := filepath.Join(dir, "act.proof"), filepath.Join(dir, "iq.credence")
			mirror := filepath.Join(dir, "sy.credence")
			must(os.WriteFile(proof, x.file, 0o600))
			must(os.WriteFile(letter, n.Self().Letter, 0o600))
			must(os.WriteFile(mirror, w.Node("sy").Self().Letter, 0o600))
			all, err := words.New()
			must(err)
			say := func(asJSON bool) string {
				var out bytes.Buffer
				tt := &terminal{out: &out, err: &out, words: all, lang: all.In("en").Plain()}
				must(verify(tt, proof, []string{letter, mirror}, nil, "", asJSON))
				return out.String()
			}
			if got := say(false); !strings.Contains(got, x.says) {
				t.Errorf("it does not say %q:\n%s", x.says, got)
			}
			var j verdictJSON
			must(json.Unmarshal([]byte(say(true)), &j))
			if x.state == "" {
				if j.Signature != nil {
					t.Errorf("got %+v", j.Signature)
				}
				return
			}
			if j.Signature == nil || j.Signature.State != x.state || j.Signature.Why != x.why {
				t.Errorf("got %+v, want %s %s", j.Signature, x.state, x.why)
			}
		})
	}
}
