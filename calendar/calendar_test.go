package calendar_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/calendar"
	"jisr/node"
	"jisr/node/nodetest"
	"jisr/words"
)

// tool runs a program of paper/system.sh. Where it is missing the test is skipped, except where tests stand between a
// change and others (CI): there everything must be had.
func tool(t *testing.T, stdin []byte, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil || name == python && exec.Command(python, "-c", "import icalendar").Run() != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("couldn't find %s: run paper/system.sh", name)
		}
		t.Skipf("%s is not here: run paper/system.sh", name)
	}
	cmd := exec.Command(name, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errs
	cmd.Env = append(os.Environ(), "TZ=Asia/Baghdad", "LC_ALL=C.UTF-8", "HOME="+t.TempDir())
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s%s", name, args, err, out.String(), errs.String())
	}
	return out.String()
}

const python = "/usr/bin/python3"

// read is what python3-icalendar makes of a calendar.
type read struct {
	Name, Method string
	Properties   []string
	Events       []event
}

type event struct {
	UID, Summary, Status, Class, Start, End, Location, Description, URL, Stamp, Organizer, Attendee string

	Sequence int
	Days     []string
}

func strictly(t *testing.T, ics []byte, until string) read {
	t.Helper()
	var r read
	if err := json.Unmarshal([]byte(tool(t, ics, python, "testdata/read.py", until)), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// about finds the one entry whose summary holds a text.
func (r read) about(t *testing.T, text string) event {
	t.Helper()
	var found []event
	for _, e := range r.Events {
		if strings.Contains(e.Summary, text) {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d entries about %q of %+v", len(found), text, r.Events)
	}
	return found[0]
}

// subscription is a calendar of an official of iq, behind a server.
type subscription struct {
	*nodetest.World
	server *httptest.Server
	post   node.Caller
	secret string
}

func subscribe(t *testing.T) *subscription {
	t.Helper()
	w := nodetest.New(t, "iq", "sy")
	n := w.Node("iq")
	all, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	page := func(l *words.Lang, f jisr.ForumID, id jisr.ThingID) string {
		return "/" + l.Tag() + "/" + id.Noun() + "s/" + string(f) + "/" + id.Name()
	}
	s := &subscription{World: w, server: httptest.NewServer(calendar.New(calendar.Config{Node: n, Words: all, URL: "https://jisr.example/", Page: page}))}
	t.Cleanup(s.server.Close)
	s.post = s.SignedIn("iq", "director", jisr.Reader, jisr.Drafter)
	s.secret = w.As("iq").DoAs(s.post, node.RenewFeed{}).Secret
	return s
}

func (s *subscription) get(t *testing.T, path, etag string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.server.URL+"/calendar/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	resp, err := s.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

func (s *subscription) feed(t *testing.T, lang string) []byte {
	t.Helper()
	resp, b := s.get(t, s.secret+"/"+lang+"/own.ics", "")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", resp.Status, b)
	}
	return b
}

// body makes a body that meets by a cadence, agreed by both.
func (s *subscription) body(title jisr.Text, cadence string) jisr.ThingID {
	posts := map[jisr.MemberID]jisr.Office{}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		posts[m] = jisr.Office{Member: m, Desk: "mofa", Name: jisr.Text{"ar": "أمين السر"}}
	}
	b := s.As("sy").Says(jisr.KindBodyPropose, "", jisr.BodyTerms{Title: title, Level: jisr.TechnicalLevel, Members: []jisr.MemberID{"iq", "sy"},
		Chairs: posts, Secretaries: posts, Cadence: cadence, Procedure: jisr.Procedure{Code: "JWC", Rotation: []jisr.MemberID{"iq", "sy"}}}, nil)
	iq := s.As("iq").SeesThing(b, jisr.BodyProposed)
	iq.Says(jisr.KindBodyAgree, b, jisr.AgreeTerms{Hash: iq.Body(b).Proposals[0].Hash}, nil)
	iq.Done()
	return b
}

// meets has sy propose a session, and iq agree to it.
func (s *subscription) meets(body jisr.ThingID, terms jisr.MeetingTerms) jisr.ThingID {
	terms.Body, terms.Zone, terms.Mode = body, "Asia/Baghdad", jisr.InPerson
	s.As("sy").SeesThing(body, jisr.BodyStands)
	id := s.As("sy").Says(jisr.KindMeetingPropose, "", terms, nil)
	iq := s.As("iq")
	s.Until("the proposal is here", func() bool { m := iq.Meeting(id); return m != nil && m.Begins == terms.Begins })
	iq.Says(jisr.KindMeetingAgree, id, jisr.AgreeTerms{Hash: iq.Meeting(id).Live}, nil)
	iq.SeesThing(id, string(jisr.DateAgreed)).Done()
	return id
}

func TestOthersReadWhatIsInACalendar(t *testing.T) {
	s := subscribe(t)
	body := s.body(jisr.Text{"ar": "اللجنة المشتركة للمياه", "en": "Joint Water Committee"}, "FREQ=MONTHLY;INTERVAL=3")
	s.meets(body, jisr.MeetingTerms{Session: 1, Title: jisr.Text{"ar": "دورة السدود", "en": "Dams"}, Begins: "2026-12-15T10:00:00+03:00", Ends: "2026-12-15T13:30:00+03:00", Place: jisr.Text{"ar": "بغداد", "en": "Baghdad"}})
	owed := s.As("sy").Proposes(s.Owed("iq", "sy"))
	s.As("iq").SeesThing(owed, "draft").Agrees(owed)
	note := s.Note("iq")
	note.ReplyBy = "2026-12-05"
	id := s.As("sy").Releases(note)
	s.As("iq").Receives(id).Done()

	r := strictly(t, s.feed(t, "en"), "2028-01-01")
	if r.Name != "Jisr · Director of Water" {
		t.Errorf("the calendar is called %q", r.Name)
	}
	m := r.about(t, "Dams (session 1)")
	if m.Start != "2026-12-15T07:00:00+00:00" || m.End != "2026-12-15T10:30:00+00:00" || m.Status != "CONFIRMED" || m.Location != "Baghdad" {
		t.Errorf("the session is %+v", m)
	}
	if !strings.Contains(m.URL, "https://jisr.example/en/meetings/iq-sy/") || !strings.Contains(m.Description, "10:00 (Asia/Baghdad)") {
		t.Errorf("the session leads to %q and says %q", m.URL, m.Description)
	}
	if due := r.about(t, "Table of levels"); due.Start != "2026-12-31" || due.End != "2027-01-01" || !strings.HasPrefix(due.Summary, "Due from us") {
		t.Errorf("what is due is %+v", due)
	}
	if reply := r.about(t, "an answer to a note"); reply.Start != "2026-12-05" || strings.Contains(reply.Summary, note.Body.Subject["en"]) {
		t.Errorf("what a note that nobody opened asks for is %+v", reply)
	}
	s.As("iq").Opens(id).Done()
	r = strictly(t, s.feed(t, "ar"), "2028-01-01")
	if reply := r.about(t, "رد على مذكرة"); !strings.Contains(reply.Summary, note.Body.Subject["ar"]) {
		t.Errorf("what a note that was opened asks for is %+v", reply)
	}
	if m := r.about(t, "دورة السدود (الدورة"); !strings.Contains(m.Summary, "١") || m.Location != "بغداد" {
		t.Errorf("the session in Arabic is %+v", m)
	}
}

// TestRecurrenceIsAsOthersExpandIt holds the days on which this node asks for a session against those that python's dateutil, on
// which khal stands, makes of the rule in the feed.
func TestRecurrenceIsAsOthersExpandIt(t *testing.T) {
	from, to := jisr.Date("2026-01-31"), jisr.Date("2029-12-31")
	for _, rule := range []string{"FREQ=MONTHLY;INTERVAL=3", "FREQ=MONTHLY", "FREQ=YEARLY", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU", "FREQ=MONTHLY;INTERVAL=6;BYDAY=-1TH", "FREQ=WEEKLY;INTERVAL=2",
		"FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,WE;WKST=SU", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,SU;BYSETPOS=-1;INTERVAL=4", "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=15", "FREQ=MONTHLY;BYMONTHDAY=-1",
		"FREQ=DAILY;INTERVAL=45", "FREQ=MONTHLY;INTERVAL=3;COUNT=5", "FREQ=YEARLY;UNTIL=20280601T000000Z", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "FREQ=YEARLY;BYYEARDAY=100,200"} {
		b := &jisr.Body{BodyTerms: jisr.BodyTerms{Cadence: rule}}
		want, err := node.CadenceDays(b, from, to)
		if err != nil || len(want) == 0 {
			t.Fatalf("%s: %v %v", rule, want, err)
		}
		first, recurs, err := node.Recurrence(b, from)
		if err != nil {
			t.Fatal(err)
		}
		l, err := words.New()
		if err != nil {
			t.Fatal(err)
		}
		ics, err := (&calendar.Book{Lang: l.In("en"), Origin: "jisr.example"}).Feed([]node.CalendarEntry{{ID: "1", Kind: node.EntryCadence, Day: first, Rule: recurs, At: time.Unix(0, 0)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strictly(t, ics, string(to)).Events[0].Days; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s as %s from %s:\n they %v\n here %v", rule, recurs, first, got, want)
		}
	}
}

// TestSubscribersFollow has vdirsyncer subscribe to a feed and khal show what is in it, before and after it changes.
func TestSubscribersFollow(t *testing.T) {
	s := subscribe(t)
	body := s.body(jisr.Text{"en": "Joint Water Committee"}, "FREQ=MONTHLY;INTERVAL=3")
	meeting := s.meets(body, jisr.MeetingTerms{Session: 1, Title: jisr.Text{"en": "Dams"}, Begins: "2026-12-15T10:00:00+03:00", Ends: "2026-12-15T12:00:00+03:00"})

	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) string {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return at(name)
	}
	if err := os.Mkdir(at("local"), 0o700); err != nil {
		t.Fatal(err)
	}
	sync := write("vdirsyncer.conf", fmt.Sprintf("[general]\nstatus_path = %q\n[pair p]\na = \"remote\"\nb = \"local\"\ncollections = null\nconflict_resolution = \"a wins\"\n[storage remote]\ntype = \"http\"\nurl = %q\n[storage local]\ntype = \"filesystem\"\npath = %q\nfileext = \".ics\"\n",
		at("status"), s.server.URL+"/calendar/"+s.secret+"/en/own.ics", at("local")))
	show := write("khal.conf", fmt.Sprintf("[calendars]\n[[jisr]]\npath = %s\nreadonly = True\n[locale]\nlocal_timezone = Asia/Baghdad\ndefault_timezone = Asia/Baghdad\ndateformat = %%Y-%%m-%%d\nlongdateformat = %%Y-%%m-%%d\ntimeformat = %%H:%%M\ndatetimeformat = %%Y-%%m-%%d %%H:%%M\nlongdatetimeformat = %%Y-%%m-%%d %%H:%%M\n[sqlite]\npath = %s\n", at("local"), at("khal.db")))
	shown := func() string {
		tool(t, []byte("y\ny\n"), "vdirsyncer", "-c", sync, "discover")
		tool(t, nil, "vdirsyncer", "-c", sync, "sync")
		return tool(t, nil, "khal", "-c", show, "list", "--notstarted", "--day-format", "", "--format", "{start-date} {start-time} {title} [{status}]", "2026-11-24", "800d")
	}
	got := shown()
	for _, want := range []string{"2026-12-15 10:00 Dams (session 1)", "2027-03-15  A session is due", "2027-06-15  A session is due", "2027-09-15  A session is due"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in what khal shows:\n%s", want, got)
		}
	}
	b := s.As("iq").Body(body)
	days, err := node.CadenceDays(b, "2026-12-15", "2029-02-01")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(got, "A session is due"); n != len(days)-1 && n != len(days) { // khal lists 800 days
		t.Errorf("khal shows %d days of the cadence, this node %v", n, days)
	}

	s.As("sy").Says(jisr.KindMeetingPostpone, meeting, jisr.Reason{Reason: "flood"}, nil)
	s.As("iq").SeesThing(meeting, string(jisr.Postponed)).Done()
	if got := shown(); !strings.Contains(got, "Dams (session 1) [CANCELLED") && !strings.Contains(got, "CANCELLED") {
		t.Errorf("khal does not show that the session was put off:\n%s", got)
	}
	s.meets(body, jisr.MeetingTerms{Session: 1, Title: jisr.Text{"en": "Dams"}, Begins: "2027-01-20T09:00:00+03:00"})
	if got := shown(); !strings.Contains(got, "2027-01-20 09:00 Dams") || strings.Contains(got, "2026-12-15 10:00") {
		t.Errorf("khal does not show the new day:\n%s", got)
	}
}

func TestAnEntryKeepsItsNameAndItsNumberRises(t *testing.T) {
	s := subscribe(t)
	body := s.body(jisr.Text{"en": "Committee"}, "")
	terms := jisr.MeetingTerms{Session: 1, Title: jisr.Text{"en": "Dams"}, Begins: "2026-12-15T10:00:00+03:00"}
	meeting := s.meets(body, terms)
	last := event{Sequence: -1}
	look := func(status string) {
		t.Helper()
		e := strictly(t, s.feed(t, "en"), "2027-01-01").about(t, "Dams (session 1)")
		if last.UID != "" && e.UID != last.UID || e.Sequence <= last.Sequence || e.Status != status {
			t.Errorf("after %+v came %+v, want %s", last, e, status)
		}
		last = e
	}
	look("CONFIRMED")
	s.As("sy").Says(jisr.KindMeetingPostpone, meeting, jisr.Reason{Reason: "flood"}, nil)
	s.As("iq").SeesThing(meeting, string(jisr.Postponed)).Done()
	look("CANCELLED")
	terms.Begins = "2027-01-20T09:00:00+03:00"
	s.meets(body, terms)
	look("CONFIRMED")
	s.As("iq").Says(jisr.KindMeetingCancel, meeting, jisr.Reason{Reason: "elections"}, nil)
	s.As("iq").SeesThing(meeting, string(jisr.MeetingCancelled)).Done()
	look("CANCELLED")
}

func TestAnUnchangedCalendarIsNotSentAgain(t *testing.T) {
	s := subscribe(t)
	first, _ := s.get(t, s.secret+"/ar/own.ics", "")
	etag := first.Header.Get("ETag")
	s.Pass(time.Hour)
	if resp, b := s.get(t, s.secret+"/ar/own.ics", etag); resp.StatusCode != http.StatusNotModified || len(b) > 0 {
		t.Errorf("unchanged: %s, %d bytes", resp.Status, len(b))
	}
	owed := s.As("sy").Proposes(s.Owed("iq", "sy"))
	s.As("iq").SeesThing(owed, "draft").Agrees(owed)
	if resp, b := s.get(t, s.secret+"/ar/own.ics", etag); resp.StatusCode != http.StatusOK || len(b) == 0 || resp.Header.Get("ETag") == etag {
		t.Errorf("changed: %s", resp.Status)
	}
}

func TestAnAddressIsMadeAnewAndEnded(t *testing.T) {
	s := subscribe(t)
	old := s.secret
	status := func(secret string) int { resp, _ := s.get(t, secret+"/ar/own.ics", ""); return resp.StatusCode }
	if got := status(old); got != http.StatusOK {
		t.Fatalf("the first address: %d", got)
	}
	fresh := s.As("iq").DoAs(s.post, node.RenewFeed{}).Secret
	if a, b := status(old), status(fresh); a != http.StatusNotFound || b != http.StatusOK {
		t.Errorf("made anew: the old one %d, the new one %d", a, b)
	}
	s.As("iq").DoAs(s.SignedIn("iq", "clerk", jisr.Reader), node.EndFeed{ID: "director"})
	if got := status(fresh); got != http.StatusOK {
		t.Errorf("another post ended it: %d", got)
	}
	s.As("iq").DoAs(s.post, node.EndFeed{ID: "director"})
	if got := status(fresh); got != http.StatusNotFound {
		t.Errorf("ended: %d", got)
	}
	fresh = s.As("iq").DoAs(s.post, node.RenewFeed{}).Secret
	if _, err := s.Node("iq").Do(t.Context(), s.Node("iq").Operator(), node.HandOver{ID: "director"}); err != nil {
		t.Fatal(err)
	}
	if got := status(fresh); got != http.StatusNotFound {
		t.Errorf("the post was handed over: %d", got)
	}
	for _, wrong := range []string{"x", "", strings.Repeat("a", 5000), "..%2f", fresh + "/fr/own.ics#"} {
		if got := status(wrong); got == http.StatusOK {
			t.Errorf("%q opens a calendar", wrong)
		}
	}
}

// TestWordsOfTheOtherSideStayWords holds titles and places that try to be lines of their own against what others read.
func TestWordsOfTheOtherSideStayWords(t *testing.T) {
	l, err := words.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, hostile := range []string{"x\r\nATTENDEE:mailto:a@example.org", "x\nEND:VEVENT\nBEGIN:VEVENT", "x\rSUMMARY:y", "x\u2028BEGIN:VALARM", "x\u0085y", "a;b,c\\d\\", "\x00\x07", "\u202eevil\u202c",
		strings.Repeat("ا", 300), strings.Repeat("👍🏽", 80), "x\\\r\n ATTACH:http://example.org", "\"quoted\";X=1:y", string([]byte{0xff, 0xfe, 'x'})} {
		e := node.CalendarEntry{ID: "1", Kind: node.EntryMeeting, Title: jisr.Text{"en": hostile}, Place: jisr.Text{"en": hostile}, Zone: hostile, Begins: time.Unix(0, 0), At: time.Unix(0, 0)}
		ics, err := (&calendar.Book{Lang: l.In("en").Plain(), Name: hostile, Origin: "jisr.example"}).Feed([]node.CalendarEntry{e})
		if err != nil {
			t.Fatalf("%q: %v", hostile, err)
		}
		r := strictly(t, ics, "2027-01-01")
		if len(r.Events) != 1 {
			t.Errorf("%q: %d entries", hostile, len(r.Events))
		}
		for _, p := range []string{"ATTENDEE", "ATTACH", "X", "ORGANIZER"} {
			if slices.Contains(r.Properties, p) {
				t.Errorf("%q: made a property %s", hostile, p)
			}
		}
		if strings.ContainsAny(r.Events[0].Summary, "\u202e\u202c\x00\x07\r\n") {
			t.Errorf("%q: the title is %q", hostile, r.Events[0].Summary)
		}
	}
}

func TestOfWhatIsSecretOnlyThatItIsThere(t *testing.T) {
	s := subscribe(t)
	terms, text := s.Owed("iq", "sy")
	terms.Handling = jisr.HandlingSecret
	owed := s.As("sy").Proposes(terms, text)
	s.As("iq").SeesThing(owed, "draft").Agrees(owed)
	r := strictly(t, s.feed(t, "en"), "2027-01-01")
	for _, e := range r.Events {
		if e.Class == "CONFIDENTIAL" {
			t.Errorf("who is not named sees %+v", e)
		}
	}
	s.As("iq").Do(node.NameOfficial{Forum: s.Forum, ID: owed, Official: "director", Reason: "water"})
	s.As("iq").Done()
	raw := s.feed(t, "en")
	e := strictly(t, raw, "2027-01-01").about(t, "A date in Jisr")
	if e.Class != "CONFIDENTIAL" || e.Start != "2026-12-31" || e.URL != "" || e.Location != "" || bytes.Contains(raw, []byte("Table of levels")) || bytes.Contains(raw, []byte(owed.Name())) {
		t.Errorf("who is named sees %+v in\n%s", e, raw)
	}
}

// A desk's calendar is what its officials may all see; what one of them is named for stands in that one's own.
func TestADesksCalendarHoldsWhatIsTheDesks(t *testing.T) {
	s := subscribe(t)
	desk := func() read {
		resp, b := s.get(t, s.secret+"/en/desk.ics", "")
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", resp.Status, b)
		}
		return strictly(t, b, "2027-01-01")
	}
	terms, text := s.Owed("iq", "sy")
	owed := s.As("sy").Proposes(terms, text)
	s.As("iq").SeesThing(owed, "draft").Agrees(owed)
	terms.Title, terms.Handling, terms.Due = jisr.Text{"ar": "ممر", "en": "Corridor"}, jisr.HandlingSecret, "2026-12-30"
	secret := s.As("sy").Proposes(terms, text)
	s.As("iq").SeesThing(secret, "draft").Agrees(secret)
	s.As("iq").Do(node.NameOfficial{Forum: s.Forum, ID: secret, Official: "director", Reason: "water"})
	s.As("iq").Done()
	r := desk()
	if due := r.about(t, "Table of levels"); due.Start != "2026-12-31" {
		t.Errorf("what the desk owes is %+v", due)
	}
	if strings.Contains(r.Name, "Director") || !strings.HasPrefix(r.Name, "Jisr · ") {
		t.Errorf("the desk's calendar is called %q", r.Name)
	}
	for _, e := range r.Events {
		if e.Start == "2026-12-30" {
			t.Errorf("the desk sees what one official is named for: %+v", e)
		}
	}
	if own := strictly(t, s.feed(t, "en"), "2027-01-01").about(t, "A date in Jisr"); own.Start != "2026-12-30" {
		t.Errorf("who is named sees %+v", own)
	}
}
