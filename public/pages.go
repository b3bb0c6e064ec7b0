package public

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/node"
	"jisr/words"
)

// frame is what every page has around its own content.
type frame struct {
	l      *words.Lang
	Title  string
	House  string // whose page it is
	Path   string // of this page without "/public/{lang}"; empty: it has no other languages
	Others []link
	Canon  string // its own address in full; empty where the page's address is not set
	Demo   bool
}

type link struct{ Word, URL, Lang string }

type listView struct {
	frame
	Rows []row
	Next string
}

type row struct {
	Title, Lang, Dir string
	URL              string
	Members          string
	Date             string
}

type statementView struct {
	frame
	Lang, Dir  string // of the text
	Paragraphs [][]string
	Members    string
	Released   string
	Early      []string
	Texts      []link // the other authentic languages
	Hash       string
	Raw, File  string
	About      string // the statement, as acts name it
	Keys       string // address of the verifier keys

	KeysFile, ProofFile string // as they are saved
	Proofs              []link
	Data                article
	Comments            commentsView
	Pictures            []pictureView
}

// pictureView is a picture beside a statement.
type pictureView struct {
	URL, Alt      string
	Width, Height int
}

// article describes a statement for search engines (schema.org Article).
type article struct {
	Context   string         `json:"@context"`
	Type      string         `json:"@type"`
	Headline  string         `json:"headline"`
	Language  string         `json:"inLanguage"`
	Published string         `json:"datePublished"`
	Author    []organisation `json:"author"`
	ID        string         `json:"identifier"`
	URL       string         `json:"url,omitempty"`
	Image     []string       `json:"image,omitempty"`
}

type organisation struct {
	Type string `json:"@type"`
	Name string `json:"name"`
}

func (s *site) known(tag string) bool { return slices.Contains(s.words.Tags(), tag) }

// lang is the language of the address.
func (s *site) lang(r *http.Request) *words.Lang { return s.words.In(r.PathValue("lang")) }

func (s *site) frame(l *words.Lang, title, path string) frame {
	house, _ := s.node.Self().Name.In(l.Tag())
	f := frame{l: l, Title: title, House: house, Path: path, Demo: s.demo}
	if path == "" {
		return f
	}
	if s.url != "" {
		f.Canon = s.url + at(l, path)
	}
	for _, tag := range s.words.Tags() {
		if tag != l.Tag() {
			f.Others = append(f.Others, link{s.words.In(tag).Name(), at(s.words.In(tag), path), tag})
		}
	}
	return f
}

// at is the address of a page in a language.
func at(l *words.Lang, path string) string { return "/public/" + l.Tag() + path }

func statementPath(p *node.Publication) string {
	return "/statements/" + string(p.Forum) + "/" + p.ID.Name()
}

// names joins the names of the members, each isolated.
func names(l *words.Lang, p *node.Publication) string {
	var all []string
	for _, m := range p.Members {
		all = append(all, l.Isolate(name(l, p, m)))
	}
	return strings.Join(all, " · ")
}

func name(l *words.Lang, p *node.Publication, m jisr.MemberID) string {
	if n, _ := p.Names[m].In(l.Tag()); n != "" {
		return n
	}
	return string(m)
}

func (s *site) day(l *words.Lang, t time.Time) string { return l.DateTime(t.In(s.node.Zone())) }

func (s *site) list(r *http.Request) (*answer, error) {
	l := s.lang(r)
	all, next, err := s.node.Publications(r.Context(), r.URL.Query().Get("cursor"), pageSize)
	if err != nil {
		return nil, err
	}
	v := listView{frame: s.frame(l, l.T("statement.list.joint"), "/")}
	for i := range all {
		p := &all[i]
		title, tag := p.Title.In(l.Tag())
		v.Rows = append(v.Rows, row{Title: title, Lang: tag, Dir: words.DirOf(tag), URL: at(l, statementPath(p)), Members: names(l, p), Date: s.day(l, p.Released)})
	}
	if next != "" {
		v.Next = at(l, "/") + "?cursor=" + next
	}
	return s.page(r.Context(), listPage(v))
}

// published is the statement in the address.
func (s *site) published(r *http.Request) (*node.PublishedText, error) {
	f, id := jisr.ForumID(r.PathValue("forum")), r.PathValue("id")
	if !jisr.ValidForum(f) || !jisr.ValidName(id) {
		return nil, jisr.Refuse(jisr.NoSuch, "statement")
	}
	return s.node.Publication(r.Context(), f, jisr.ThingID("statement/"+id))
}

func (s *site) statement(r *http.Request) (*answer, error) {
	v, err := s.statementView(r)
	if err != nil {
		return nil, err
	}
	return s.page(r.Context(), statementPage(v))
}

// statementView is a statement in one of its authentic languages: that of the address, else the page's, else the first.
func (s *site) statementView(r *http.Request) (v statementView, err error) {
	l := s.lang(r)
	p, err := s.published(r)
	if err != nil {
		return v, err
	}
	tag := r.PathValue("text")
	switch {
	case tag != "" && !slices.Contains(p.Body.Languages, tag):
		return v, jisr.Refuse(jisr.NoSuch, "text")
	case tag == "" && slices.Contains(p.Body.Languages, l.Tag()):
		tag = l.Tag()
	case tag == "":
		tag = p.Body.Languages[0]
	}
	path := statementPath(&p.Publication)
	v = statementView{frame: s.frame(l, p.Body.Title[tag], path), Lang: tag, Dir: words.DirOf(tag), Members: names(l, &p.Publication), Released: s.day(l, p.Released), Hash: string(p.Hash), Raw: "/public" + path + "/text.json", File: p.ID.Name() + ".json",
		About: string(p.ID), Keys: "/public" + path + "/keys.txt", KeysFile: p.ID.Name() + ".keys", ProofFile: proofName(p.ID, p.Members[0])}
	for _, q := range p.Body.Paragraphs {
		v.Paragraphs = append(v.Paragraphs, strings.Split(q.Text[tag], "\n"))
	}
	for _, other := range p.Body.Languages {
		if other != tag {
			v.Texts = append(v.Texts, link{s.languageName(other), at(l, path) + "/in/" + other, other})
		}
	}
	for i := range p.Pictures {
		q := &p.Pictures[i]
		alt, _ := q.Alt.In(l.Tag())
		v.Pictures = append(v.Pictures, pictureView{"/public/pictures/" + string(p.Forum) + "/" + p.ID.Name() + "/" + q.ID.Name(), alt, q.Width, q.Height})
	}
	for _, e := range p.Early {
		v.Early = append(v.Early, l.T("public.early", "member", name(l, &p.Publication, e.By), "when", s.day(l, e.When)))
	}
	v.Data = article{Context: "https://schema.org", Type: "Article", Headline: p.Body.Title[tag], Language: tag, Published: p.Released.UTC().Format(time.RFC3339), ID: v.Hash, URL: v.Canon}
	for _, m := range p.Members {
		v.Proofs = append(v.Proofs, link{Word: name(l, &p.Publication, m), URL: "/public" + path + "/" + string(m) + "/proof.txt"})
		v.Data.Author = append(v.Data.Author, organisation{"GovernmentOrganization", name(l, &p.Publication, m)})
	}
	for _, q := range v.Pictures {
		if s.url != "" {
			v.Data.Image = append(v.Data.Image, s.url+q.URL)
		}
	}
	v.Comments, err = s.commentsOf(r, l, &p.Publication)
	return v, err
}

func (s *site) languageName(tag string) string {
	if s.known(tag) {
		return s.words.In(tag).Name()
	}
	return tag
}

// text is the exact bytes whose hash was approved, after one line.
func (s *site) text(r *http.Request) (*answer, error) {
	p, err := s.published(r)
	if err != nil {
		return nil, err
	}
	return &answer{typ: "application/json", body: p.Raw, name: p.ID.Name() + ".json"}, nil
}

func (s *site) proof(r *http.Request) (*answer, error) {
	f, id, m := jisr.ForumID(r.PathValue("forum")), r.PathValue("id"), jisr.MemberID(r.PathValue("member"))
	if !jisr.ValidForum(f) || !jisr.ValidName(id) || !jisr.ValidMember(m) {
		return nil, jisr.Refuse(jisr.NoSuch, "proof")
	}
	b, err := s.node.PublicationProof(r.Context(), f, jisr.ThingID("statement/"+id), m)
	if err != nil {
		return nil, err
	}
	return &answer{typ: "text/plain; charset=utf-8", body: b, name: proofName(jisr.ThingID("statement/"+id), m)}, nil
}

func proofName(id jisr.ThingID, m jisr.MemberID) string {
	return id.Name() + "-" + string(m) + ".proof"
}

// keys are the verifier keys of the members' logs and countersignatures. That they are the members' own, a letter of credence
// tells; this page cannot vouch for itself.
func (s *site) keys(r *http.Request) (*answer, error) {
	p, err := s.published(r)
	if err != nil {
		return nil, err
	}
	keys, err := s.node.PublicationKeys(r.Context(), &p.Publication)
	if err != nil {
		return nil, err
	}
	return &answer{typ: "text/plain; charset=utf-8", body: []byte(strings.Join(keys, "\n") + "\n"), name: p.ID.Name() + ".keys"}, nil
}

// picture gives a picture beside a statement: made by the node, and of one type.
func (s *site) picture(r *http.Request) (*answer, error) {
	f, id, picture := jisr.ForumID(r.PathValue("forum")), r.PathValue("id"), r.PathValue("picture")
	if !jisr.ValidForum(f) || !jisr.ValidName(id) || !jisr.ValidName(picture) {
		return nil, jisr.Refuse(jisr.NoSuch, "picture")
	}
	b, err := s.node.PublicPicture(r.Context(), f, jisr.ThingID("statement/"+id), jisr.ThingID("picture/"+picture))
	if err != nil {
		return nil, err
	}
	return &answer{typ: "image/jpeg", body: b}, nil
}
