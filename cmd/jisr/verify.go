package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/ledger"
	"jisr/link"
	"jisr/paper"
)

const (
	maxKeysFile  = 1 << 20   // bytes of a file of verifier keys: an ML-DSA-44 key is 1.8 KB there
	maxChainFile = 256 << 20 // bytes of many proofs in one file: the chain of an agreement, or an audit export of at most 2,000 acts
)

func verifyVerb() verb {
	return verb{
		name: "verify", args: "FILE",
		short: both{"check an exported proof, offline", "افحص إثباتاً مصدَّراً من غير اتصال"},
		long: both{
			"FILE is a proof as the portal and the API export it. It is held against the keys of those who signed it, from their\n" +
				"letters of credence (--letter) or from files of verifier keys as /tlog/…/log.vkey and mirror.vkey serve them (--keys).\n" +
				"Nothing else is needed, and nothing is asked over the network. Says what the proof proves and what it does not.\n" +
				"Exit code 1 when it does not hold.",
			"الملف إثبات كما تصدّره البوابة أو الواجهة البرمجية. ويُفحص بمفاتيح من وقّعوه، من كتب اعتمادهم (\u200e--letter\u200e)\n" +
				"أو من ملفات مفاتيح التحقق (\u200e--keys\u200e). ولا يلزم غير ذلك ولا يُسأل أحد عبر الشبكة.\n" +
				"يقول ما يثبته الملف وما لا يثبته، ورمز الخروج ١ إن لم يصحّ.",
		},
		setup: func(o *options) runner {
			letters := o.many("letter", "FILE", both{"a letter of credence; may be repeated", "كتاب اعتماد؛ ويجوز تكراره"})
			keys := o.many("keys", "FILE", both{"a file of verifier keys, one a line; may be repeated", "ملف مفاتيح تحقق، مفتاح في كل سطر؛ ويجوز تكراره"})
			said := o.text("paper", "HASH", "", both{"what a printed paper says: its hash, its verification phrase in quotes, or what its code holds", "ما تقوله ورقة مطبوعة: بصمتها أو عبارة التحقق بين علامتي اقتباس أو مضمون رمزها"})
			asJSON := o.asJSON()
			return func(_ context.Context, t *terminal, files []string) error {
				if len(files) != 1 {
					return usage("cli.need-proof")
				}
				if len(*letters)+len(*keys) == 0 {
					return usage("cli.verify.needs-keys", "option", "--letter")
				}
				return verify(t, files[0], *letters, *keys, *said, *asJSON)
			}
		},
	}
}

// verdictJSON is what is known after a check, for programs. Proves and DoesNotProve are the sentences a person reads.
type verdictJSON struct {
	Verified      bool            `json:"verified"`
	Reason        string          `json:"reason,omitempty"`
	Detail        string          `json:"detail,omitempty"`
	Log           string          `json:"log,omitempty"`
	Index         int64           `json:"index"`
	Kind          string          `json:"kind,omitempty"`
	Hash          string          `json:"hash,omitempty"`   // of the entry, as papers carry it
	Phrase        string          `json:"phrase,omitempty"` // the same, to be read aloud
	Paper         string          `json:"paper,omitempty"`  // same or other, when --paper was given
	Size          int64           `json:"size,omitempty"`
	Root          string          `json:"root,omitempty"`
	Signed        *time.Time      `json:"signed,omitempty"`
	Signature     *ownJSON        `json:"signature,omitempty"` // the official's own
	Entry         json.RawMessage `json:"entry,omitempty"`
	Countersigned []signedJSON    `json:"countersigned,omitempty"`
	Receipts      []signedJSON    `json:"receipts,omitempty"`
	Contents      []contentJSON   `json:"contents,omitempty"`
	Proves        []string        `json:"proves,omitempty"`
	DoesNotProve  []string        `json:"does_not_prove,omitempty"`
}

type signedJSON struct {
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	Size  int64     `json:"size,omitempty"`
	Holds *bool     `json:"holds,omitempty"` // the act and all it carries
}

type contentJSON struct {
	State ledger.ContentState `json:"state"`
	Size  int64               `json:"size"`
	Type  string              `json:"type"`
}

// signers are those whose keys were given, by the origin of their keys.
type signers map[string]*link.Letter

// of finds the letter that a log or mirror name belongs to.
func (s signers) of(name string) *link.Letter {
	origin, _, _ := strings.Cut(name, "/")
	return s[origin]
}

// call names a signer to the reader: by its letter, else by its origin.
func (s signers) call(t *terminal, name string) string {
	if l := s.of(name); l != nil {
		return t.text(l.Names)
	}
	origin, _, _ := strings.Cut(name, "/")
	return origin
}

func verify(t *terminal, file string, letterFiles, keyFiles []string, said string, asJSON bool) error {
	letters, err := readLetters(letterFiles)
	if err != nil {
		return err
	}
	who := signers{}
	for _, l := range letters {
		who[l.Origin] = l
	}
	proof, err := readBounded(file, maxChainFile)
	if errors.Is(err, os.ErrNotExist) {
		return hint(fail("cli.no-file", "file", file), "jisr verify --help")
	}
	if err != nil {
		return err
	}
	if isAudit(proof) {
		return t.verifyBundle(proof, letters, keyFiles, asJSON)
	}
	proofs, one := apart(proof)
	if !one {
		return verifyChain(t, proof, letters, keyFiles, said, asJSON)
	}
	vkeys, err := keysFor(proofs[0], letters, keyFiles)
	if err != nil {
		return err
	}
	var all []*ledger.Verdict
	for _, p := range proofs {
		v, err := ledger.Verify(p, vkeys, contentsOf)
		if err != nil {
			return t.refuted(who, vkeys, err, asJSON)
		}
		all = append(all, v)
	}
	return t.proved(who, all, said, asJSON)
}

// apart gives the proofs of one act: its own, and in a bundle those that say whose key signed it. false: the file is the
// chain of an agreement.
func apart(file []byte) ([][]byte, bool) {
	if !isChain(file) {
		return [][]byte{file}, true
	}
	const most = 3
	var all [][]byte
	err := ledger.ReadBundle(bytes.NewReader(file), func(proof []byte) error {
		if len(all) == most || len(all) > 0 && !ofSigner(proof) {
			return errChain
		}
		all = append(all, proof)
		return nil
	})
	return all, err == nil && len(all) > 0
}

var errChain = errors.New("a chain of acts")

// ofSigner tells a proof that says to be of an act about a signer; whether it is, verifying tells.
func ofSigner(proof []byte) bool {
	for line := range bytes.Lines(proof) {
		if entry, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("entry ")); ok {
			raw, err := base64.StdEncoding.AppendDecode(nil, entry)
			a, failed := jisr.Decode("xx", 0, raw)
			return err == nil && failed == nil && a.About.Noun() == "signer"
		}
	}
	return false
}

// bundledJSON is one act of a bundle, for programs.
type bundledJSON struct {
	Verified bool            `json:"verified"`
	Detail   string          `json:"detail,omitempty"`
	Log      string          `json:"log,omitempty"`
	Index    int64           `json:"index"`
	Entry    json.RawMessage `json:"entry,omitempty"`
}

// isAudit tells an audit export among bundles of proofs: it carries no content, and is not an act with whose key signed it.
func isAudit(file []byte) bool {
	if !bytes.HasPrefix(file, []byte(ledger.BundleHeader+" ")) || bytes.Contains(file, []byte("\ncontent held ")) {
		return false
	}
	proofs, one := apart(file)
	return !one || len(proofs) == 1
}

// verifyBundle checks every proof of an audit export and tells each act in a line. It holds as a whole or not at all.
func (t *terminal) verifyBundle(bundle []byte, letters []*link.Letter, keyFiles []string, asJSON bool) error {
	all, bad := []bundledJSON{}, 0
	err := ledger.ReadBundle(bytes.NewReader(bundle), func(proof []byte) error {
		vkeys, err := keysFor(proof, letters, keyFiles)
		if err != nil {
			return err
		}
		v, err := ledger.Verify(proof, vkeys, contentsOf)
		if err != nil {
			bad++
			all = append(all, bundledJSON{Detail: err.Error()})
			return nil
		}
		all = append(all, bundledJSON{Verified: true, Log: string(v.Log), Index: v.Index, Entry: json.RawMessage(v.Entry)})
		return nil
	})
	if err == nil && len(all) == 0 {
		err = ledger.ErrFormat
	}
	if err != nil {
		return t.refuted(signers{}, []string{""}, err, asJSON)
	}
	if err := t.bundled(all, bad, asJSON); err != nil {
		return err
	}
	if bad > 0 {
		return errQuiet
	}
	return nil
}

func (t *terminal) bundled(all []bundledJSON, bad int, asJSON bool) error {
	if asJSON {
		return t.json(map[string]any{"verified": bad == 0, "acts": all})
	}
	rows := [][]string{{"LOG", "INDEX", "ACT"}}
	for _, b := range all {
		act := b.Detail
		if a, err := jisr.Decode("xx", jisr.Index(b.Index), b.Entry); b.Verified && err == nil {
			act = string(a.Kind) + " " + string(a.About)
		}
		rows = append(rows, []string{b.Log, fmt.Sprint(b.Index), act})
	}
	if err := t.table(rows); err != nil {
		return err
	}
	if bad > 0 {
		t.say("verify.bundle.failed", "bad", bad, "all", len(all))
		return nil
	}
	t.say("verify.bundle.ok", "all", len(all))
	return nil
}

// keysFor gathers verifier keys. A letter's keys sign any log whose name begins with the member's origin; which one
// that is stands in the proof, and naming it so proves nothing yet.
func keysFor(proof []byte, letters []*link.Letter, files []string) ([]string, error) {
	var all []string
	for _, l := range letters {
		all = append(all, l.Keys.MirrorVKeys()...)
		for line := range strings.Lines(string(proof)) {
			log := strings.TrimSpace(line)
			if strings.HasPrefix(log, l.Origin+"/") && len(log) < 256 && !strings.ContainsAny(log, " +") {
				all = append(all, l.Keys.LogVKeys(ledger.Origin(log))...)
				break // the checkpoint's own first line comes first
			}
		}
	}
	for _, f := range files {
		data, err := readBounded(f, maxKeysFile)
		if errors.Is(err, os.ErrNotExist) {
			return nil, hint(fail("cli.no-file", "file", f), "jisr verify --help")
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !slices.Contains(all, line) {
				all = append(all, line)
			}
		}
	}
	return all, nil
}

// contentsOf lists what an entry commits to. Whose entry it is does not matter for that.
func contentsOf(entry []byte) ([]ledger.Ref, error) {
	a, err := jisr.Decode("xx", 0, entry)
	if err != nil {
		return nil, err
	}
	var refs []ledger.Ref
	for _, c := range a.Contents() {
		sum, _ := c.Commit.Sum() // Decode has checked it
		refs = append(refs, ledger.Ref{Commit: sum, Size: c.Size, Type: c.Type})
	}
	return refs, nil
}

// refuted says why a proof does not hold. The exit code is 1.
func (t *terminal) refuted(who signers, vkeys []string, err error, asJSON bool) error {
	reason := "format"
	switch {
	case len(vkeys) == 0:
		reason = "nokeys"
	case errors.Is(err, ledger.ErrBadContent):
		reason = "content"
	case errors.Is(err, ledger.ErrRoot), errors.Is(err, ledger.ErrFork):
		reason = "inclusion"
	case errors.Is(err, ledger.ErrSignature):
		reason = "signature"
	}
	member := t.lang.T("verify.signer")
	var unknown *ledger.UnknownSigner
	if errors.As(err, &unknown) {
		reason, member = "unknown", unknown.Name
	} else if len(who) == 1 {
		for origin := range who {
			member = who.call(t, origin)
		}
	}
	why := t.lang.T("verify.reason."+reason, "member", member)
	if asJSON {
		return errors.Join(t.json(verdictJSON{Reason: reason, Detail: err.Error(), DoesNotProve: []string{why}}), errQuiet)
	}
	t.say("verify.failed", "reason", why)
	fmt.Fprintln(t.err, "jisr:", err)
	return errQuiet
}

// proved says what a proof proves and what it does not; and whether a paper is of what it proves. The exit code is 1 when
// the paper is of something else.
func (t *terminal) proved(who signers, all []*ledger.Verdict, said string, asJSON bool) error {
	v := all[0]
	a, err := jisr.Decode("xx", jisr.Index(v.Index), v.Entry)
	if err != nil {
		return fmt.Errorf("internal error: an entry that verified does not parse: %w", err)
	}
	onPaper, err := comparePaper(said, append(namedHash(&a), paper.Leaf(v.Entry)))
	if err != nil {
		return err
	}
	yes, no := t.proves(who, v, &a), t.provesNot(who, v)
	own := ownSignature(who, all)
	yes, no = t.saySignature(own, yes, no)
	if said != "" {
		if onPaper == paperSame {
			yes = append(yes, t.lang.T("verify.paper.same"))
		} else {
			no = append(no, t.lang.T("verify.paper.other"))
		}
	}
	if asJSON {
		j := t.verdict(v, &a, yes, no)
		j.Paper, j.Signature = onPaper, own
		err = t.json(j)
	} else {
		t.say("verify.ok")
		fmt.Fprintln(t.out)
		t.list("verify.proves", yes)
		t.list("verify.notproved", no)
	}
	if onPaper == paperOther {
		return errors.Join(err, errQuiet)
	}
	return err
}

func (t *terminal) list(title string, all []string) {
	t.say(title)
	for _, s := range all {
		fmt.Fprintln(t.out, "  - "+s)
	}
}

// What a paper is of.
const (
	paperSame  = "same"
	paperOther = "other"
)

// comparePaper holds what a paper says against the hashes that a proof shows: empty when no paper was named.
func comparePaper(said string, hashes [][32]byte) (string, error) {
	if said == "" {
		return "", nil
	}
	for _, hash := range hashes {
		same, ok := paper.Matches(said, hash)
		if !ok {
			return "", usage("cli.verify.paper", "option", "--paper")
		}
		if same {
			return paperSame, nil
		}
	}
	return paperOther, nil
}

// namedHash is the hash by which an act about a text names it: of itself, or of the window in which it is signed.
func namedHash(a *jisr.Act) (all [][32]byte) {
	var terms struct {
		Hash   jisr.Commitment `json:"hash"`
		Window struct {
			Hash jisr.Commitment `json:"hash"`
		} `json:"window"`
	}
	if json.Unmarshal(a.Terms, &terms) != nil {
		return nil
	}
	for _, h := range []jisr.Commitment{terms.Hash, terms.Window.Hash} {
		if sum, ok := h.Sum(); ok {
			all = append(all, sum)
		}
	}
	return all
}

func (t *terminal) verdict(v *ledger.Verdict, a *jisr.Act, yes, no []string) verdictJSON {
	leaf := paper.Leaf(v.Entry)
	j := verdictJSON{Verified: true, Log: string(v.Log), Index: v.Index, Kind: string(a.Kind), Size: v.Size,
		Hash: hex.EncodeToString(leaf[:]), Phrase: paper.Phrase(leaf),
		Root: base64.StdEncoding.EncodeToString(v.Root[:]), Signed: &v.Signed, Entry: json.RawMessage(v.Entry), Proves: yes, DoesNotProve: no}
	for _, m := range v.Mirrors {
		j.Countersigned = append(j.Countersigned, signedJSON{By: m.Mirror, At: m.Time})
	}
	for _, r := range v.Receipts {
		holds := r.Holds(v.Index)
		j.Receipts = append(j.Receipts, signedJSON{By: r.Mirror, At: r.Time, Size: r.Size, Holds: &holds})
	}
	for _, c := range v.Contents {
		j.Contents = append(j.Contents, contentJSON{State: c.State, Size: c.Size, Type: c.Type})
	}
	return j
}

func (t *terminal) proves(who signers, v *ledger.Verdict, a *jisr.Act) []string {
	kind := "act.kind." + string(a.Kind)
	if !t.words.Has(kind) {
		kind = "act.kind.unknown"
	}
	member := who.call(t, string(v.Log))
	all := []string{
		t.lang.T("verify.proves.act", "member", member, "index", v.Index, "forum", string(a.Forum), "kind", t.lang.T(kind)),
		t.lang.T("verify.proves.included", "size", v.Size, "member", member),
	}
	for _, c := range v.Contents {
		if c.State == ledger.ContentHeld {
			all = append(all, t.lang.T("verify.proves.content", "size", t.lang.Bytes(c.Size)))
		}
	}
	for _, m := range v.Mirrors {
		all = append(all, t.lang.T("verify.proves.countersigned", "member", who.call(t, m.Mirror), "size", v.Size, "when", t.lang.DateTime(m.Time)))
	}
	for _, r := range v.Receipts {
		if r.Holds(v.Index) {
			all = append(all, t.lang.T("verify.proves.held", "member", who.call(t, r.Mirror), "when", t.lang.DateTime(r.Time)))
		}
	}
	return append(all, t.lang.T("verify.proves.pq"), t.lang.T("verify.proves.paper", "phrase", t.lang.Digits(paper.Phrase(paper.Leaf(v.Entry)))))
}

func (t *terminal) provesNot(who signers, v *ledger.Verdict) []string {
	member := who.call(t, string(v.Log))
	all := []string{}
	if len(v.Mirrors)+len(v.Receipts) == 0 {
		all = append(all, t.lang.T("verify.not.countersigned"))
	}
	erased := func(c ledger.ContentVerdict) bool { return c.State == ledger.ContentErased }
	if slices.ContainsFunc(v.Contents, erased) {
		all = append(all, t.lang.T("verify.not.erased"))
	}
	if slices.ContainsFunc(v.Contents, func(c ledger.ContentVerdict) bool { return c.State != ledger.ContentHeld && !erased(c) }) {
		all = append(all, t.lang.T("verify.not.content"))
	}
	all = append(all, t.lang.T("verify.not.time", "member", member), t.lang.T("verify.not.opened"), t.lang.T("verify.not.later"), t.lang.T("verify.not.authority"))
	return append(all, t.lang.T("verify.not.keys", "member", member))
}
