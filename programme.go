package jisr

// A programme is what an agreement's machine-readable annex makes flow between its parties: records of agreed types. A
// party lays the annex before the forum; what it then is follows from the agreement that binds its hash and from nothing
// else:
//
//	laid --> in force (the agreement is, and its text names the annex by hash) --> at rest while it is suspended --> ended with it,
//	                                                                          --> replaced, from the day of a newer version's agreement
//
// Acts tell only that it was laid. Whether it is in force on a day is asked of the agreement and of its text, which every
// node has alike; a node lets no record leave that the annex and the day do not allow, and reads none that they did not.
//
// Records travel in batches: see record.go. Each batch is a thing of its own, so that a member can send as many as the annex allows.

// KindProgrammeLay is the act of programmes: a party lays an annex before the forum; content: the annex in its one encoding.
const KindProgrammeLay Kind = "programme.lay"

// LayTerms is the terms of programme.lay: what is laid, and the agreement it belongs to.
type LayTerms struct {
	Agreement ThingID    `json:"agreement"`
	Document  Commitment `json:"document"` // "sha256:" of the annex's bytes, unsalted, as the agreement's text names it
	Programme string     `json:"programme"`
	Version   string     `json:"version"`
	Title     Text       `json:"title"`
}

// The states of a programme that are not its agreement's.
const (
	ProgrammeLaid     = "laid"     // as far as acts tell
	ProgrammeReplaced = "replaced" // a newer version of its annex took its place
)

// Programme is the joint state of a programme.
type Programme struct {
	LayTerms
	From MemberID `json:"from"`
	Laid Step     `json:"laid"`
}

// Check holds the terms of programme.lay against their form.
func (t *LayTerms) Check() error {
	switch _, ok := t.Document.Sum(); {
	case !ok:
		return Refuse(Malformed, "document", "want", "sha256:…")
	case t.Agreement.Noun() != "agreement" || !validThing(t.Agreement):
		return Refuse(Malformed, "agreement")
	case !validName(t.Programme):
		return Refuse(Malformed, "programme")
	case t.Version == "" || len(t.Version) > MaxID || !ascii(t.Version):
		return Refuse(Malformed, "version")
	case t.Title.Empty():
		return Refuse(Missing, "title")
	}
	return t.Title.Check("title", MaxTitle)
}

// validName tells a name of the annex language: a-z, 0-9 and _, a letter first.
func validName(s string) bool {
	for i, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= MaxID
}

// foldProgramme takes the first laying by the member in whose name the programme stands. An annex is never changed: another
// one is another programme.
func foldProgramme(id ThingID, acts []Act, voids map[Position]*Refusal) *Programme {
	var p *Programme
	for i := range acts {
		a := &acts[i]
		t, err := firstOf[LayTerms](id, a, p != nil)
		if err == nil {
			err = t.Check()
		}
		if err != nil {
			voids[a.Position] = asRefusal(err)
			continue
		}
		p = &Programme{LayTerms: t, From: a.Member, Laid: a.step()}
	}
	return p
}

// firstOf reads the terms of an act that only the maker of a thing says, and only once.
func firstOf[T any](id ThingID, a *Act, again bool) (T, error) {
	switch {
	case a.Member != id.Maker():
		var none T
		return none, Refuse(NotYours, id.Noun())
	case again:
		var none T
		return none, Refuse(Already, id.Noun())
	}
	return terms[T](a)
}

func (p *Programme) summary() Summary {
	return Summary{Kind: p.Programme, State: ProgrammeLaid, Title: p.Title, Members: []MemberID{p.From}, Labels: []string{"agreement:" + string(p.Agreement), "document:" + string(p.Document)}}
}
