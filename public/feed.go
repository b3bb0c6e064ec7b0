package public

import (
	"encoding/xml"
	"net/http"
	"time"

	"jisr"
	"jisr/node"
)

// atomFeed is a feed (RFC 4287).
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr,omitempty"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID        string       `xml:"id"`
	Title     atomText     `xml:"title"`
	Updated   string       `xml:"updated"`
	Published string       `xml:"published"`
	Authors   []atomAuthor `xml:"author"`
	Link      atomLink     `xml:"link"`
}

type atomText struct {
	Lang string `xml:"xml:lang,attr"`
	Text string `xml:",chardata"`
}

// feed is the newest statements. Their ids follow from the record and stay, wherever the page is moved (RFC 4287 section 4.2.6).
func (s *site) feed(r *http.Request) (*answer, error) {
	l := s.lang(r)
	all, _, err := s.node.Publications(r.Context(), "", pageSize)
	if err != nil {
		return nil, err
	}
	house, _ := s.node.Self().Name.In(l.Tag())
	f := atomFeed{Lang: l.Tag(), ID: "urn:jisr:" + string(s.node.Self().ID) + ":statements:" + l.Tag(), Title: l.T("statement.list.joint") + " · " + house, Updated: time.Unix(0, 0).UTC().Format(time.RFC3339), Author: atomAuthor{house},
		Links: []atomLink{{"self", "application/atom+xml", s.url + at(l, "/feed.atom")}, {"alternate", "text/html", s.url + at(l, "/")}}}
	for i := range all {
		p := &all[i]
		when := p.Released.UTC().Format(time.RFC3339)
		if i == 0 {
			f.Updated = when
		}
		title, tag := p.Title.In(l.Tag())
		e := atomEntry{ID: "urn:jisr:" + string(p.Forum) + ":" + p.ID.Name(), Title: atomText{tag, title}, Updated: when, Published: when, Link: atomLink{"alternate", "text/html", s.url + at(l, statementPath(p))}}
		for _, m := range p.Members {
			e.Authors = append(e.Authors, atomAuthor{name(l, p, m)})
		}
		f.Entries = append(f.Entries, e)
	}
	return xmlAnswer("application/atom+xml; charset=utf-8", f)
}

// urlSet is a sitemap (sitemaps.org protocol 0.9).
type urlSet struct {
	XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []sitemapURL `xml:"url"`
}

type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

func (s *site) sitemap(r *http.Request) (*answer, error) {
	if s.url == "" { // its addresses must be whole, and the host that a caller names is not ours to print
		return nil, jisr.Refuse(jisr.NoSuch, "sitemap")
	}
	var set urlSet
	var all []node.Publication
	for cursor := ""; len(all) < maxListed; {
		page, next, err := s.node.Publications(r.Context(), cursor, 200)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if cursor = next; next == "" {
			break
		}
	}
	for _, tag := range s.words.Tags() {
		l := s.words.In(tag)
		set.URLs = append(set.URLs, sitemapURL{Loc: s.url + at(l, "/")})
		for i := range all {
			set.URLs = append(set.URLs, sitemapURL{s.url + at(l, statementPath(&all[i])), all[i].Released.UTC().Format(time.RFC3339)})
		}
	}
	return xmlAnswer("application/xml; charset=utf-8", set)
}

func xmlAnswer(typ string, v any) (*answer, error) {
	b, err := xml.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, err
	}
	return &answer{typ: typ, body: append([]byte(xml.Header), b...)}, nil
}
