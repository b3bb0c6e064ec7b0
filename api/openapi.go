package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"jisr"
)

const about = `Jisr carries formal correspondence between governments: each runs its own node, what is said stands in logs that only
its author writes and that every other member mirrors and countersigns.

**Tokens.** Authorization: Bearer TOKEN. What a token may do say its roles and scopes, and the policies in force.

**Writes** answer 201 or 200 once durable on this node. Prefer: wait=N waits until every other member has signed that it holds
what was written.

**Errors** are problems (RFC 9457). kind names the rule and never changes; detail is a sentence for the official behind the
program, Arabic or English by Accept-Language.

**Lists** come in pages: next, when there is one, is the cursor of the next page.`

// document writes the OpenAPI document of the operations.
func document(ops []operation, base string) ([]byte, error) {
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "Jisr", Version: "1", Description: about},
		Components: &huma.Components{Schemas: schemas, SecuritySchemes: map[string]*huma.SecurityScheme{
			"token": {Type: "http", Scheme: "bearer", Description: "A token made by `jisr token add` or POST /api/v1/tokens."}}},
		Security: []map[string][]string{{"token": {}}},
		Tags:     tags(),
		Paths:    map[string]*huma.PathItem{},
	}
	if base != "" {
		doc.Servers = []*huma.Server{{URL: base}}
	}
	d := &describer{schemas: schemas, problem: schemas.Schema(reflect.TypeFor[problem](), true, "")}
	for i := range ops {
		path := strings.ReplaceAll(ops[i].path, "...}", "}")
		if doc.Paths[path] == nil {
			doc.Paths[path] = &huma.PathItem{}
		}
		place(doc.Paths[path], ops[i].method, d.describe(&ops[i]))
	}
	nameRoles(schemas.Map())
	return json.Marshal(doc)
}

// nameRoles lists the roles there are wherever a schema has roles.
func nameRoles(schemas map[string]*huma.Schema) {
	var all []any
	for _, r := range jisr.Roles() {
		all = append(all, r)
	}
	for _, s := range schemas {
		if roles := s.Properties["roles"]; roles != nil && roles.Items != nil {
			roles.Items.Enum = all
		}
	}
}

func tags() []*huma.Tag {
	return []*huma.Tag{
		{Name: "notes", Description: "Notes: reading, drafting, releasing."},
		{Name: "search", Description: "Search over everything a token may read."},
		{Name: "steps", Description: "What is done with a note: in the house before it leaves, and in the forum after."},
		{Name: "bodies", Description: "Committees and their rules of procedure, agreed by all members."},
		{Name: "meetings", Description: "Sessions of a body: date, agenda, delegations, papers."},
		{Name: "minutes", Description: "Minutes drafted together, cleared by each side, signed by all heads over one hash."},
		{Name: "commitments", Description: "What members owe each other, until the side it was made to accepts."},
		{Name: "statements", Description: "Joint statements approved over one hash and released at one instant; national readouts, which are not agreed text."},
		{Name: "attachments", Description: "Files on their way up, resumable (tus 1.0)."},
		{Name: "record", Description: "Acts, their proofs, and the digest of what they make true."},
		{Name: "forums", Description: "Forums, their members, and the links between nodes."},
		{Name: "house", Description: "Desks, officials and tokens of this member."},
		{Name: "tlog", Description: "The logs as tiles, for auditors' tools."},
		{Name: "node", Description: "The node itself."},
	}
}

// schemaName names a schema after its type, without the ending that tells directions apart in the source.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if s, ok := strings.CutSuffix(name, "Out"); ok {
		return s
	}
	if s, ok := strings.CutSuffix(name, "In"); ok {
		return "New" + s
	}
	return name
}

// describer makes operations of the document.
type describer struct {
	schemas huma.Registry
	problem *huma.Schema
}

func (d *describer) describe(op *operation) *huma.Operation {
	o := &huma.Operation{OperationID: op.id, Summary: op.summary, Description: op.about, Tags: []string{op.tag}, Responses: map[string]*huma.Response{}}
	for segment := range strings.SplitSeq(op.path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
			o.Parameters = append(o.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
	}
	for _, p := range op.query {
		o.Parameters = append(o.Parameters, p.describe("query"))
	}
	for _, p := range op.headers {
		o.Parameters = append(o.Parameters, p.describe("header"))
	}
	if op.access == open {
		o.Security = []map[string][]string{{}}
	}
	d.bodies(op, o)
	return o
}

func (d *describer) bodies(op *operation, o *huma.Operation) {
	if op.in != nil {
		t := reflect.TypeOf(op.in)
		_, optional := op.in.(stepIn)
		o.RequestBody = &huma.RequestBody{Required: !optional, Content: map[string]*huma.MediaType{
			"application/json": {Schema: d.schemas.Schema(t, true, ""), Example: example(op.id)}}}
	}
	if op.id == "patchUpload" || op.id == "postUpload" {
		o.RequestBody = &huma.RequestBody{Required: op.id == "patchUpload", Content: map[string]*huma.MediaType{
			tusChunk: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	}
	if op.id == "importText" {
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	}
	for _, status := range op.statuses {
		r := &huma.Response{Description: http.StatusText(status)}
		switch {
		case op.out != nil:
			r.Content = map[string]*huma.MediaType{"application/json": {Schema: d.schemas.Schema(reflect.TypeOf(op.out), true, "")}}
		case op.plain != "":
			r.Content = map[string]*huma.MediaType{op.plain: {Schema: &huma.Schema{Type: huma.TypeString}}}
		}
		o.Responses[strconv.Itoa(status)] = r
	}
	o.Responses["default"] = &huma.Response{Description: "A problem: kind says which rule, need what is needed.",
		Content: map[string]*huma.MediaType{"application/problem+json": {Schema: d.problem, Example: problem{Type: problemPath + "not-cleared",
			Title: "The request was not carried out", Status: http.StatusConflict, Detail: "This version has not been cleared for dispatch yet.", Kind: "not-cleared", Subject: "note"}}}}
}

func (p param) describe(in string) *huma.Param {
	s := &huma.Schema{Type: huma.TypeString}
	if p.number {
		s = &huma.Schema{Type: huma.TypeInteger}
	}
	for _, e := range p.enum {
		s.Enum = append(s.Enum, e)
	}
	return &huma.Param{Name: p.name, In: in, Description: p.about, Schema: s}
}

func place(item *huma.PathItem, method string, o *huma.Operation) {
	switch method {
	case http.MethodGet:
		item.Get = o
	case http.MethodPut:
		item.Put = o
	case http.MethodPost:
		item.Post = o
	case http.MethodPatch:
		item.Patch = o
	case http.MethodDelete:
		item.Delete = o
	case http.MethodHead:
		item.Head = o
	case http.MethodOptions:
		item.Options = o
	}
}

// example is a body that works, but for the names in it.
func example(id string) any {
	note := map[string]any{"kind": "verbale", "to": []string{"sy"}, "precedence": "routine", "reply_by": "2026-12-01",
		"subject": map[string]string{"ar": "فتح معبر البوكمال أمام شاحنات الأدوية", "en": "Opening the Albu Kamal crossing to lorries with medicine"},
		"text":    map[string]string{"ar": "تقترح الوزارة فتح المعبر يومي الثلاثاء والخميس من كل أسبوع.", "en": "The Ministry proposes to open the crossing on Tuesdays and Thursdays."}, "release": false}
	return map[string]any{
		"postNote": note, "putNote": note,
		"clearNote": stepIn{Version: 1}, "releaseNote": stepIn{Version: 1}, "discardNote": stepIn{Version: 1},
		"returnNote":   stepIn{Version: 1, Reason: "يُرجى ذكر رقم الاتفاقية."},
		"withdrawNote": stepIn{Reason: "صدرت بنصّ سابق."}, "closeNote": stepIn{Reason: "وردت الإجابة شفاهًا."},
		"postToken":    map[string]any{"id": "customs.gateway", "title": map[string]string{"ar": "بوابة الجمارك", "en": "Customs gateway"}, "desk": "customs", "roles": []string{"reader", "direct"}},
		"postOfficial": map[string]any{"id": "first.secretary", "post": map[string]string{"ar": "السكرتير الأول", "en": "First Secretary"}, "desk": "mofa.treaties", "roles": []string{"drafter"}},
		"putDesk":      deskIn{Title: map[string]string{"ar": "دائرة المعاهدات", "en": "Treaties Department"}},
	}[id]
}
