package portal

import (
	"encoding/json"
	"mime"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"jisr"
	"jisr/book"
	"jisr/programme"
)

// attributes are what the form's element needs beside its action.
func (v enterView) attributes() templ.Attributes {
	if v.Files {
		return templ.Attributes{"enctype": "multipart/form-data"}
	}
	return nil
}

// fileFields are the places of the form for files: a field that is one, or a list of them.
func (rd reader) fileFields(t *programme.Type, correct bool) (all []enterField) {
	l := t.Spec.Limits
	for _, f := range t.Fields {
		if !ofFiles(f) {
			continue
		}
		most, size := 1, ""
		if f.Type == programme.List {
			if most = jisr.MaxAttachments; l.Files > 0 {
				most = l.Files
			}
		}
		if l.FileBytes > 0 {
			size = rd.l.Bytes(l.FileBytes)
		}
		hint := rd.l.T("sending.files.hint", "max", most, "size", size, "types", strings.Join(l.FileTypes, "، "))
		if correct {
			hint += " " + rd.l.T("sending.file.keep")
		}
		all = append(all, enterField{Field: Field{Name: "file." + f.Name, Label: inLanguage(rd.l, f.Label), Hint: hint, Optional: correct || !f.Required, Wide: true}, Kind: "files", Many: most > 1})
	}
	return all
}

func ofFiles(f *programme.Field) bool {
	return f.Type == programme.FileOf || f.Type == programme.List && f.Of.Type == programme.FileOf
}

// writtenWhole is the record that a form makes: what was written, the files that came with it, and, of a record that is corrected,
// what the form has no place for.
func (s *site) writtenWhole(r *request, flow *book.Flow, typ *programme.Type, was json.RawMessage) (json.RawMessage, []programme.Marked, error) {
	made, err := writtenRecord(flow.Programme, typ, r.PostForm)
	if err != nil {
		return nil, nil, err
	}
	raw, faults := slices.Clone(made.Raw), made.Faults
	record, before := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if json.Unmarshal(raw, &record) != nil || was != nil && json.Unmarshal(was, &before) != nil {
		return raw, faults, nil
	}
	changed := false
	for _, f := range typ.Fields {
		if slices.ContainsFunc(typ.Paths(), func(p programme.Place) bool { return p.Field == f }) {
			continue
		}
		value, err := s.filesOfForm(r, typ, f)
		if err != nil {
			return nil, nil, err
		}
		if value == nil {
			value = before[f.Name]
		}
		if value == nil {
			continue
		}
		record[f.Name], changed = value, true
		faults = slices.DeleteFunc(faults, func(m programme.Marked) bool { return m.Path == f.Name })
	}
	if !changed {
		return raw, faults, nil
	}
	raw, err = jisr.Terms(record)
	return raw, faults, err
}

// typeOfForm is the type under which a file of a form is kept: of those the annex allows, the one that the browser meant. Browsers know
// few types and no parameters: a bundle of STIX comes as application/json, or as nothing at all.
func typeOfForm(said string, allowed []string) string {
	base, _, err := mime.ParseMediaType(said)
	for _, t := range allowed {
		want, _, bad := mime.ParseMediaType(t)
		_, suffix, _ := strings.Cut(want, "+") // RFC 6839 section 3.1
		if err == nil && bad == nil && (base == want || base == "application/"+suffix) {
			return t
		}
	}
	if len(allowed) == 1 && (err != nil || base == "application/octet-stream") {
		return allowed[0]
	}
	return said
}

// filesOfForm takes the files that came for a field into the node; nil: none came.
func (s *site) filesOfForm(r *request, typ *programme.Type, f *programme.Field) (json.RawMessage, error) {
	if !ofFiles(f) || r.MultipartForm == nil {
		return nil, nil
	}
	var all []map[string]string
	for _, h := range r.MultipartForm.File["file."+f.Name] {
		if len(all) == jisr.MaxAttachments {
			break
		}
		d, err := s.takeFileAs(r, h, typeOfForm(safeType(h.Header.Get("Content-Type")), typ.Spec.Limits.FileTypes))
		if err != nil {
			return nil, err
		}
		all = append(all, map[string]string{"upload": d.Upload})
	}
	switch {
	case len(all) == 0:
		return nil, nil
	case f.Type == programme.FileOf:
		return jisr.Terms(all[0])
	}
	return jisr.Terms(all)
}

// faultOf is a refusal of one field, for the form; nil: it is of something else.
func faultOf(err error) []programme.Marked {
	r, ok := err.(*jisr.Refusal)
	if !ok || r.Need["clause"] == "" || r.Subject == "" {
		return nil
	}
	return []programme.Marked{{Fault: programme.Fault{Path: r.Subject, Clause: r.Need["clause"], Refusal: r}}}
}

// namedBy says what a field of a record names beside it: links to the records it refers to, and to its files.
func (s *site) namedBy(r *request, rd reader, flow *book.Flow, typ *programme.Type, rec *book.RecordView, f *programme.Field) (links []Link, files []Link) {
	if rec.RecordRow.Record == nil {
		return nil, nil
	}
	of := func(path string) bool {
		return path == f.Name || strings.HasPrefix(path, f.Name+"[") || strings.HasPrefix(path, f.Name+".")
	}
	for _, n := range rec.RecordRow.Record.Named(programme.RefTo) {
		if !of(n.Path) {
			continue
		}
		l := Link{Word: n.ID}
		if _, err := s.node.Record(r.Context(), r.caller, flow.Forum, flow.ID, n.Field.Ref, n.ID); err == nil {
			l.URL = rd.programmeURL(flow.Forum, flow.ID, "records", n.Field.Ref, "one", n.ID)
		} else {
			l.Count = rd.l.T("records.reference.absent")
		}
		links = append(links, l)
	}
	for _, n := range rec.RecordRow.Record.Named(programme.FileOf) {
		if of(n.Path) {
			files = append(files, Link{Word: n.File.Name, Count: rd.l.Bytes(n.File.Size), URL: rd.programmeURL(flow.Forum, flow.ID, "records", typ.Name, "one", rec.ID, "files", n.File.SHA256)})
		}
	}
	return links, files
}

// recordFile gives a file of a record out, as a download: what stands in it was made by somebody else.
func (s *site) recordFile(r *request) (*answer, error) {
	rd := s.reader(r)
	t, _, typ, err := s.recordsOf(r, rd)
	if err != nil {
		return nil, err
	}
	content, is, err := s.node.RecordFile(r.Context(), r.caller, t.Forum, t.ID, typ.Name, clip(r.PathValue("record"), maxField), clip(r.PathValue("sum"), 64))
	if err != nil {
		return nil, err
	}
	return &answer{file: &file{name: is.Name, typ: safeType(is.Type), content: content}}, nil
}
