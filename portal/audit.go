package portal

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/node"
)

// auditView is what was done, refused and read, for auditors.
type auditView struct {
	Page
	Tabs     []Link
	Rows     []auditLine
	Outcomes []Option
	Forums   []Option
	Official string
	Verb     string
	From, To dayInput
	Problem  string
	First    string
	Next     string
	Until    string // how far back was looked, when a page has few rows and more is behind it
	Export   string
	All      string
}

// dayInput is a day in its three fields.
type dayInput struct{ Day, Month, Year string }

// auditLine is one row.
type auditLine struct {
	When    string
	Until   string // of repeats: the last
	Count   int
	Who     string
	Account string
	What    string
	About   string
	URL     string // of the act in the record, for what is joint
	Outcome tag
	Policy  string
}

func (s *site) audit(r *request) (*answer, error) {
	rd := s.reader(r)
	ask, v := s.auditQuestion(rd, r.URL.Query())
	v.Page, v.Tabs = s.page(r, "house"), rd.houseTabs("audit")
	p, err := s.node.Audit(r.Context(), r.caller, ask)
	if problems := problemsOf(rd, err, func(string) string { return "" }); problems != nil && !isKind(err, jisr.NotAllowed) {
		v.Problem = problems[0].Text
		return &answer{status: 422, page: auditPage(v)}, nil
	}
	if err != nil {
		return nil, err
	}
	titles, err := s.titles(r.Context(), rd)
	if err != nil {
		return nil, err
	}
	for i := range p.Rows {
		v.Rows = append(v.Rows, rd.auditLine(&p.Rows[i], titles))
	}
	if p.Next != "" {
		v.Next = rd.auditURL(r.URL.Query(), p.Next)
		if len(p.Rows) < pageActs {
			v.Until = rd.l.T("audit.until", "when", rd.dateTime(p.Until))
		}
	}
	if ask.Cursor != "" {
		v.First = rd.auditURL(r.URL.Query(), "")
	}
	v.Export = rd.url("house", "audit", "export") + "?" + r.URL.Query().Encode()
	if len(r.URL.Query()) > 0 {
		v.All = rd.url("house", "audit")
	}
	return &answer{page: auditPage(v)}, nil
}

func (rd reader) auditURL(q url.Values, cursor string) string {
	q.Del("cursor")
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return rd.url("house", "audit") + "?" + q.Encode()
}

// auditQuestion reads the filters; days are those of this member's zone, both included.
func (s *site) auditQuestion(rd reader, q url.Values) (node.AuditQuery, auditView) {
	get := func(name string) string { return clip(strings.TrimSpace(q.Get(name)), maxField) }
	v := auditView{Official: get("official"), Verb: get("verb"), From: dayFields(q, "from"), To: dayFields(q, "to")}
	ask := node.AuditQuery{Official: v.Official, Verb: v.Verb, Outcome: get("outcome"), Forum: jisr.ForumID(get("forum")), Cursor: get("cursor"), Limit: pageActs}
	ask.From = v.From.time(rd.zone)
	if to := v.To.time(rd.zone); !to.IsZero() {
		ask.To = to.AddDate(0, 0, 1)
	}
	for _, o := range []string{"", jisr.AuditDone, "refused"} {
		word := "audit.outcome.any"
		if o != "" {
			word = "audit.outcome." + o
		}
		v.Outcomes = append(v.Outcomes, Option{Value: o, Word: rd.l.T(word), On: o == ask.Outcome})
	}
	v.Forums = []Option{{Word: rd.l.T("audit.everywhere")}, {Value: string(jisr.House), Word: rd.l.T("audit.house"), On: ask.Forum == jisr.House}}
	for _, f := range s.forumsHere() {
		v.Forums = append(v.Forums, Option{Value: string(f), Word: string(f), On: ask.Forum == f})
	}
	return ask, v
}

// forumsHere lists the forums this member shares with others.
func (s *site) forumsHere() []jisr.ForumID {
	var all []jisr.ForumID
	for _, k := range s.node.Links() {
		all = append(all, k.Forums...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func dayFields(q url.Values, name string) dayInput {
	get := func(part string) string { return clip(strings.TrimSpace(q.Get(name+"."+part)), 4) }
	return dayInput{get("day"), get("month"), get("year")}
}

// time is the beginning of the day; zero: it is none.
func (d dayInput) time(zone *time.Location) time.Time {
	t, err := time.ParseInLocation("2006-1-2", d.Year+"-"+strings.TrimLeft(d.Month, "0")+"-"+strings.TrimLeft(d.Day, "0"), zone)
	if err != nil {
		return time.Time{}
	}
	return t
}

func (rd reader) auditLine(r *node.AuditRow, titles map[jisr.OfficialID]string) auditLine {
	l := auditLine{When: rd.dateTime(r.First), Count: r.Count, Who: titles[r.Official], Account: string(r.Official), About: r.About.Name(), Policy: r.Policy}
	if l.Who == "" {
		l.Who = string(r.Official)
	}
	if r.Count > 0 {
		l.Until = rd.dateTime(r.Last)
	}
	switch key := "act.kind." + r.Verb; {
	case r.Verb == "*":
		l.What = rd.l.T("audit.many")
	case r.Outcome == jisr.AuditDone && rd.l.Has(key):
		l.What = rd.l.T(key)
	default:
		l.What = known(rd.l, "subject.", r.Verb)
	}
	l.Outcome = tag{"ok", "check", rd.l.T("audit.outcome.done")}
	if r.Outcome != jisr.AuditDone {
		l.Outcome = tag{"late", "octagon-alert", rd.l.T("audit.outcome.refused")}
		l.Policy = known(rd.l, "policy.", r.Policy)
		if r.Policy == "" {
			l.Policy = rd.l.Refusal(r.Outcome, r.Verb, nil)
		}
	}
	if r.Log != jisr.House {
		l.URL = rd.actURL(r.Log, r.Position)
	}
	return l
}

// exportAudit gives the proofs of what the filters leave, as one file.
func (s *site) exportAudit(r *request) (*answer, error) {
	rd := s.reader(r)
	q := r.URL.Query()
	q.Del("cursor")
	ask, _ := s.auditQuestion(rd, q)
	var b bytes.Buffer
	if err := s.node.ExportAudit(r.Context(), r.caller, ask, &b); err != nil {
		return nil, err
	}
	return &answer{file: &file{name: "audit-" + string(rd.self) + "-" + string(rd.today) + ".proofs", typ: "application/octet-stream", content: bytes.NewReader(b.Bytes())}}, nil
}
