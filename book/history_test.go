package book_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"jisr"
	"jisr/book"
)

// history makes what members of one forum say, each in its own log and its own house, as honest nodes would
// write it: clocks rise, seen grows. What it says may be without effect; that is for the book to find.
type history struct {
	t       testing.TB
	rng     *rand.Rand
	forum   jisr.ForumID
	members []jisr.MemberID
	logs    map[book.Log][]book.Said
	seen    map[jisr.MemberID]map[jisr.MemberID]jisr.Index
	clock   map[book.Log]int64
	at      time.Time
	notes   []jisr.ThingID
	made    int
}

func newHistory(t testing.TB, seed uint64, members ...jisr.MemberID) *history {
	h := &history{t: t, rng: rand.New(rand.NewPCG(seed, 1)), forum: "iq-sy", members: members, logs: map[book.Log][]book.Said{},
		seen: map[jisr.MemberID]map[jisr.MemberID]jisr.Index{}, clock: map[book.Log]int64{}, at: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)}
	for _, m := range members {
		h.seen[m] = map[jisr.MemberID]jisr.Index{}
	}
	return h
}

// say appends an act to the member's log and gives it.
func (h *history) say(m jisr.MemberID, forum jisr.ForumID, kind jisr.Kind, about jisr.ThingID, by *jisr.By, terms any, body []byte) jisr.Act {
	h.t.Helper()
	return h.sayTyped(m, forum, kind, about, by, terms, body, "application/json")
}

// signature is what an official's signature may come as; signed puts it around a body.
const signature = `{"credential":"AQ","authenticatorData":"AQ","clientDataJSON":"AQ","signature":"AQ"}`

func signed(body []byte) []byte {
	return []byte(`{"body":` + string(body) + `,"signature":` + signature + `}`)
}

func (h *history) sayTyped(m jisr.MemberID, forum jisr.ForumID, kind jisr.Kind, about jisr.ThingID, by *jisr.By, terms any, body []byte, typ string) jisr.Act {
	h.t.Helper()
	l := book.Log{Forum: forum, Member: m}
	h.at = h.at.Add(time.Minute)
	h.clock[l]++
	a := jisr.Act{V: 1, Kind: kind, Forum: forum, About: about, By: by, At: h.at, Clock: h.clock[l],
		Position: jisr.Position{Member: m, Index: jisr.Index(len(h.logs[l]))}}
	if forum != jisr.House {
		for o, n := range h.seen[m] {
			if n > 0 {
				if a.Seen == nil {
					a.Seen = map[jisr.MemberID]jisr.Index{}
				}
				a.Seen[o] = n
			}
		}
	}
	if terms != nil {
		raw, err := jisr.Terms(terms)
		must(h.t, err)
		a.Terms = raw
	}
	if body != nil {
		a.Content = &jisr.Content{Commit: jisr.Commit(sha256.Sum256(body)), Size: int64(len(body)), Type: typ}
	}
	_, err := a.Encode()
	must(h.t, err)
	h.logs[l] = append(h.logs[l], book.Said{Act: a, Body: body})
	return a
}

// sync lets a member receive n more acts of another's log.
func (h *history) sync(m, from jisr.MemberID, n int) {
	other := book.Log{Forum: h.forum, Member: from}
	upTo := min(h.seen[m][from]+jisr.Index(n), jisr.Index(len(h.logs[other])))
	h.seen[m][from] = upTo
	own := book.Log{Forum: h.forum, Member: m}
	if upTo > 0 {
		h.clock[own] = max(h.clock[own], h.logs[other][upTo-1].Act.Clock)
	}
}

func (h *history) syncAll(m jisr.MemberID) {
	for _, o := range h.members {
		if o != m {
			h.sync(m, o, 1<<30)
		}
	}
}

func (h *history) newID(m jisr.MemberID) jisr.ThingID {
	h.made++
	id := jisr.ThingID(fmt.Sprintf("note/%s-01k%08d", m, h.made))
	h.notes = append(h.notes, id)
	return id
}

func body(subject, text string) []byte {
	raw, _ := json.Marshal(jisr.NoteBody{Subject: jisr.Text{"ar": subject, "en": "Subject " + subject}, Text: jisr.Text{"ar": text}})
	return raw
}

func draftOf(to []jisr.MemberID, subject, text string) []byte {
	raw, _ := json.Marshal(jisr.Draft{Kind: jisr.Verbale, To: to, Precedence: jisr.Routine,
		Body: jisr.NoteBody{Subject: jisr.Text{"ar": subject}, Text: jisr.Text{"ar": text}}})
	return raw
}

var drafter, releaser = jisr.By{Desk: "protocol", Official: "second-secretary"}, jisr.By{Desk: "protocol", Official: "director"}

func (h *history) noteTerms(to ...jisr.MemberID) jisr.NoteTerms {
	slices.Sort(to)
	return jisr.NoteTerms{Kind: jisr.Verbale, To: to, Number: h.made, Date: "2026-11-02", Precedence: jisr.Routine}
}

// release drafts, clears and releases a note.
func (h *history) release(m jisr.MemberID, terms jisr.NoteTerms, subject, text string) jisr.ThingID {
	id := h.newID(m)
	h.say(m, jisr.House, jisr.KindNoteDraft, id, &drafter, jisr.DraftTerms{Forum: h.forum, Version: 1}, draftOf(terms.To, subject, text))
	h.say(m, jisr.House, jisr.KindNoteClear, id, &releaser, jisr.VersionTerms{Version: 1}, nil)
	terms.Number = h.made
	h.say(m, h.forum, jisr.KindNoteRelease, id, &releaser, terms, body(subject, text))
	return id
}

// step does one random thing, sensible or not.
func (h *history) step() {
	m := h.members[h.rng.IntN(len(h.members))]
	others := slices.DeleteFunc(slices.Clone(h.members), func(o jisr.MemberID) bool { return o == m })
	h.sync(m, others[h.rng.IntN(len(others))], h.rng.IntN(4))
	id := h.newID(m)
	if len(h.notes) > 1 && h.rng.IntN(3) > 0 {
		h.notes = h.notes[:len(h.notes)-1]
		id = h.notes[max(0, len(h.notes)-1-h.rng.IntN(8))]
	}
	terms := h.noteTerms(others[:1+h.rng.IntN(len(others))]...)
	text := randomText(h.rng, 10)
	switch h.rng.IntN(15) {
	case 0, 1, 2:
		if h.rng.IntN(2) == 0 {
			terms.ReplyBy = jisr.Date(fmt.Sprintf("2026-11-%02d", 1+h.rng.IntN(28)))
		}
		terms.Handling = jisr.Handlings()[h.rng.IntN(5)]
		if h.rng.IntN(2) == 0 {
			terms.InReplyTo = h.notes[h.rng.IntN(len(h.notes))]
		}
		b, typ := body(text, text), "application/json"
		switch h.rng.IntN(10) {
		case 0:
			b = []byte(`{"subject":{"ar":"<b>"},"hidden":1}`)
		case 1:
			b, typ = signed(b), jisr.SignedType
		}
		h.sayTyped(m, h.forum, jisr.KindNoteRelease, id, &releaser, terms, b, typ)
	case 3, 4:
		h.say(m, h.forum, jisr.KindNoteOpen, id, &drafter, nil, nil)
	case 5:
		h.say(m, h.forum, jisr.KindNoteWithdraw, id, &releaser, jisr.Reason{Reason: "خطأ"}, nil)
	case 6:
		h.say(m, h.forum, jisr.KindNoteClose, id, &releaser, jisr.Reason{}, nil)
	case 7:
		h.say(m, h.forum, "covenant.sign", "covenant/"+jisr.ThingID(id.Name()), nil, nil, nil)
	case 8, 9:
		h.say(m, jisr.House, jisr.KindNoteDraft, id, &drafter, jisr.DraftTerms{Forum: h.forum, Version: 1 + h.rng.IntN(2)}, draftOf(others[:1], text, text))
	case 10:
		h.say(m, jisr.House, jisr.KindNoteClear, id, &releaser, jisr.VersionTerms{Version: 1}, nil)
	case 12:
		h.joins(m, text)
	case 13:
		about := []jisr.ThingID{id, jisr.ForumThing(h.forum)}[h.rng.IntN(2)]
		h.say(m, jisr.House, jisr.KindThingRefer, about, &drafter, jisr.ReferTerms{Forum: h.forum, Desk: []jisr.DeskID{"water", "borders"}[h.rng.IntN(2)]}, nil)
	case 14:
		h.say(m, jisr.House, jisr.KindThingTakeBack, id, &drafter, jisr.TakeBackTerms{Forum: h.forum, Desk: "water"}, nil)
	case 11:
		h.say(m, jisr.House, jisr.KindNoteReturn, id, &releaser, jisr.VersionTerms{Version: 1, Reason: "ناقصة"}, nil)
	}
}

// credentials names the members as all of them know each other.
func (h *history) credentials() (all []jisr.Credential) {
	for _, m := range h.members {
		all = append(all, jisr.Credential{Member: m, Origin: "jisr." + string(m), Letter: jisr.Commit(sha256.Sum256([]byte(m)))})
	}
	return all
}

// join writes the first acts of the forum and a house with a desk, a post and a token.
func (h *history) join() {
	for _, m := range h.members {
		accept, _ := json.Marshal(jisr.AcceptBody{Title: jisr.Text{"ar": "منتدى"}, Letters: map[jisr.MemberID]string{m: "letter"}})
		h.say(m, jisr.House, jisr.KindForumAccept, jisr.ForumThing(h.forum), nil, nil, accept)
		h.say(m, jisr.House, jisr.KindDeskAdd, "desk/protocol", nil, jisr.DeskTerms{Title: jisr.Text{"ar": "المراسم"}}, nil)
		h.say(m, jisr.House, jisr.KindOfficialAdd, "official/director", nil, jisr.OfficialTerms{Post: jisr.Text{"ar": "مدير"}, Desk: "protocol", Roles: []jisr.Role{jisr.Releaser}}, []byte(`{"argon2id":"$argon2id$1"}`))
		h.say(m, jisr.House, jisr.KindTokenAdd, "token/registry", nil, jisr.TokenTerms{Title: jisr.Text{"ar": "السجل"}, Desk: "protocol", Roles: []jisr.Role{jisr.Direct}}, []byte(`{"sha256":"`+tokenHash+`"}`))
		h.say(m, h.forum, jisr.KindForumJoin, jisr.ForumThing(h.forum), nil, jisr.JoinTerms{Members: h.credentials()}, nil)
	}
}

const tokenHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// as gives the logs a node of self holds: those of the forum and its own house.
func (h *history) as(self jisr.MemberID) map[book.Log][]book.Said {
	mine := map[book.Log][]book.Said{}
	for l, said := range h.logs {
		if l.Forum != jisr.House || l.Member == self {
			mine[l] = said
		}
	}
	return mine
}

// cut gives the logs in batches of random size, in a random order across logs.
func cut(rng *rand.Rand, logs map[book.Log][]book.Said, most int) [][]book.Said {
	at := map[book.Log]int{}
	var names []book.Log
	for l := range logs {
		names = append(names, l)
	}
	slices.SortFunc(names, func(a, b book.Log) int { return compare(a, b) })
	var batches [][]book.Said
	var b []book.Said
	for len(names) > 0 {
		i := rng.IntN(len(names))
		l := names[i]
		if at[l] == len(logs[l]) {
			names = slices.Delete(names, i, i+1)
			continue
		}
		n := min(len(logs[l])-at[l], 1+rng.IntN(most))
		b = append(b, logs[l][at[l]:at[l]+n]...)
		at[l] += n
		if rng.IntN(2) == 0 {
			batches, b = append(batches, b), nil
		}
	}
	return append(batches, b)
}

func compare(a, b book.Log) int {
	return slices.Compare([]string{string(a.Forum), string(a.Member)}, []string{string(b.Forum), string(b.Member)})
}

var arabicWords = []string{"المعبر", "الحدودي", "شاحنات", "النقل", "البري", "اتفاقية", "المياه", "الفرات", "محضر", "اجتماع", "اللجنة", "المشتركة", "تجارة", "جمارك", "الطاقة", "الكهرباء", "اللاجئين", "التعليم", "صحة", "ترجو", "الوزارة", "إبلاغ", "الجهات", "المختصة"}

func randomText(rng *rand.Rand, words int) string {
	s := ""
	for range words {
		s += arabicWords[rng.IntN(len(arabicWords))] + " "
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
