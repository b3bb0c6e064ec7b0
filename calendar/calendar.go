package calendar

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"

	"jisr"
	"jisr/book"
	"jisr/node"
	"jisr/words"
)

const (
	maxLine = 75 // octets of a line without its end (RFC 5545 section 3.1)
	refresh = "PT1H"
)

// Page is where the portal shows a thing, as a path.
type Page func(l *words.Lang, f jisr.ForumID, id jisr.ThingID) string

// Book is what a feed is written with.
type Book struct {
	Lang   *words.Lang
	Name   string // of the calendar
	Origin string // the domain under which entries have their names
	URL    string // where the portal is reached, without the last slash; empty: entries lead nowhere
	Page   Page
}

// Feed writes entries as one calendar.
func (b *Book) Feed(entries []node.CalendarEntry) ([]byte, error) {
	c := ical.NewCalendar()
	c.Props.SetText(ical.PropProductID, "-//Jisr//Calendar//"+strings.ToUpper(b.Lang.Tag()))
	c.Props.SetText(ical.PropVersion, "2.0")
	b.text(c.Props, ical.PropName, b.Name)                            // RFC 7986 section 5.1 …
	b.text(c.Props, "X-WR-CALNAME", b.Name)                           // … and as programs had it before
	c.Props.Set(value(ical.PropRefreshInterval, refresh, "DURATION")) // RFC 7986 section 5.7
	c.Props.Set(value("X-PUBLISHED-TTL", refresh, ""))
	for i := range entries {
		c.Children = append(c.Children, b.event(&entries[i]).Component)
	}
	if len(entries) == 0 { // a calendar has at least one component (section 3.6)
		c.Children = append(c.Children, utc())
	}
	return encode(c)
}

// encode writes a calendar with its lines folded.
func encode(c *ical.Calendar) ([]byte, error) {
	var b bytes.Buffer
	if err := ical.NewEncoder(&folder{&b}).Encode(c); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// folder folds the lines written to it, each whole and in one piece as the encoder writes them, between characters of UTF-8.
type folder struct{ to io.Writer }

func (f *folder) Write(line []byte) (int, error) {
	var folded []byte
	room := maxLine
	for rest := bytes.TrimSuffix(line, []byte("\r\n")); len(rest) > 0; {
		_, n := utf8.DecodeRune(rest)
		if n > room {
			folded, room = append(folded, "\r\n "...), maxLine-1
		}
		folded, rest, room = append(folded, rest[:n]...), rest[n:], room-n
	}
	if _, err := f.to.Write(append(folded, "\r\n"...)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// value is a property that is no text: its value as it stands.
func value(name, v, typ string) *ical.Prop {
	p := ical.NewProp(name)
	p.Value = v
	if typ != "" {
		p.Params.Set(ical.ParamValue, typ)
	}
	return p
}

// text sets a text, without line ends, controls and signs of direction, whoever wrote it.
func (b *Book) text(props ical.Props, name, s string) {
	if s = b.Lang.Isolate(s); s != "" {
		props.SetText(name, s)
	}
}

// event is an entry as calendars have it.
func (b *Book) event(e *node.CalendarEntry) *ical.Event {
	v := ical.NewEvent()
	v.Props.SetText(ical.PropUID, e.ID+"@"+b.Origin)
	v.Props.SetDateTime(ical.PropDateTimeStamp, e.At.UTC()) // of the record, so that the same entry is the same bytes
	v.Props.SetDateTime(ical.PropLastModified, e.At.UTC())
	v.Props.Set(value(ical.PropSequence, strconv.Itoa(e.Revision), ""))
	v.Props.Set(value(ical.PropStatus, status(e), ""))
	v.Props.Set(value(ical.PropClass, class(e.Handling), ""))
	v.Props.Set(value(ical.PropTransparency, transparency(e), ""))
	b.when(v, e)
	b.text(v.Props, ical.PropSummary, b.summary(e))
	if place, _ := e.Place.In(b.Lang.Tag()); place != "" {
		b.text(v.Props, ical.PropLocation, place)
	}
	if says := b.description(e); says != "" {
		v.Props.SetText(ical.PropDescription, says)
	}
	if b.URL != "" && e.Thing != "" {
		v.Props.Set(value(ical.PropURL, b.URL+b.Page(b.Lang, e.Forum, e.Thing), "URI"))
	}
	return v
}

// when says the hour, or the day.
func (b *Book) when(v *ical.Event, e *node.CalendarEntry) {
	if !e.Begins.IsZero() {
		v.Props.SetDateTime(ical.PropDateTimeStart, e.Begins.UTC())
		if !e.Ends.IsZero() {
			v.Props.SetDateTime(ical.PropDateTimeEnd, e.Ends.UTC())
		}
		return
	}
	day, err := time.Parse(time.DateOnly, string(e.Day))
	if err != nil {
		return // there is no such entry: days were checked
	}
	v.Props.SetDate(ical.PropDateTimeStart, day)
	v.Props.SetDate(ical.PropDateTimeEnd, day.AddDate(0, 0, 1)) // the end is not in it (section 3.6.1)
	if e.Rule != "" {
		v.Props.Set(value(ical.PropRecurrenceRule, e.Rule, ""))
	}
}

func status(e *node.CalendarEntry) string {
	switch {
	case e.Cancelled:
		return string(ical.EventCancelled)
	case e.Tentative, e.Kind == node.EntryCadence:
		return string(ical.EventTentative)
	}
	return string(ical.EventConfirmed)
}

// class tells the program how the entry may be shown to others.
func class(h jisr.Handling) string {
	switch {
	case h.Named():
		return "CONFIDENTIAL"
	case h.Level() == jisr.HandlingPublic:
		return "PUBLIC"
	}
	return "PRIVATE"
}

// transparency: a day by which something is due takes no time.
func transparency(e *node.CalendarEntry) string {
	if e.Begins.IsZero() || e.Kind == node.EntryRelease {
		return "TRANSPARENT"
	}
	return "OPAQUE"
}

// summary is what the entry is called.
func (b *Book) summary(e *node.CalendarEntry) string {
	l := b.Lang.Plain()
	title, _ := e.Title.In(l.Tag())
	switch e.Kind {
	case node.EntrySealed:
		return l.T("calendar.sealed")
	case node.EntryMeeting:
		if title == "" {
			return l.T("meeting.session", "n", e.Session)
		}
		return l.T("calendar.meeting.of", "session", e.Session, "title", title)
	case node.EntryCadence:
		return l.T("calendar.cadence", "title", title)
	case node.EntryRelease:
		return l.T("calendar.release", "title", title)
	}
	whose := "calendar.due.theirs"
	if e.Ours {
		whose = "calendar.due.ours"
	}
	return l.T(whose, "step", words.Raw(step(l, e.Thing, e.Why)), "title", title)
}

// step names a step that is owed; one that this version does not know by the noun of its thing.
func step(l *words.Lang, id jisr.ThingID, why book.Why) string {
	for _, key := range []string{"why." + id.Noun() + "." + string(why), "noun." + id.Noun()} {
		if l.Has(key) {
			return l.T(key)
		}
	}
	return id.Noun()
}

// description says the rest, one thing a line.
func (b *Book) description(e *node.CalendarEntry) string {
	l := b.Lang.Plain()
	var lines []string
	if e.Kind == node.EntryMeeting {
		if key := "mode." + string(e.Mode); l.Has(key) {
			lines = append(lines, l.T(key))
		}
		lines = append(lines, l.T("calendar.local", "time", words.Raw(l.DateTime(e.Begins)), "zone", e.Zone))
	}
	if h := e.Handling.Level(); h != jisr.HandlingOfficial {
		lines = append(lines, l.T("handling."+string(h)))
	}
	return strings.Join(lines, "\n")
}

// utc is a time zone that an empty calendar may have.
func utc() *ical.Component {
	zone := ical.NewComponent(ical.CompTimezone)
	zone.Props.SetText(ical.PropTimezoneID, "UTC")
	standard := ical.NewComponent(ical.CompTimezoneStandard)
	standard.Props.Set(value(ical.PropDateTimeStart, "19700101T000000", ""))
	standard.Props.Set(value(ical.PropTimezoneOffsetFrom, "+0000", ""))
	standard.Props.Set(value(ical.PropTimezoneOffsetTo, "+0000", ""))
	zone.Children = append(zone.Children, standard)
	return zone
}
