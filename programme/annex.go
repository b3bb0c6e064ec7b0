package programme

import (
	"encoding/json"

	"jisr"
)

// Annex is the document both sides sign, as it is written. Its exact form is annex.schema.json; what the members mean
// is doc/spec/annex.md. An annex that was not compiled promises nothing.
type Annex struct {
	V            int                    `json:"v"`
	Programme    string                 `json:"programme"` // its id: "wat"
	Version      string                 `json:"version"`
	Title        jisr.Text              `json:"title"`
	Purpose      jisr.Text              `json:"purpose"`
	LegalBasis   []Instrument           `json:"legal_basis"`
	Follows      []Standard             `json:"follows,omitempty"`
	Parties      []jisr.MemberID        `json:"parties"`
	Offset       string                 `json:"offset"` // of all times of day and period bounds: "+03:00"
	Periods      map[string]NamedPeriod `json:"periods,omitempty"`
	Order        []string               `json:"order"` // of the record types: the numbers of paragraphs follow it
	Records      map[string]*RecordType `json:"records"`
	CodeLists    map[string][]Code      `json:"code_lists,omitempty"`
	SharedLists  map[string]SharedList  `json:"shared_lists,omitempty"`
	Targets      []Target               `json:"targets,omitempty"`
	Charts       []Chart                `json:"charts,omitempty"`
	PersonalData *PersonalData          `json:"personal_data,omitempty"`
	Change       Change                 `json:"change"`
}

// Instrument is a treaty, law or minutes that the programme rests on.
type Instrument struct {
	Title     jisr.Text `json:"title"`
	Signed    jisr.Date `json:"signed,omitempty"`
	Reference string    `json:"reference,omitempty"`
}

// Standard is a standard that the programme follows.
type Standard struct {
	Name  string `json:"name"`
	Where string `json:"where,omitempty"`
}

// NamedPeriod is a period of the annex's own: a year that starts on another day than 1 January, or the last days.
type NamedPeriod struct {
	Label  jisr.Text `json:"label"`
	Starts string    `json:"starts,omitempty"` // "10-01"
	Days   int       `json:"days,omitempty"`
}

// RecordType is one kind of record of a programme.
type RecordType struct {
	Title       jisr.Text       `json:"title"`
	Schema      json.RawMessage `json:"schema"`         // JSON Schema 2020-12 with x- annotations
	Order       []string        `json:"order"`          // of its fields, all of them: forms, tables, numbers of paragraphs
	Time        string          `json:"time,omitempty"` // the field that dates a record
	Key         []string        `json:"key,omitempty"`  // the fields that say what a record is about
	ListColumns []string        `json:"list_columns"`
	Sends       []jisr.MemberID `json:"sends,omitempty"`    // none: every party
	Receives    []jisr.MemberID `json:"receives,omitempty"` // none: every party
	Handling    Levels          `json:"handling"`
	Retention   Retention       `json:"retention"`
	SLA         []SLA           `json:"sla,omitempty"`
	Acknowledge []Acknowledge   `json:"acknowledge,omitempty"` // the first that fits a record counts
	Confirm     *Confirm        `json:"confirm,omitempty"`
	Limits      Limits          `json:"limits,omitzero"`
	MapsTo      []string        `json:"maps_to,omitempty"`
}

// Levels is the floor and ceiling of a record type, and the level of a record that says none.
type Levels struct {
	Default       jisr.Handling `json:"default"`
	Min           jisr.Handling `json:"min"`
	Max           jisr.Handling `json:"max"`
	OnceConfirmed jisr.Handling `json:"once_confirmed,omitempty"` // the floor once both sides confirmed the figure
}

// Retention says how long a record is kept, counted from when, and what is done then.
type Retention struct {
	Period string `json:"period"`          // ISO 8601: "P30Y"
	Basis  string `json:"basis"`           // event, close, valid_until
	Field  string `json:"field,omitempty"` // that holds the day it is counted from; none: the record's time
	Then   string `json:"then"`            // delete, anonymise, archive
}

// SLA is a cadence: in each period, from each sender (and for each code expected), one record by its due time.
type SLA struct {
	ID     string          `json:"id"`
	Label  jisr.Text       `json:"label"`
	Every  Every           `json:"every"`
	Due    string          `json:"due"` // ISO 8601, counted from the start of the period
	Of     []jisr.MemberID `json:"of,omitempty"`
	By     string          `json:"by,omitempty"`     // a coded field
	Expect []string        `json:"expect,omitempty"` // its codes; none: every code valid that day
	Where  Where           `json:"where,omitempty"`
	Share  float64         `json:"share,omitempty"` // that must be kept; none: all
}

// Acknowledge is the time within which the other side says that it has read a record.
type Acknowledge struct {
	Within string `json:"within"`
	Where  Where  `json:"where,omitempty"`
}

// Confirm asks the other side for its own figure for the same key. Within the tolerance both are one figure.
type Confirm struct {
	Values    []string `json:"values"`
	Tolerance float64  `json:"tolerance"` // percent of the larger figure
	Within    string   `json:"within,omitempty"`
}

// Limits are the annex's own bounds; those of this package hold besides.
type Limits struct {
	RecordBytes int      `json:"record_bytes,omitempty"`
	Batch       int      `json:"batch,omitempty"`
	PerDay      int      `json:"per_day,omitempty"`
	Files       int      `json:"files,omitempty"`
	FileBytes   int64    `json:"file_bytes,omitempty"`
	FileTypes   []string `json:"file_types,omitempty"`
}

// Measure is an aggregate of one record type's field. Share is the part of the records in Where that are also in Of.
type Measure struct {
	ID     string    `json:"id,omitempty"`
	Label  jisr.Text `json:"label,omitempty"`
	Record string    `json:"record,omitempty"`
	Agg    Agg       `json:"agg"`
	Field  string    `json:"field,omitempty"`
	Where  Where     `json:"where,omitempty"`
	Of     Where     `json:"of,omitempty"`
}

// Target is a promise over a period: a formula of measures held against a value.
type Target struct {
	ID       string    `json:"id"`
	Label    jisr.Text `json:"label"`
	Period   string    `json:"period"`
	Measures []Measure `json:"measures"`
	Metric   string    `json:"metric"`
	Op       string    `json:"op"`
	Value    float64   `json:"value"`
	Unit     string    `json:"unit,omitempty"`
	Each     bool      `json:"each,omitempty"` // held against each sender's records by themselves
}

// Chart is a picture the annex asks for.
type Chart struct {
	ID      string        `json:"id"`
	Type    ChartType     `json:"type"`
	Title   jisr.Text     `json:"title"`
	Record  string        `json:"record,omitempty"`
	X       string        `json:"x,omitempty"`
	Every   Every         `json:"every,omitempty"` // the periods that X is put in, where X is a time
	Y       []Measure     `json:"y,omitempty"`
	Series  string        `json:"series,omitempty"`
	Where   Where         `json:"where,omitempty"`
	Target  string        `json:"target,omitempty"`
	Lines   []Line        `json:"lines,omitempty"`
	Top     int           `json:"top,omitempty"`
	Width   float64       `json:"width,omitempty"` // of the bars of a histogram
	Unit    string        `json:"unit,omitempty"`
	Release jisr.Handling `json:"release,omitempty"` // the aggregate may be shown at this level although its records are above
}

// Line is a level drawn across a chart.
type Line struct {
	Value float64   `json:"value"`
	Label jisr.Text `json:"label"`
}

// PersonalData says why an annex needs data about persons, and what allows it.
type PersonalData struct {
	Purpose    jisr.Text `json:"purpose"`
	LegalBasis jisr.Text `json:"legal_basis"`
}

// Change says by what an annex is changed, and how long before the change takes effect.
type Change struct {
	By     string `json:"by"` // agreement, exchange-of-notes, committee
	Notice string `json:"notice"`
}

// Every is a period of the calendar.
type Every string

// The periods that every annex knows.
const (
	Hour    Every = "hour"
	Day     Every = "day"
	Week    Every = "week" // from Monday (ISO 8601)
	Month   Every = "month"
	Quarter Every = "quarter"
	Year    Every = "year"
)

// Agg is how figures become one.
type Agg string

// The aggregates.
const (
	Count  Agg = "count"
	Sum    Agg = "sum"
	Mean   Agg = "mean"
	Median Agg = "median"
	P90    Agg = "p90"
	Min    Agg = "min"
	Max    Agg = "max"
	Last   Agg = "last" // by the record's time
	Share  Agg = "share"
)

// ChartType is the form of a picture.
type ChartType string

// The forms.
const (
	LineChart  ChartType = "line"
	Bar        ChartType = "bar"
	StackedBar ChartType = "stacked_bar"
	MapPoints  ChartType = "map_points"
	MapArea    ChartType = "map_area"
	Gauge      ChartType = "gauge"
	Histogram  ChartType = "histogram"
	Funnel     ChartType = "funnel"
	TableTop   ChartType = "table_top"
)
