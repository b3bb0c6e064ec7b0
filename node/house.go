package node

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"jisr"
	"jisr/link"
)

func (AcceptForum) verb() Verb { return "forum.accept" }
func (AddDesk) verb() Verb     { return "desk.add" }
func (AddOfficial) verb() Verb { return "official.add" }
func (SetPassword) verb() Verb { return "official.pass" }
func (EndOfficial) verb() Verb { return "official.end" }
func (AddToken) verb() Verb    { return "token.add" }
func (EndToken) verb() Verb    { return "token.end" }

// decide checks every letter, makes the logs, and says the first two acts: that the house accepts these
// members (private), and that this member joins the forum (joint).
//
// The logs are made before the acts are durable: a crash between leaves empty logs, which accepting again uses.
func (c AcceptForum) decide(d *decision) error {
	if !jisr.ValidForum(c.Forum) {
		return jisr.Refuse(jisr.Malformed, "forum", "want", "iq-sy")
	}
	if c.Title.Empty() {
		return jisr.Refuse(jisr.Missing, "title")
	}
	if err := c.Title.Check("title", jisr.MaxTitle); err != nil {
		return err
	}
	if _, err := d.n.forum(c.Forum); err == nil {
		return jisr.Refuse(jisr.Already, string(c.Forum))
	}
	if err := d.touch(jisr.ForumThing(c.Forum)); err != nil {
		return err
	}
	letters, err := d.n.readLetters(c.Letters)
	if err != nil {
		return err
	}
	body := jisr.AcceptBody{Title: c.Title, Letters: map[jisr.MemberID]string{}}
	for m, l := range letters {
		body.Letters[m] = string(l.Raw)
	}
	if err := d.n.createLogs(d.ctx, c.Forum, letters); err != nil {
		return err
	}
	if err := d.house(planned{kind: jisr.KindForumAccept, about: jisr.ForumThing(c.Forum), body: body}); err != nil {
		return err
	}
	join := jisr.JoinTerms{Title: c.Title, Members: credentials(letters)}
	return d.joint(c.Forum, planned{kind: jisr.KindForumJoin, about: jisr.ForumThing(c.Forum), terms: join})
}

// readLetters parses letters of credence and adds this member's own. A member that is known under other keys
// is refused: keys change by a signed act, never by a new letter.
func (n *Node) readLetters(raw [][]byte) (map[jisr.MemberID]*link.Letter, error) {
	if len(raw) == 0 {
		return nil, jisr.Refuse(jisr.Missing, "letter")
	}
	if len(raw) >= jisr.MaxMembers {
		return nil, jisr.Refuse(jisr.TooMany, "letters", "max", fmt.Sprint(jisr.MaxMembers-1))
	}
	letters := map[jisr.MemberID]*link.Letter{}
	for _, r := range append([][]byte{n.self.Letter}, raw...) {
		l, err := link.ParseLetter(r)
		if err != nil {
			return nil, jisr.Refuse(jisr.BadLetter, "letter", "error", err.Error())
		}
		m := jisr.MemberID(l.Member)
		if !jisr.ValidMember(m) {
			return nil, jisr.Refuse(jisr.BadLetter, "member")
		}
		if letters[m] != nil {
			return nil, jisr.Refuse(jisr.Already, string(m))
		}
		if known := n.letterOf(m); known != nil && !known.SameKeys(l) {
			return nil, jisr.Refuse(jisr.KeysDiffer, string(m))
		}
		letters[m] = l
	}
	return letters, nil
}

func credentials(letters map[jisr.MemberID]*link.Letter) []jisr.Credential {
	var all []jisr.Credential
	for _, m := range slices.Sorted(maps.Keys(letters)) {
		l := letters[m]
		all = append(all, jisr.Credential{Member: m, Origin: l.Origin, Letter: jisr.Commit(sha256.Sum256(l.Raw))})
	}
	return all
}

func (c AddDesk) decide(d *decision) error {
	if !jisr.ValidName(string(c.ID)) {
		return jisr.Refuse(jisr.Malformed, "desk", "want", "mofa.treaties")
	}
	if err := checkTitle(c.Title); err != nil {
		return err
	}
	return d.house(planned{kind: jisr.KindDeskAdd, about: jisr.ThingID("desk/" + c.ID), terms: jisr.DeskTerms{Title: c.Title}})
}

func (c AddOfficial) decide(d *decision) error {
	if !jisr.ValidName(string(c.ID)) {
		return jisr.Refuse(jisr.Malformed, "official", "want", "first.secretary")
	}
	if err := checkTitle(c.Post); err != nil {
		return err
	}
	if err := d.checkPlace(c.Desk, c.Roles); err != nil {
		return err
	}
	if err := d.touch(officialID(c.ID)); err != nil {
		return err
	}
	if err := d.nameFree(jisr.ThingID("token/" + c.ID)); err != nil {
		return err
	}
	add := planned{kind: jisr.KindOfficialAdd, about: officialID(c.ID), terms: jisr.OfficialTerms{Post: c.Post, Desk: c.Desk, Roles: c.Roles}}
	if c.Keep {
		row, err := d.n.book.Account(d.ctx, officialID(c.ID))
		if err == nil && row.Account.Ended == nil {
			return d.house(add)
		}
		if err != nil && !isRefusal(err, jisr.NoSuch) {
			return err
		}
	}
	add.body, d.done.Secret = c.hashed.secret, c.hashed.shown
	return d.house(add)
}

func (c SetPassword) decide(d *decision) error {
	if err := d.touch(officialID(c.ID)); err != nil {
		return err
	}
	if _, err := d.n.book.Account(d.ctx, officialID(c.ID)); err != nil {
		return err
	}
	d.done.Secret = c.hashed.shown
	return d.house(planned{kind: jisr.KindOfficialPass, about: officialID(c.ID), body: c.hashed.secret})
}

// hashed is the verifier of a password; shown is the password itself, once, where it was made here.
type hashed struct {
	secret jisr.Secret
	shown  string
}

// withHash hashes the password that a command sets. It is done before the command waits for its turn: on a busy machine it takes
// seconds, in which nobody else's command could be decided.
func withHash(cmd Command) (Command, error) {
	var err error
	switch c := cmd.(type) {
	case AddOfficial:
		c.hashed, err = hashedOf(c.Password)
		return c, err
	case SetPassword:
		c.hashed, err = hashedOf(c.Password)
		return c, err
	}
	return cmd, nil
}

// hashedOf gives the verifier of the password given, or of one made here.
func hashedOf(given string) (h hashed, err error) {
	if given == "" {
		given = newSecret(15)
		h.shown = given
	}
	h.secret, err = hashPassword(given)
	return h, err
}

func (c EndOfficial) decide(d *decision) error {
	id := officialID(c.ID)
	if err := d.touch(id); err != nil {
		return err
	}
	row, err := d.n.book.Account(d.ctx, id)
	if err != nil {
		return err
	}
	if row.Account.Ended != nil {
		return jisr.Refuse(jisr.Already, string(c.ID))
	}
	if slices.Contains(row.Account.Roles, jisr.Admin) {
		if err := d.keepAnAdmin(id); err != nil {
			return err
		}
	}
	return d.house(planned{kind: jisr.KindOfficialEnd, about: id})
}

// keepAnAdmin refuses to end the last administrator: nobody could let anybody in after that.
func (d *decision) keepAnAdmin(leaving jisr.ThingID) error {
	rows, err := d.n.book.Accounts(d.ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.ID != leaving && r.ID.Noun() == "official" && r.Account.Ended == nil && slices.Contains(r.Account.Roles, jisr.Admin) && !d.batch.touched[r.ID] {
			return nil
		}
	}
	return jisr.Refuse(jisr.LastAdmin, string(leaving.Name()))
}

func (c AddToken) decide(d *decision) error {
	if !jisr.ValidName(c.ID) {
		return jisr.Refuse(jisr.Malformed, "token", "want", "customs.gateway")
	}
	if err := checkTitle(c.Title); err != nil {
		return err
	}
	if err := d.checkPlace(c.Desk, c.Roles); err != nil {
		return err
	}
	if c.Expires != "" && (!c.Expires.Valid() || c.Expires < d.today) {
		return jisr.Refuse(jisr.DateInPast, "expires", "today", string(d.today))
	}
	if err := d.checkScope(c); err != nil {
		return err
	}
	id := jisr.ThingID("token/" + c.ID)
	if err := d.touch(id); err != nil {
		return err
	}
	if err := d.nameFree(officialID(jisr.OfficialID(c.ID))); err != nil {
		return err
	}
	d.done.Secret = "jisr_" + newSecret(32)
	return d.house(planned{kind: jisr.KindTokenAdd, about: id,
		terms: jisr.TokenTerms{Title: c.Title, Desk: c.Desk, Roles: c.Roles, Expires: c.Expires, Scope: c.Scope, ClientKey: c.ClientKey}, body: jisr.Secret{SHA256: hashToken(d.done.Secret)}})
}

// checkScope refuses a scope that names what there is not: a misspelt verb would leave the program without its work.
func (d *decision) checkScope(c AddToken) error {
	if err := c.Scope.Check(); err != nil {
		return err
	}
	for _, f := range c.Scope.Forums {
		if _, err := d.n.forum(f); err != nil {
			return err
		}
	}
	for _, v := range c.Scope.Verbs {
		if !slices.ContainsFunc(table(), func(r row) bool { return v == string(r.verb) || v == r.verb.Noun() }) {
			return jisr.Refuse(jisr.NotOneOf, "verbs", "got", v)
		}
	}
	if _, ok := c.ClientKey.Sum(); c.ClientKey != "" && !ok {
		return jisr.Refuse(jisr.Malformed, "client_key", "want", "sha256:…")
	}
	return nil
}

func (c EndToken) decide(d *decision) error {
	id := jisr.ThingID("token/" + c.ID)
	if err := d.touch(id); err != nil {
		return err
	}
	row, err := d.n.book.Account(d.ctx, id)
	if err != nil {
		return err
	}
	if row.Account.Ended != nil {
		return jisr.Refuse(jisr.Already, c.ID)
	}
	return d.house(planned{kind: jisr.KindTokenEnd, about: id})
}

func (d *decision) deskExists(desk jisr.DeskID) error {
	desks, err := d.n.book.Desks(d.ctx)
	if err != nil {
		return err
	}
	if _, ok := desks[desk]; !ok {
		return jisr.Refuse(jisr.NoSuch, string(desk), "noun", "desk")
	}
	return nil
}

// checkPlace holds the desk and roles of an account against what there is.
func (d *decision) checkPlace(desk jisr.DeskID, roles []jisr.Role) error {
	if err := d.deskExists(desk); err != nil {
		return err
	}
	if len(roles) == 0 {
		return jisr.Refuse(jisr.Missing, "roles")
	}
	if len(roles) > jisr.MaxRoles {
		return jisr.Refuse(jisr.TooMany, "roles", "max", fmt.Sprint(jisr.MaxRoles))
	}
	for _, r := range roles {
		if !slices.Contains(jisr.Roles(), r) {
			return jisr.Refuse(jisr.NotOneOf, "roles", "got", string(r))
		}
	}
	return nil
}

func checkTitle(t jisr.Text) error {
	if t.Empty() {
		return jisr.Refuse(jisr.Missing, "title")
	}
	return t.Check("title", jisr.MaxTitle)
}

func officialID(id jisr.OfficialID) jisr.ThingID { return jisr.ThingID("official/" + id) }

// newSecret makes n random bytes, as text that can be typed.
func newSecret(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func checkPassword(p string) error {
	switch n := utf8.RuneCountInString(p); {
	case n < jisr.MinPassword:
		return jisr.Refuse(jisr.WeakSecret, "password", "min", fmt.Sprint(jisr.MinPassword))
	case n > jisr.MaxPassword:
		return jisr.Refuse(jisr.TooLong, "password", "max", fmt.Sprint(jisr.MaxPassword))
	}
	return nil
}
