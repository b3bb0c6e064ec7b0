package portal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// recordView is the shared record: every act of every member, newest first.
type recordView struct {
	Page
	Filters []Link // by member
	Forums  []Link // by forum, when there are several
	Thing   string // what the acts are about, when the list is of one thing
	Papers  []Link // of that thing
	Acts    []actLine
	Next    string
	First   string
	All     string
}

// actLine is an act in the list.
type actLine struct {
	URL      string
	Who      side
	What     string
	About    string // the thing, as people cite it
	Subject  said   // of a note
	AboutURL string // its page, where it has one
	When     string
	Position string // "iq 12": Latin in every language
	Void     string
	Unknown  bool
}

func (s *site) record(r *request) (*answer, error) {
	q := r.URL.Query()
	ask := book.ActQuery{Forum: jisr.ForumID(q.Get("forum")), Member: jisr.MemberID(q.Get("member")), Thing: jisr.ThingID(clip(q.Get("thing"), maxField)), Cursor: clip(q.Get("cursor"), maxField), Limit: pageActs}
	if !jisr.ValidForum(ask.Forum) { // the house log is nobody's to read here
		ask.Forum = ""
	}
	if !jisr.ValidMember(ask.Member) {
		ask.Member = ""
	}
	v, err := s.recordView(r.Context(), s.reader(r), ask)
	if err != nil {
		return nil, err
	}
	v.Page = s.live(r, "record")
	return &answer{page: recordPage(v)}, nil
}

func (s *site) recordView(ctx context.Context, rd reader, ask book.ActQuery) (recordView, error) {
	rows, next, err := s.node.Book().Acts(ctx, rd.scope, ask)
	if err != nil {
		return recordView{}, err
	}
	v := recordView{}
	if ask.Thing != "" {
		v.Thing = ask.Thing.Name()
		if v.Papers, err = s.papers(ctx, rd, ask.Forum, ask.Thing); err != nil {
			return recordView{}, err
		}
	}
	rows = slices.DeleteFunc(rows, func(r book.ActRow) bool { return r.Act.Forum == jisr.House }) // these have no page and no receipts
	for i := range rows {
		v.Acts = append(v.Acts, rd.actLine(&rows[i]))
	}
	if err := s.citeNotes(ctx, rd, rows, v.Acts); err != nil {
		return recordView{}, err
	}
	if next != "" {
		v.Next = rd.recordURL(ask, next)
	}
	if ask.Cursor != "" {
		v.First = rd.recordURL(ask, "")
	}
	if ask.Thing != "" || ask.Member != "" {
		v.All = rd.url("record")
	}
	return v, s.recordFilters(ctx, rd, ask, &v)
}

// citeNotes says which notes acts are about, as people cite them: by number and subject.
func (s *site) citeNotes(ctx context.Context, rd reader, rows []book.ActRow, acts []actLine) error {
	known := map[jisr.ThingID]line{}
	for i := range acts {
		a := &rows[i].Act
		if a.About.Noun() != "note" {
			continue
		}
		l, ok := known[a.About]
		if !ok {
			n, err := s.node.Book().Note(ctx, rd.scope, a.Forum, a.About)
			if isKind(err, jisr.NoSuch) {
				continue // an act about what nobody released
			}
			if err != nil {
				return err
			}
			l = rd.line(&n.NoteRow, "")
			known[a.About] = l
		}
		acts[i].Subject = l.Subject
		if l.Ref != "" {
			acts[i].About = l.Ref
		}
	}
	return nil
}

func (s *site) recordFilters(ctx context.Context, rd reader, ask book.ActQuery, v *recordView) error {
	v.Filters = []Link{{Word: rd.l.T("note.list.all"), URL: rd.recordURL(book.ActQuery{Forum: ask.Forum, Thing: ask.Thing}, ""), On: ask.Member == ""}}
	for _, m := range append([]jisr.MemberID{rd.self}, s.partners()...) {
		v.Filters = append(v.Filters, Link{Word: rd.name(m), On: m == ask.Member, URL: rd.recordURL(book.ActQuery{Forum: ask.Forum, Thing: ask.Thing, Member: m}, "")})
	}
	forums, err := s.node.Book().Forums(ctx)
	for _, f := range forums {
		if f.ID != jisr.House && len(forums) > 1 {
			v.Forums = append(v.Forums, Link{Word: inLanguage(rd.l, f.Title), On: f.ID == ask.Forum, URL: rd.recordURL(book.ActQuery{Forum: f.ID, Member: ask.Member}, "")})
		}
	}
	if len(v.Forums) < 2 {
		v.Forums = nil
	}
	return err
}

func (rd reader) recordURL(ask book.ActQuery, cursor string) string {
	q := url.Values{}
	for _, f := range [][2]string{{"forum", string(ask.Forum)}, {"member", string(ask.Member)}, {"thing", string(ask.Thing)}, {"cursor", cursor}} {
		if f[1] != "" {
			q.Set(f[0], f[1])
		}
	}
	if len(q) == 0 {
		return rd.url("record")
	}
	return rd.url("record") + "?" + q.Encode()
}

func (rd reader) actLine(row *book.ActRow) actLine {
	a := &row.Act
	l := actLine{URL: rd.actURL(a.Forum, a.Position), Who: rd.side(a.Member), When: rd.dateTime(a.At), Position: fmt.Sprintf("%s %d", a.Member, a.Index)}
	l.What = rd.kindOf(a.Kind)
	l.About, l.AboutURL = rd.about(a)
	if row.Void != nil {
		l.Void, l.Unknown = sentence(rd.l, row.Void), row.Void.Kind == jisr.Unknown
	}
	return l
}

// kindOf is the word for what an act does; an act that this version does not know is named as it names itself.
func (rd reader) kindOf(k jisr.Kind) string {
	if key := "act.kind." + string(k); jisr.Known(k) && rd.l.Has(key) {
		return rd.l.T(key)
	}
	return rd.l.T("act.kind.unknown", "kind", string(k))
}

// about says what an act is about, and where that has a page. A note is cited by its number where the act says it.
func (rd reader) about(a *jisr.Act) (string, string) {
	switch a.About.Noun() {
	case "forum":
		return string(a.Forum), rd.url("forum")
	case "note":
		ref := a.About.Name()
		if t, err := jisr.ReadNote(a); err == nil && a.Kind == jisr.KindNoteRelease && t.Number > 0 && t.Date.Valid() {
			ref = fmt.Sprintf("%s %d/%s", strings.ToUpper(string(a.Member)), t.Number, t.Date[:4])
		}
		return ref, rd.noteURL(a.Forum, a.About)
	}
	return string(a.About), ""
}

// actView is one act with everything that proves it.
type actView struct {
	Page
	Act       actLine
	Index     int64
	Fields    []field
	Entry     string // the exact bytes, as text: entries are JSON (design 3.1)
	Size      string
	Hash      string // RFC 6962 section 2.1: SHA-256(0x00 || entry)
	Receipts  []receiptLine
	LogKeys   []string
	Keys      []memberKeys
	Proof     string
	TlogProof string
	EntryURL  string
	Command   string
	kind      jisr.Kind
	Signed    *signatureLine // nil: such an act is not signed
}

// field is one part of a decoded act. Code: an identifier or hash, Latin in every language.
type field struct {
	Name, Value  string
	Code         bool
	Note         string
	Links, Files []Link // in the place of the value: other records, files
}

// receiptLine is what one other member's node has signed.
type receiptLine struct {
	Who                     side
	Countersigned, Held     string
	CountersignedAt, HeldAt string
	Missing                 string
}

// memberKeys are the keys that verify a member's countersignatures.
type memberKeys struct {
	Who  side
	Keys []string
}

func (s *site) act(r *request) (*answer, error) {
	f, p, err := position(r)
	if err != nil {
		return nil, err
	}
	v, err := s.actView(r.Context(), s.reader(r), f, p)
	if err != nil {
		return nil, err
	}
	v.Page = s.live(r, "record")
	if node.Signs(node.Verb(v.kind)) {
		if v.Signed, err = s.signatureLine(r.Context(), s.reader(r), f, p); err != nil {
			return nil, err
		}
	}
	return &answer{page: actPage(v)}, nil
}

// position reads which act a page is about.
func position(r *request) (jisr.ForumID, jisr.Position, error) {
	f, m := jisr.ForumID(r.PathValue("forum")), jisr.MemberID(r.PathValue("member"))
	i, err := strconv.ParseInt(r.PathValue("index"), 10, 53)
	if err != nil || i < 0 || !jisr.ValidForum(f) || !jisr.ValidMember(m) {
		return "", jisr.Position{}, jisr.Refuse(jisr.NoSuch, clip(r.PathValue("index"), maxField), "noun", "act")
	}
	return f, jisr.Position{Member: m, Index: jisr.Index(i)}, nil
}

func (s *site) actView(ctx context.Context, rd reader, f jisr.ForumID, p jisr.Position) (actView, error) {
	row, err := s.node.Book().Act(ctx, rd.scope, f, p)
	if err == nil {
		err = s.node.ReadsAbout(ctx, rd.caller, f, row.Act.About)
	}
	if err != nil {
		return actView{}, err
	}
	entry, err := s.node.Entry(ctx, rd.scope, f, p)
	if err != nil {
		return actView{}, err
	}
	hash := sha256.Sum256(append([]byte{0}, entry...))
	at := rd.actURL(f, p)
	v := actView{kind: row.Act.Kind, Index: int64(p.Index), Act: rd.actLine(&row), Fields: rd.fields(&row.Act), Entry: string(entry), Size: rd.l.Bytes(int64(len(entry))),
		Hash: hex.EncodeToString(hash[:]), Proof: at + "/proof", TlogProof: at + "/tlog-proof", EntryURL: at + "/entry", Command: "jisr verify " + proofName(f, p)}
	if row.Act.Kind == jisr.KindNoteRelease {
		n, err := s.node.Book().Note(ctx, rd.scope, f, row.Act.About)
		if err != nil && !isKind(err, jisr.NoSuch) {
			return actView{}, err
		}
		if n.Withheld { // the file carries the text
			v.Proof = ""
		}
	}
	if v.Receipts, err = s.receiptLines(ctx, rd, f, p); err != nil {
		return actView{}, err
	}
	return v, s.verifierKeys(ctx, rd, f, p, &v)
}

func (rd reader) fields(a *jisr.Act) []field {
	l := rd.l
	all := []field{
		{Name: l.T("record.kind"), Value: string(a.Kind), Code: true},
		{Name: l.T("note.field.forum"), Value: string(a.Forum), Code: true},
		{Name: l.T("record.about"), Value: string(a.About), Code: true},
		{Name: l.T("record.index"), Value: fmt.Sprintf("%s %d", a.Member, a.Index), Code: true},
	}
	if a.By != nil {
		all = append(all, field{Name: l.T("record.by"), Value: strings.Trim(string(a.By.Desk)+" / "+string(a.By.Official), " /"), Code: true})
	}
	all = append(all, field{Name: l.T("record.at"), Value: rd.dateTime(a.At), Note: l.T("record.at.means")},
		field{Name: l.T("record.clock"), Value: itoa(a.Clock), Code: true})
	for _, m := range sortedMembers(a.Seen) {
		all = append(all, field{Name: l.T("record.seen"), Value: fmt.Sprintf("%s %d", m, a.Seen[m]), Code: true})
	}
	if len(a.Terms) > 0 {
		all = append(all, field{Name: l.T("subject.terms"), Value: indented(a.Terms), Code: true})
	}
	for i, c := range a.Contents() {
		name := l.T("note.field.attachments")
		if i == 0 && a.Content != nil {
			name = l.T("record.content")
		}
		all = append(all, field{Name: name, Value: string(c.Commit), Code: true, Note: l.Bytes(c.Size) + " · " + l.Isolate(c.Type)})
	}
	return all
}

func sortedMembers(m map[jisr.MemberID]jisr.Index) []jisr.MemberID {
	var all []jisr.MemberID
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

func (s *site) receiptLines(ctx context.Context, rd reader, f jisr.ForumID, p jisr.Position) ([]receiptLine, error) {
	receipts, err := s.node.Receipts(ctx, rd.scope, f, p)
	if err != nil {
		return nil, err
	}
	var all []receiptLine
	for _, of := range receipts {
		r := receiptLine{Who: rd.side(of.Member)}
		if !of.CountersignedAt.IsZero() {
			r.Countersigned = rd.l.T("record.receipt.countersigned", "member", r.Who.Name, "size", of.LogSize)
			r.CountersignedAt = rd.dateTime(of.CountersignedAt)
		}
		if !of.HeldAt.IsZero() {
			r.Held, r.HeldAt = rd.l.T("record.receipt.held", "member", r.Who.Name), rd.dateTime(of.HeldAt)
		}
		if r.Countersigned == "" && r.Held == "" {
			r.Missing = rd.l.T("record.receipt.none", "member", r.Who.Name)
		}
		all = append(all, r)
	}
	return all, nil
}

// verifierKeys gives the keys that somebody needs to check the proof: of the writer's log, and of the others'
// countersignatures.
func (s *site) verifierKeys(ctx context.Context, rd reader, f jisr.ForumID, p jisr.Position, v *actView) error {
	keys, _, err := s.node.VerifierKeys(ctx, f, p.Member)
	if err != nil {
		return err
	}
	v.LogKeys = keys
	for _, r := range v.Receipts {
		_, mirror, err := s.node.VerifierKeys(ctx, f, r.Who.ID)
		if err != nil {
			return err
		}
		v.Keys = append(v.Keys, memberKeys{Who: r.Who, Keys: mirror})
	}
	return nil
}

func proofName(f jisr.ForumID, p jisr.Position) string {
	return fmt.Sprintf("%s-%s-%d.proof", f, p.Member, p.Index)
}

func (s *site) actEntry(r *request) (*answer, error) {
	return s.actFile(r, s.node.Entry, ".json", "application/json")
}

func (s *site) actProof(r *request) (*answer, error) {
	return s.actFile(r, s.node.ExportSigned, ".proof", "text/plain")
}

func (s *site) actTlogProof(r *request) (*answer, error) {
	return s.actFile(r, s.node.Proof, ".tlog-proof", "text/plain")
}

func (s *site) actFile(r *request, read func(context.Context, book.Scope, jisr.ForumID, jisr.Position) ([]byte, error), ending, typ string) (*answer, error) {
	f, p, err := position(r)
	if err != nil {
		return nil, err
	}
	scope := s.node.ScopeOf(r.caller)
	row, err := s.node.Book().Act(r.Context(), scope, f, p)
	if err == nil {
		err = s.node.ReadsAbout(r.Context(), r.caller, f, row.Act.About)
	}
	if err != nil {
		return nil, err
	}
	b, err := read(r.Context(), scope, f, p)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(proofName(f, p), ".proof") + ending
	return &answer{file: &file{name: name, typ: typ, content: bytes.NewReader(b)}}, nil
}

// voidWord is the short word for an act without effect here.
func (p Page) voidWord(a actLine) string {
	if a.Unknown {
		return p.T("record.unknown")
	}
	return p.T("record.void")
}
