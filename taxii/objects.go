package taxii

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/programme"
)

// collection is a type of records as threat tools see it (section 5.2.1).
type collection struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	About  string   `json:"description,omitempty"`
	Alias  string   `json:"alias"`
	Reads  bool     `json:"can_read"`
	Writes bool     `json:"can_write"`
	Media  []string `json:"media_types"`

	flow *book.Flow
	typ  *programme.Type
}

// collectionID is the same on every node and at every time. It has the form of a UUID (section 2), made of a hash.
func collectionID(forum jisr.ForumID, id jisr.ThingID, typ string) string {
	sum := sha256.Sum256([]byte("jisr taxii " + string(forum) + " " + string(id) + " " + typ))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80 // RFC 9562 section 5.4
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// all lists the collections of the forum in the path: those of the programmes that the caller sees.
func (c *call) all() (all []collection, err error) {
	f, err := c.forum()
	if err != nil {
		return nil, err
	}
	q := book.ThingQuery{Forum: f.ID, Noun: "programme", Limit: someLooked}
	for range maxPages {
		rows, next, err := c.node.Book().Things(c.r.Context(), c.node.ScopeOf(c.caller), q)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			some, err := c.collectionsOf(f.ID, rows[i].ID)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	return all, nil
}

func (c *call) collectionsOf(forum jisr.ForumID, id jisr.ThingID) (all []collection, err error) {
	flow, err := c.node.Flow(c.r.Context(), forum, id)
	if no := (*jisr.Refusal)(nil); errors.As(err, &no) {
		return nil, nil // its annex or its agreement is not here yet
	}
	if err != nil {
		return nil, err
	}
	for _, t := range flow.Programme.Types {
		if !slices.Contains(t.Exports(), programme.STIX) {
			continue
		}
		title, _ := t.Spec.Title.In(c.lang.Tag())
		about, _ := flow.Programme.Annex.Title.In(c.lang.Tag())
		all = append(all, collection{ID: collectionID(forum, id, t.Name), Title: title, About: about, Alias: id.Name() + "-" + t.Name, Reads: c.node.ReadsRecords(c.caller, flow), Media: []string{objectType},
			flow: flow, typ: t})
	}
	return all, nil
}

func (c *call) collections() error {
	all, err := c.all()
	if err == nil {
		c.write(http.StatusOK, struct {
			All []collection `json:"collections,omitempty"`
		}{all})
	}
	return err
}

// one is the collection in the path, by its identifier or its alias.
func (c *call) one() (*collection, error) {
	all, err := c.all()
	for i := range all {
		if name := c.r.PathValue("collection"); all[i].ID == name || all[i].Alias == name {
			return &all[i], nil
		}
	}
	return nil, errors.Join(err, jisr.Refuse(jisr.NoSuch, "collection"))
}

func (c *call) collection() error {
	one, err := c.one()
	if err == nil {
		c.write(http.StatusOK, one)
	}
	return err
}

// question is what is asked of a collection (sections 3.4 and 3.5).
type question struct {
	after                 time.Time
	limit                 int
	cursor                string // of the record to go on with
	skip                  int    // of its objects
	ids, types, vers, spc []string
}

func (c *call) question() (q question, err error) {
	in := c.r.URL.Query()
	q.limit = maxObjects
	if s := in.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return q, jisr.Refuse(jisr.Malformed, "limit")
		}
		q.limit = min(n, maxObjects)
	}
	if s := in.Get("added_after"); s != "" {
		if q.after, err = time.Parse(time.RFC3339Nano, s); err != nil {
			return q, jisr.Refuse(jisr.Malformed, "added_after", "want", "2006-01-02T15:04:05.000000Z")
		}
	}
	if s := in.Get("next"); s != "" {
		i := strings.LastIndexByte(s, '.')
		if i < 0 {
			return q, jisr.Refuse(jisr.Malformed, "next")
		}
		if q.skip, err = strconv.Atoi(s[i+1:]); err != nil || q.skip < 0 {
			return q, jisr.Refuse(jisr.Malformed, "next")
		}
		q.cursor = s[:i]
	}
	for name, into := range map[string]*[]string{"match[id]": &q.ids, "match[type]": &q.types, "match[version]": &q.vers, "match[spec_version]": &q.spc} {
		if err := matches(in, name, into); err != nil {
			return q, err
		}
	}
	return q, nil
}

// matches reads a filter: values with commas between (section 3.4).
func matches(in url.Values, name string, into *[]string) error {
	if v := in.Get(name); v != "" {
		*into = strings.Split(v, ",")
	}
	if len(*into) > maxMatches {
		return jisr.Refuse(jisr.TooMany, name, "max", strconv.Itoa(maxMatches))
	}
	return nil
}

// takes tells whether an object is asked for. Its last version is all there is.
func (q *question) takes(o *programme.Threat) bool {
	if len(q.ids) > 0 && !slices.Contains(q.ids, o.ID) || len(q.types) > 0 && !slices.Contains(q.types, o.Type) || len(q.spc) > 0 && !slices.Contains(q.spc, "2.1") {
		return false
	}
	return len(q.vers) == 0 || slices.ContainsFunc(q.vers, func(v string) bool {
		return v == "last" || v == "all" || v == "first" && o.First || v == o.Version
	})
}

// entry is an object and when it came.
type entry struct {
	programme.Threat
	added time.Time
}

// page reads the objects that are asked for, and where the next page begins; empty: there is none.
func (c *call) page(one *collection, q *question) (all []entry, next string, err error) {
	ask := book.RecordQuery{Forum: one.flow.Forum, Programme: one.flow.ID, Type: one.typ.Name, Added: true, AddedAfter: q.after, Void: true, Cursor: q.cursor, Limit: someLooked}
	at, skip, seen := q.cursor, q.skip, map[string]bool{}
	for range maxLooked / someLooked {
		page, err := c.node.Records(c.r.Context(), c.caller, ask)
		if err != nil {
			return nil, "", err
		}
		for i := range page.Rows {
			row := &page.Rows[i]
			var objects []programme.Threat
			if it, ok := row.Revoked(); ok {
				if objects, err = one.flow.Programme.Threats(one.typ, it); err != nil {
					return nil, "", err
				}
			}
			for n := skip; n < len(objects); n++ {
				o := &objects[n]
				if seen[o.ID+o.Version] || !q.takes(o) {
					continue
				}
				if len(all) == q.limit {
					return all, at + "." + strconv.Itoa(n), nil
				}
				seen[o.ID+o.Version] = true
				all = append(all, entry{*o, row.Added})
			}
			at, skip = row.Cursor, 0
		}
		if ask.Cursor = page.Next; page.Next == "" {
			return all, "", nil
		}
	}
	return all, at + ".0", nil
}

// stamp is a timestamp (section 2).
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }

// asked reads a page of the collection in the path and says in the headers when its objects came (section 3.2).
func (c *call) asked(change func(*question)) (all []entry, next string, err error) {
	one, err := c.one()
	if err != nil {
		return nil, "", err
	}
	q, err := c.question()
	if err != nil {
		return nil, "", err
	}
	change(&q)
	if all, next, err = c.page(one, &q); err == nil && len(all) > 0 {
		c.w.Header().Set("X-TAXII-Date-Added-First", stamp(all[0].added))
		c.w.Header().Set("X-TAXII-Date-Added-Last", stamp(all[len(all)-1].added))
	}
	return all, next, err
}

func asIs(*question) {}

// only asks for the object in the path.
func (c *call) only(q *question) { q.ids = []string{c.r.PathValue("object")} }

// envelope is how objects are answered (section 3.7).
type envelope struct {
	More    bool              `json:"more,omitempty"`
	Next    string            `json:"next,omitempty"`
	Objects []json.RawMessage `json:"objects,omitempty"`
}

func (c *call) answerObjects(all []entry, next string) {
	out := envelope{More: next != "", Next: next}
	for i := range all {
		out.Objects = append(out.Objects, all[i].Raw)
	}
	c.write(http.StatusOK, out)
}

// objects answers objects of a collection (section 5.4).
func (c *call) objects() error {
	all, next, err := c.asked(asIs)
	if err == nil {
		c.answerObjects(all, next)
	}
	return err
}

// object answers one object by its identifier (section 5.6).
func (c *call) object() error {
	all, next, err := c.asked(c.only)
	if err == nil && len(all) == 0 && next == "" {
		err = jisr.Refuse(jisr.NoSuch, "object")
	}
	if err == nil {
		c.answerObjects(all, next)
	}
	return err
}

// manifest tells of objects without what they say (section 5.3).
func (c *call) manifest() error {
	type line struct {
		ID      string `json:"id"`
		Added   string `json:"date_added"`
		Version string `json:"version"`
		Media   string `json:"media_type"`
	}
	all, next, err := c.asked(asIs)
	if err != nil {
		return err
	}
	var lines []line
	for i := range all {
		lines = append(lines, line{all[i].ID, stamp(all[i].added), all[i].Version, objectType})
	}
	c.write(http.StatusOK, struct {
		More    bool   `json:"more,omitempty"`
		Next    string `json:"next,omitempty"`
		Objects []line `json:"objects,omitempty"`
	}{next != "", next, lines})
	return nil
}

// versions lists the versions of an object (section 5.8): the last one.
func (c *call) versions() error {
	all, next, err := c.asked(c.only)
	if err == nil && len(all) == 0 && next == "" {
		err = jisr.Refuse(jisr.NoSuch, "object")
	}
	if err != nil {
		return err
	}
	var versions []string
	for i := range all {
		versions = append(versions, all[i].Version)
	}
	c.write(http.StatusOK, struct {
		More     bool     `json:"more,omitempty"`
		Next     string   `json:"next,omitempty"`
		Versions []string `json:"versions,omitempty"`
	}{next != "", next, versions})
	return nil
}
