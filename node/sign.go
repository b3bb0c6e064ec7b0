package node

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
)

// Signed is a command with the official's own signature on the act it leads to. The command is decided anew; when what
// it leads to is no longer what the official was asked to sign, it is refused as a conflict that says what changed.
type Signed struct {
	Command
	Asked     string // Asking.Asked
	Signature jisr.Signature
}

// Confirmed is a command whose official has shown again who it is, by password: while a post has no passkey, this
// stands where the signature will.
type Confirmed struct {
	Command
	Password string
}

// Asking is what an official is asked to sign: Statement says it, Options is what navigator.credentials.get takes, and
// Asked comes back with the answer.
type Asking struct {
	Statement jisr.Statement
	Options   json.RawMessage
	Asked     string
}

const (
	signWithin    = 5 * time.Minute  // between being asked to sign and signing
	confirmWithin = 10 * time.Minute // after signing in, a password is not asked for again
	purposeSign   = "sign"
)

// Signs tells whether officials sign what the verb leads to: what binds the member, and notes, which speak for it.
func Signs(v Verb) bool {
	return v == "note.release" || slices.ContainsFunc(table(), func(r row) bool { return r.verb == v && r.bond >= binding })
}

// Prepare decides a command without doing it, and gives what its official has to sign. The refusal is that of the
// command itself.
func (n *Node) Prepare(ctx context.Context, c Caller, cmd Command, at jisr.Relying) (Asking, error) {
	if err := n.may(c, cmd.verb()); err != nil {
		return Asking{}, err
	}
	row, err := n.book.Account(ctx, c.Account)
	if err != nil {
		return Asking{}, err
	}
	keys := slices.DeleteFunc(row.Account.Valid(), func(p jisr.Passkey) bool { return !sameRelying(p.At, at) })
	if len(keys) == 0 {
		return Asking{}, jisr.Refuse(jisr.Unsigned, string(cmd.verb()), "party", at.Party)
	}
	s, err := n.rehearse(ctx, c, cmd)
	if err != nil {
		return Asking{}, err
	}
	encoded, err := s.Encode()
	if err != nil {
		return Asking{}, err
	}
	challenge := sha256.Sum256(encoded)
	options, err := getOptions(at, challenge[:], keys)
	return Asking{Statement: s, Options: options, Asked: n.seal(purposeSign+string(c.Account), n.now().Add(signWithin), encoded)}, err
}

// rehearse decides a command on the book as it stands, and keeps nothing.
func (n *Node) rehearse(ctx context.Context, c Caller, cmd Command) (jisr.Statement, error) {
	n.following.Lock()
	defer n.following.Unlock()
	d := n.decisionOf(ctx, c, newBatch())
	d.facts.signed = true
	if err := d.allowed(cmd.verb(), cmd.decide(d)); err != nil {
		return jisr.Statement{}, err
	}
	i := d.jointAct()
	if i < 0 {
		return jisr.Statement{}, jisr.Refuse(jisr.Already, string(cmd.verb()))
	}
	d.acts[i].rehearsed = true
	said, _, err := d.make(d.acts[i], d.batch.head(n, d.acts[i].forum))
	if err != nil {
		return jisr.Statement{}, err
	}
	return jisr.StatementOf(&said.Act, said.Body), nil
}

// jointAct finds the act of a decided command that its official signs: the last that others will see.
func (d *decision) jointAct() int {
	for i := len(d.acts) - 1; i >= 0; i-- {
		if d.acts[i].forum != jisr.House {
			return i
		}
	}
	return -1
}

// signing is a signature on its way into an act.
type signing struct {
	asked     []byte // the statement that was asked for
	signature jisr.Signature
	key       jisr.Passkey
}

func (c Signed) decide(d *decision) error {
	asked, err := d.n.unseal(purposeSign+string(d.caller.Account), c.Asked)
	if err != nil {
		return err
	}
	row, err := d.n.book.Account(d.ctx, d.caller.Account)
	if err != nil {
		return err
	}
	key, ok := row.Account.Passkey(c.Signature.Credential)
	if !ok {
		return jisr.Refuse(jisr.BadSignature, "signer")
	}
	d.facts.signed = true
	if err := c.Command.decide(d); err != nil {
		return err
	}
	i := d.jointAct()
	if i < 0 {
		return nil // done before under the same key: there is nothing to sign
	}
	d.acts[i].sign = &signing{asked, c.Signature, key}
	if d.acts[i].anonymous {
		return nil // the signature shows who asks, and is not kept: a non-paper is without attribution
	}
	return d.introduce(d.acts[i].forum, key)
}

// introduce makes the signer known in the forum, before what it signs there first.
func (d *decision) introduce(forum jisr.ForumID, key jisr.Passkey) error {
	id := jisr.SignerThing(d.n.self.ID, key.Credential)
	known, err := d.n.signer(d.ctx, forum, id)
	if err != nil || known != nil {
		return err
	}
	if err := d.touch(id); err != nil {
		return err
	}
	entry, err := d.n.ledger.Entry(d.ctx, d.n.origin(jisr.House, d.n.self.ID), int64(key.Enrolled.Index))
	if err != nil {
		return fmt.Errorf("couldn't read the act that enrolled a passkey: %w", err)
	}
	by := d.caller.By()
	last := d.jointAct()
	d.acts = slices.Insert(d.acts, last, planned{forum: forum, kind: jisr.KindSignerIntroduce, about: id, terms: jisr.SignerTerms{
		Official: by.Official, Post: d.caller.Title, Desk: by.Desk, Credential: key.Credential, Key: key.Key, At: key.At,
		Enrolled: jisr.Commit(sha256.Sum256(entry)),
	}})
	return nil
}

// endSigners tells every forum that knows a passkey that it has ended. A forum in which nothing can be written now is
// left out; its page says that this is so.
func (d *decision) endSigners(credential jisr.Bytes, reason string) error {
	id := jisr.SignerThing(d.n.self.ID, credential)
	for _, f := range d.n.forumIDs() {
		s, err := d.n.signer(d.ctx, f, id)
		if err != nil {
			return err
		}
		if s == nil || s.Revoked != nil {
			continue
		}
		if r := d.n.frozen(f); r != nil {
			d.n.log.Warn("a forum was not told that a passkey ended: nothing can be written there now", "forum", f, "signer", id)
			continue
		}
		d.acts = append(d.acts, planned{forum: f, kind: jisr.KindSignerRevoke, about: id, terms: jisr.Reason{Reason: reason}})
	}
	return nil
}

// signer gives the joint state of a signer; nil when the forum knows none of the name.
func (n *Node) signer(ctx context.Context, forum jisr.ForumID, id jisr.ThingID) (*jisr.Signer, error) {
	const few = 16 // a signer is introduced and revoked; what is more is void
	rows, _, err := n.book.Acts(ctx, book.Whole(), book.ActQuery{Forum: forum, Thing: id, Member: id.Maker(), Limit: few})
	if err != nil {
		return nil, err
	}
	acts := make([]jisr.Act, 0, len(rows))
	for i := range rows {
		acts = append(acts, rows[i].Act)
	}
	state := jisr.Fold(id, acts)
	return state.Signer, nil
}

// sealBody puts the signature to the body of an act that is otherwise complete.
func (s *signing) sealBody(a *jisr.Act, body []byte, anonymous bool) ([]byte, error) {
	statement := jisr.StatementOf(a, body)
	encoded, err := statement.Encode()
	if err != nil {
		return nil, err
	}
	if string(encoded) != string(s.asked) {
		return nil, jisr.Refuse(jisr.Conflict, "statement", "changed", changed(s.asked, &statement))
	}
	if err := jisr.CheckSignature(statement, &s.signature, s.key.Key, s.key.At); err != nil {
		return nil, err
	}
	if anonymous {
		return body, nil
	}
	return jisr.EncodeSigned(body, s.signature)
}

// changed names what differs between the statement that was asked for and that which would be made now.
func changed(asked []byte, now *jisr.Statement) string {
	var was jisr.Statement
	if json.Unmarshal(asked, &was) != nil {
		return "kind"
	}
	names := map[string]bool{}
	note := func(name string, same bool) {
		if !same {
			names[name] = true
		}
	}
	note("kind", was.Kind == now.Kind)
	note("forum", was.Forum == now.Forum)
	note("about", was.About == now.About)
	note("by", sameJSON(was.By, now.By))
	note("text", was.Body == now.Body)
	note("attachments", sameJSON(was.Attachments, now.Attachments))
	var before, after map[string]json.RawMessage
	_ = json.Unmarshal(was.Terms, &before) // none or no object: all of the other's names differ
	_ = json.Unmarshal(now.Terms, &after)
	for name := range maps.Keys(before) {
		note(name, string(before[name]) == string(after[name]))
	}
	for name := range maps.Keys(after) {
		note(name, string(before[name]) == string(after[name]))
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

// vouched holds a command that officials sign against who asks for it: who came by a session has to show again who it
// is, by the signature itself, or while the post has no passkey by the password, unless it just has.
func (n *Node) vouched(ctx context.Context, c Caller, cmd Command) (Command, error) {
	password, confirmed := cmd.(Confirmed)
	if confirmed {
		cmd = password.Command
	}
	if _, signed := cmd.(Signed); signed || !Signs(cmd.verb()) || c.session == "" {
		return cmd, nil
	}
	if c.Passkey || n.NeedsSignature(c, cmd) {
		return cmd, jisr.Refuse(jisr.Unsigned, string(cmd.verb()))
	}
	if !confirmed && c.since.Add(confirmWithin).After(n.now()) {
		return cmd, nil
	}
	if !confirmed || password.Password == "" {
		return cmd, jisr.Refuse(jisr.Unconfirmed, string(cmd.verb()))
	}
	_, err := n.checkPassword(ctx, c.Account.Name(), password.Password, c.address)
	return cmd, err
}

// NeedsSignature tells whether the policies let the caller do it with its own signature only.
func (n *Node) NeedsSignature(c Caller, cmd Command) bool {
	rules, v := n.rules.now(), cmd.verb()
	return rules.decide(c, v, c.own(), facts{cleared: true}) != nil && rules.decide(c, v, c.own(), facts{signed: true, cleared: true}) == nil
}

// NeedsPassword tells whether a command that officials sign would ask this caller for its password.
func (n *Node) NeedsPassword(c Caller) bool {
	return c.session != "" && !c.Passkey && !c.since.Add(confirmWithin).After(n.now())
}

// SignatureState is what the official's own signature on an act is worth.
type SignatureState string

// The states of a signature.
const (
	NoSignature   SignatureState = "absent"
	GoodSignature SignatureState = "good"
	BadSignature  SignatureState = "bad"
	NotHere       SignatureState = "not-here" // the content it stands in has not arrived, or is erased
)

// Signature is what this node found of the official's own signature on an act, its own or another member's.
type Signature struct {
	State      SignatureState
	Why        string // of a bad one: the step that fails, words' signature.bad.<why>
	Post       jisr.Text
	Official   jisr.OfficialID
	Signer     jisr.ThingID
	Key        string        // fingerprint of the public key, in groups
	Introduced jisr.Position // where the key was made known
	Revoked    *jisr.Step    // it has ended since; the signature stands
}

// SignatureOf checks the official's own signature on an act, offline and anew: what was checked when it was written
// is another node's word.
func (n *Node) SignatureOf(ctx context.Context, forum jisr.ForumID, p jisr.Position) (Signature, error) {
	a, err := n.act(ctx, forum, p)
	if err != nil {
		return Signature{}, err
	}
	if !a.Signed() {
		return Signature{State: NoSignature}, nil
	}
	content, err := n.bodyAt(ctx, n.origin(forum, p.Member), p.Index)
	if err != nil {
		return Signature{}, err
	}
	if content == nil {
		return Signature{State: NotHere}, nil
	}
	body, sig, err := a.Unwrap(content)
	if err != nil {
		return Signature{State: BadSignature, Why: "content"}, nil
	}
	id := jisr.SignerThing(p.Member, sig.Credential)
	s, err := n.signer(ctx, forum, id)
	if err != nil {
		return Signature{}, err
	}
	if s == nil {
		return Signature{State: BadSignature, Why: "signer", Signer: id}, nil
	}
	found := Signature{State: GoodSignature, Post: s.Post, Official: s.Official, Signer: id, Key: KeyFinger(s.Key), Introduced: s.Introduced.Position, Revoked: s.Revoked}
	if err := s.Verify(&a, body, sig); err != nil {
		found.State, found.Why = BadSignature, refusalSubject(err)
	}
	return found, nil
}

// signerActs finds where the key of the signature on an act was made known, and where it ended; none: it carries none
// that names a key known here.
func (n *Node) signerActs(ctx context.Context, forum jisr.ForumID, p jisr.Position) ([]jisr.Index, error) {
	a, err := n.act(ctx, forum, p)
	if err != nil || !a.Signed() {
		return nil, err
	}
	content, err := n.bodyAt(ctx, n.origin(forum, p.Member), p.Index)
	if err != nil || content == nil {
		return nil, err
	}
	_, sig, err := a.Unwrap(content)
	if err != nil {
		return nil, nil //nolint:nilerr // what does not hold names no key
	}
	s, err := n.signer(ctx, forum, jisr.SignerThing(p.Member, sig.Credential))
	if err != nil || s == nil {
		return nil, err
	}
	acts := []jisr.Index{s.Introduced.Index}
	if s.Revoked != nil {
		acts = append(acts, s.Revoked.Index)
	}
	return acts, nil
}

func refusalSubject(err error) string {
	if r := (*jisr.Refusal)(nil); errors.As(err, &r) {
		return r.Subject
	}
	return "signature"
}

// KeyFinger is the fingerprint of a passkey's public key: what two people can compare by telephone.
func KeyFinger(k jisr.PublicKey) string {
	sum := sha256.Sum256(k.SPKI)
	h := fmt.Sprintf("%x", sum[:10])
	groups := make([]string, 0, len(h)/4)
	for i := 0; i < len(h); i += 4 {
		groups = append(groups, h[i:i+4])
	}
	return strings.Join(groups, " ")
}

// seal carries data through a browser and back: what for, until when, and a MAC over all. Nothing is stored, so
// nobody can fill the memory with what they begin and never end, and a restart interrupts nobody.
func (n *Node) seal(purpose string, until time.Time, data []byte) string {
	head := strconv.FormatInt(until.Unix(), 10) + "." + base64.RawURLEncoding.EncodeToString(data)
	return head + "." + base64.RawURLEncoding.EncodeToString(n.mac(purpose, head))
}

func (n *Node) mac(purpose, text string) []byte {
	m := hmac.New(sha256.New, n.sessionKey)
	m.Write([]byte("jisr seal/v1\n" + purpose + "\n" + text))
	return m.Sum(nil)
}

// unseal gives back what was sealed for the purpose, while it lasts.
func (n *Node) unseal(purpose, sealed string) ([]byte, error) {
	lapsed := jisr.Refuse(jisr.Lapsed, "ceremony")
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || len(sealed) > maxSealed {
		return nil, lapsed
	}
	mac, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(mac, n.mac(purpose, parts[0]+"."+parts[1])) {
		return nil, lapsed
	}
	until, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || n.now().Unix() >= until {
		return nil, lapsed
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, lapsed
	}
	return data, nil
}

const maxSealed = 128 << 10 // characters: a statement's terms are at most 64 KiB
