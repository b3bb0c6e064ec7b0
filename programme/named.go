package programme

import (
	"encoding/json"
	"slices"

	"jisr"
)

// Named is what a record names beside itself: another record, or a file.
type Named struct {
	Path  string
	Field *Field
	ID    string // of a record
	File  File   // or a file
}

// File is a file of a record: what its field says of it. The bytes travel beside the records, as another content of their act.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the bytes, hexadecimal
	Size   int64  `json:"size"`
	Type   string `json:"type"`
}

// Names tells whether records of the type can name others (RefTo) or files (FileOf).
func (t *Type) Names(what FieldType) bool {
	return slices.ContainsFunc(t.Fields, func(f *Field) bool { return f.names(what) })
}

func (f *Field) names(what FieldType) bool {
	return f.Type == what || f.Of != nil && f.Of.names(what) || slices.ContainsFunc(f.Parts, func(p *Field) bool { return p.names(what) })
}

// Named lists the records (RefTo) or the files (FileOf) that a record which was checked names, wherever in it they stand.
func (r *Record) Named(what FieldType) (all []Named) {
	for i, f := range r.typ.Fields {
		if !f.names(what) || !r.Has(i) {
			continue
		}
		v, err := decode(r.Value(i))
		if err != nil {
			continue // Check has read it
		}
		f.each(what, f.Name, v, func(path string, f *Field, v any) any {
			n := Named{Path: path, Field: f}
			if n.ID, _ = v.(string); what == FileOf {
				if json.Unmarshal(appendValue(nil, v), &n.File) != nil {
					return v
				}
			}
			all = append(all, n)
			return v
		})
	}
	return all
}

// each calls do for every value of that type in v, and puts in its place what do gives.
func (f *Field) each(what FieldType, path string, v any, do func(path string, f *Field, v any) any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			if f.Of != nil && f.Of.names(what) {
				v[i] = f.Of.each(what, path+"["+itoa(i)+"]", v[i], do)
			}
		}
		return v
	case map[string]any:
		if f.Type != Object {
			break
		}
		for _, p := range f.Parts {
			if inner, ok := v[p.Name]; ok && p.names(what) {
				v[p.Name] = p.each(what, path+"."+p.Name, inner, do)
			}
		}
		return v
	}
	if f.Type == what {
		return do(path, f, v)
	}
	return v
}

// Attach puts into a record, which need not hold, what is known of the files it carries: where it names an upload,
// {"upload":"…"}, what file gives. What is not JSON is given back as it is, for Check to refuse.
func (t *Type) Attach(raw json.RawMessage, file func(upload string) (File, error)) (json.RawMessage, []Fault, error) {
	v, err := decode(raw)
	record, ok := v.(map[string]any)
	if err != nil || !ok {
		return raw, nil, nil
	}
	var faults []Fault
	changed := false
	for _, f := range t.Fields {
		inner, ok := record[f.Name]
		if !ok || !f.names(FileOf) {
			continue
		}
		record[f.Name] = f.each(FileOf, f.Name, inner, func(path string, f *Field, v any) any {
			said, _ := v.(map[string]any)
			upload, ok := said["upload"].(string)
			if !ok || len(said) != 1 || err != nil {
				return v
			}
			var is File
			is, err = file(upload)
			if r, no := err.(*jisr.Refusal); no {
				faults, err = append(faults, Fault{path, f.Clause, jisr.Refuse(r.Kind, path, needs(r)...)}), nil
				return v
			}
			changed = true
			return map[string]any{"name": is.Name, "sha256": is.SHA256, "size": json.Number(itoa(is.Size)), "type": is.Type}
		})
	}
	if err != nil || !changed {
		return raw, faults, err
	}
	return appendValue(nil, record), faults, nil
}

func needs(r *jisr.Refusal) (all []string) {
	for k, v := range r.Need {
		all = append(all, k, v)
	}
	return all
}
