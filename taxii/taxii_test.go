package taxii_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"jisr"
	"jisr/node"
	"jisr/node/nodetest"
	"jisr/programme"
	"jisr/taxii"
	"jisr/words"
)

// tools is two nodes with the threat annex in force between them, and a threat tool at each.
type tools struct {
	*nodetest.World
	id    jisr.ThingID
	faces map[jisr.MemberID]*httptest.Server
	keys  map[jisr.MemberID]string
}

func newTools(t *testing.T) *tools {
	t.Helper()
	w := nodetest.New(t, "iq", "sy")
	doc, err := programme.ReadShipped("sec")
	must(t, err)
	annex, err := programme.Compile(doc)
	must(t, err)
	iq, sy := w.As("iq"), w.As("sy")
	pact := iq.ProposesAgreement("iq", "sy")
	w.Settle()
	sy.Negotiates(pact).Done()
	text := w.Text([]jisr.MemberID{"iq", "sy"}, "التعاون الأمني", func(text *jisr.InstrumentText) {
		text.Clauses.Consent = map[jisr.MemberID]jisr.ConsentMethod{"iq": jisr.BySignature, "sy": jisr.BySignature}
		text.Clauses.Force = jisr.ForceRule{On: jisr.ForceSignature}
		text.Segments = append(text.Segments, jisr.Segment{ID: "annex1", Kind: jisr.SegmentAnnex, Number: "I", Text: jisr.Text{"ar": "برنامج الأمن", "en": "The security programme"}})
		text.Annexes = map[string]jisr.AnnexRef{"annex1": {Title: annex.Annex.Title, Document: annex.Hash()}}
	})
	iq.Tables(pact, text)
	both := func(do func(*nodetest.Actor)) {
		for _, a := range []*nodetest.Actor{iq, sy} {
			do(a)
			a.Done()
		}
		w.Settle()
	}
	closes := w.Now().Add(time.Hour)
	w.Settle()
	both(func(a *nodetest.Actor) { a.Initials(pact) })
	both(func(a *nodetest.Actor) { a.Seals(pact, closes) })
	both(func(a *nodetest.Actor) { a.Commits(pact) })
	both(func(a *nodetest.Actor) { a.States(pact) })
	s := &tools{World: w, faces: map[jisr.MemberID]*httptest.Server{}, keys: map[jisr.MemberID]string{}}
	s.id = iq.Do(node.LayProgramme{Forum: w.Forum, Agreement: pact, Document: doc}).Thing
	iq.Done()
	w.Settle()
	all, err := words.New()
	must(t, err)
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		s.keys[m] = s.token(m, jisr.Direct, jisr.Reader)
		s.faces[m] = httptest.NewServer(taxii.New(taxii.Config{Node: w.Node(m), Words: all}))
		t.Cleanup(s.faces[m].Close)
	}
	return s
}

// token makes a program's token.
func (s *tools) token(m jisr.MemberID, roles ...jisr.Role) string {
	s.T.Helper()
	done, err := s.Node(m).Do(s.T.Context(), s.Node(m).Operator(), node.AddToken{ID: fmt.Sprintf("tool-%d", len(roles)), Title: jisr.Text{"ar": "أداة", "en": "Tool"}, Desk: "mofa", Roles: roles})
	must(s.T, err)
	return done.Secret
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func report(i int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"ref":"R-%d","report_type":"indicator","title":{"ar":"بلاغ %d","en":"Report %d"},"threat_category":"cyber","summary":"تجربة","reported_at":"2026-11-25T09:00:00+03:00","valid_until":"2027-11-25T09:00:00+03:00",
		"source_reliability":"B","info_credibility":"2","pap":"AMBER","indicator_type":"malicious-activity","indicator_pattern":"[domain-name:value = 'd%d.example.org']"}`, i, i, i, i))
}

// sends sends reports at a level that the desk reads.
func (s *tools) sends(m jisr.MemberID, from, to int) jisr.ThingID {
	s.T.Helper()
	c := node.SendRecords{Forum: s.Forum, Programme: s.id, Type: "threat_report", Handling: jisr.HandlingRestricted}
	for i := from; i < to; i++ {
		c.Records = append(c.Records, report(i))
	}
	done := s.As(m).Do(c)
	s.As(m).Done()
	s.Settle()
	return done.Thing
}

type object struct {
	ID, Type, Name, Modified string
	Revoked                  bool
}

type reply struct {
	status int
	header http.Header
	body   struct {
		Roots       []string `json:"api_roots"`
		Versions    []string
		Collections []struct {
			ID, Title, Alias string
			Reads            bool     `json:"can_read"`
			Writes           bool     `json:"can_write"`
			Media            []string `json:"media_types"`
		}
		More       bool
		Next       string
		Objects    []object
		HTTPStatus string `json:"http_status"`
	}
}

func (s *tools) get(m jisr.MemberID, path string, change ...func(*http.Request)) (r reply) {
	s.T.Helper()
	req, err := http.NewRequestWithContext(s.T.Context(), http.MethodGet, s.faces[m].URL+path, nil)
	must(s.T, err)
	req.SetBasicAuth("tool", s.keys[m])
	req.Header.Set("Accept", "application/taxii+json;version=2.1")
	for _, f := range change {
		f(req)
	}
	res, err := http.DefaultClient.Do(req)
	must(s.T, err)
	defer res.Body.Close()
	r.status, r.header = res.StatusCode, res.Header
	must(s.T, json.NewDecoder(res.Body).Decode(&r.body))
	if typ := res.Header.Get("Content-Type"); typ != "application/taxii+json;version=2.1" {
		s.T.Errorf("%s is answered as %s", path, typ)
	}
	return r
}

// reports finds the collection of reports.
func (s *tools) reports(m jisr.MemberID) string {
	s.T.Helper()
	root := s.get(m, "/taxii2/").body.Roots
	if len(root) != 1 {
		s.T.Fatalf("the roots are %v", root)
	}
	if v := s.get(m, root[0]).body.Versions; !slices.Equal(v, []string{"application/taxii+json;version=2.1"}) {
		s.T.Errorf("the versions are %v", v)
	}
	all := s.get(m, root[0]+"collections/").body.Collections
	if len(all) != 2 {
		s.T.Fatalf("the collections are %+v", all)
	}
	i := slices.IndexFunc(all, func(c struct {
		ID, Title, Alias string
		Reads            bool     `json:"can_read"`
		Writes           bool     `json:"can_write"`
		Media            []string `json:"media_types"`
	}) bool {
		return c.Alias == s.id.Name()+"-threat_report"
	})
	if i < 0 || !all[i].Reads || all[i].Writes || len(all[i].ID) != 36 || all[i].ID[14] != '4' {
		s.T.Fatalf("the collections are %+v", all)
	}
	return root[0] + "collections/" + all[i].ID + "/"
}

func TestAThreatToolReadsWhatTheOtherSideReported(t *testing.T) {
	s := newTools(t)
	s.sends("iq", 0, 3)
	at := s.reports("sy")
	all := s.get("sy", at+"objects/")
	count := map[string]int{}
	for _, o := range all.body.Objects {
		count[o.Type]++
	}
	if all.status != http.StatusOK || all.body.More || count["report"] != 3 || count["indicator"] != 3 || count["identity"] != 1 || count["marking-definition"] != 1 {
		t.Fatalf("%d: %v of %+v", all.status, count, all.body)
	}
	last := all.header.Get("X-TAXII-Date-Added-Last")
	if last == "" || all.header.Get("X-TAXII-Date-Added-First") == "" {
		t.Error("it is not said when the objects came")
	}
	var paged []object
	for q := "?limit=3"; q != ""; {
		r := s.get("sy", at+"objects/"+q)
		if len(r.body.Objects) > 3 {
			t.Fatalf("a page has %d objects", len(r.body.Objects))
		}
		paged = append(paged, r.body.Objects...)
		if q = ""; r.body.More {
			q = "?limit=3&next=" + url.QueryEscape(r.body.Next)
		}
	}
	if ids := idsOf(paged); !slices.Equal(ids, idsOf(all.body.Objects)) {
		t.Errorf("page by page: %v", ids)
	}
	if r := s.get("sy", at+"objects/?match[type]=report"); len(r.body.Objects) != 3 {
		t.Errorf("reports: %+v", r.body.Objects)
	}
	one := all.body.Objects[slices.IndexFunc(all.body.Objects, func(o object) bool { return o.Type == "report" })]
	if r := s.get("sy", at+"objects/"+one.ID+"/"); len(r.body.Objects) != 1 || r.body.Objects[0] != one {
		t.Errorf("one object: %+v", r.body.Objects)
	}
	if r := s.get("sy", at+"manifest/?match[type]=report"); len(r.body.Objects) != 3 {
		t.Errorf("the manifest: %+v", r.body.Objects)
	}
	if r := s.get("sy", at+"objects/?added_after="+last); len(r.body.Objects) != 0 {
		t.Errorf("after the last: %+v", r.body.Objects)
	}
	if r := s.get("iq", s.reports("iq")+"objects/?match[type]=report"); !slices.Equal(idsOf(r.body.Objects), idsOf(s.get("sy", at+"objects/?match[type]=report").body.Objects)) {
		t.Error("the two sides give the same report two identifiers")
	}
}

func idsOf(all []object) (ids []string) {
	seen := map[string]bool{}
	for _, o := range all {
		if !seen[o.ID] {
			seen[o.ID] = true
			ids = append(ids, o.ID)
		}
	}
	return ids
}

func TestWhatComesLateIsNewToAThreatTool(t *testing.T) {
	s := newTools(t)
	s.Cut("iq", "sy")
	early := node.SendRecords{Forum: s.Forum, Programme: s.id, Type: "threat_report", Handling: jisr.HandlingRestricted, Records: []json.RawMessage{report(1)}}
	batch := s.As("iq").Do(early).Thing
	s.Pass(time.Hour)
	own := early
	own.Records = []json.RawMessage{report(2)}
	s.As("sy").Do(own)
	at := s.reports("sy")
	last := s.get("sy", at+"objects/").header.Get("X-TAXII-Date-Added-Last")
	s.Restore("iq", "sy")
	s.Settle()
	r := s.get("sy", at+"objects/?match[type]=report&added_after="+last)
	if len(r.body.Objects) != 1 || r.body.Objects[0].Name != "Report 1" {
		t.Fatalf("what was on its way: %+v", r.body.Objects)
	}
	first := r.body.Objects[0]
	for _, change := range []node.Command{node.CorrectRecords{Forum: s.Forum, Batch: batch, Records: map[int]json.RawMessage{1: report(3)}}, node.WithdrawRecords{Forum: s.Forum, Batch: batch, Places: jisr.PlacesOf(1)}} {
		last = r.header.Get("X-TAXII-Date-Added-Last")
		s.Pass(time.Minute)
		s.As("iq").Do(change)
		s.As("iq").Done()
		s.Settle()
		r = s.get("sy", at+"objects/?match[type]=report&added_after="+last)
		if len(r.body.Objects) != 1 || r.body.Objects[0].ID != first.ID || r.body.Objects[0].Name != "Report 3" || r.body.Objects[0].Modified <= first.Modified {
			t.Fatalf("%T: %+v", change, r.body.Objects)
		}
		first = r.body.Objects[0]
	}
	if !first.Revoked {
		t.Error("a report that was withdrawn is not revoked")
	}
}

func TestAThreatToolIsRefusedInTheStandardsWay(t *testing.T) {
	s := newTools(t)
	at := s.reports("sy")
	for name, c := range map[string]struct {
		path   string
		change func(*http.Request)
		status int
	}{
		"no token":               {"/taxii2/", func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"a wrong token":          {"/taxii2/", func(r *http.Request) { r.SetBasicAuth("tool", "no") }, 401},
		"another version":        {"/taxii2/", func(r *http.Request) { r.Header.Set("Accept", "application/taxii+json;version=2.0") }, 406},
		"another root":           {"/taxii2/nowhere/", nil, 404},
		"another collection":     {"/taxii2/" + string(s.Forum) + "/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/", nil, 404},
		"another object":         {at + "objects/report--91a7b528-80eb-42ed-a74d-c6fbd5a26116/", nil, 404},
		"a bad time":             {at + "objects/?added_after=yesterday", nil, 400},
		"a bad limit":            {at + "objects/?limit=0", nil, 400},
		"a page that is none":    {at + "objects/?next=x", nil, 400},
		"a cursor of garbage":    {at + "objects/?next=x.0", nil, 400},
		"writing":                {at + "objects/", func(r *http.Request) { r.Method = http.MethodPost }, 403},
		"somebody who reads not": {"/taxii2/", func(r *http.Request) { r.SetBasicAuth("tool", s.token("sy", jisr.Admin)) }, 403},
	} {
		change := c.change
		if change == nil {
			change = func(*http.Request) {}
		}
		if r := s.get("sy", c.path, change); r.status != c.status || r.body.HTTPStatus != fmt.Sprint(c.status) {
			t.Errorf("%s: %d %q", name, r.status, r.body.HTTPStatus)
		}
	}
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.keys["sy"]) }
	if r := s.get("sy", "/taxii2/", bearer); r.status != 200 {
		t.Errorf("a bearer's token: %d", r.status)
	}
}
