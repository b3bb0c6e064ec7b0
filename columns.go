package jisr

// A column map is how an office reads a publisher's table as records of a programme: it is made once, looked at in the
// preview, and kept in the house for the next file. It is the house's own business and says nothing to others:
//
//	kept --keep (a newer map under the same name)--> kept --drop--> dropped
const (
	KindColumnsKeep Kind = "columns.keep" // content: the map, see programme.Columns
	KindColumnsDrop Kind = "columns.drop"
)

// ColumnsTerms is the terms of columns.keep: what the map is for, and what the office calls it.
type ColumnsTerms struct {
	Forum     ForumID `json:"forum"`
	Programme ThingID `json:"programme"`
	Type      string  `json:"type"`
	Title     string  `json:"title"` // "UNHCR, yearly"
}

// ColumnMap is the house's state of a column map. Its content is that of the act that kept it last.
type ColumnMap struct {
	ColumnsTerms
	Kept    Step  `json:"kept"`
	Dropped *Step `json:"dropped,omitempty"`
}

// Check holds the terms of columns.keep against their form.
func (t *ColumnsTerms) Check() error {
	switch {
	case !ValidForum(t.Forum):
		return Refuse(Malformed, "forum")
	case t.Programme.Noun() != "programme" || !validThing(t.Programme):
		return Refuse(Malformed, "programme")
	case !validName(t.Type):
		return Refuse(Malformed, "type")
	case t.Title == "":
		return Refuse(Missing, "title")
	}
	return Text{"en": t.Title}.Check("title", MaxTitle)
}

// applyColumns takes the newest map; what it is for never changes.
func applyColumns(m **ColumnMap, a *Act) error {
	was := *m
	if was != nil && was.Dropped != nil {
		return Refuse(Discarded, "columns")
	}
	if a.Kind == KindColumnsDrop {
		if was == nil {
			return Refuse(NoSuch, "columns")
		}
		s := a.step()
		was.Dropped = &s
		return nil
	}
	t, err := terms[ColumnsTerms](a)
	if err == nil {
		err = t.Check()
	}
	switch {
	case err != nil:
		return err
	case a.Content == nil:
		return Refuse(Missing, "content")
	case was != nil && (was.Forum != t.Forum || was.Programme != t.Programme || was.Type != t.Type):
		return Refuse(Conflict, "columns")
	}
	*m = &ColumnMap{ColumnsTerms: t, Kept: a.step()}
	return nil
}
