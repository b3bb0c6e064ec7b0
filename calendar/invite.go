package calendar

import (
	"strings"

	"github.com/emersion/go-ical"

	"jisr/node"
	"jisr/words"
)

// Invite writes an invitation to a meeting, or that it is cancelled, for a calendar that takes them by mail (RFC 5546 sections 3.2.2 and
// 3.2.5, RFC 6047). from is the organizer and to the one attendee, both addresses of this member: nobody else's are in it. No reply is
// asked for, for nobody reads one.
func Invite(l *words.Lang, e *node.CalendarEntry, origin, from, to string) ([]byte, error) {
	b := Book{Lang: l.Plain(), Origin: origin}
	c := ical.NewCalendar()
	c.Props.SetText(ical.PropProductID, "-//Jisr//Calendar//"+strings.ToUpper(l.Tag()))
	c.Props.SetText(ical.PropVersion, "2.0")
	method := "REQUEST"
	if e.Cancelled {
		method = "CANCEL"
	}
	c.Props.Set(value(ical.PropMethod, method, ""))
	v := b.event(e)
	organizer := value(ical.PropOrganizer, "mailto:"+from, "")
	organizer.Params.Set(ical.ParamCommonName, l.T("app.name"))
	v.Props.Set(organizer)
	attendee := value(ical.PropAttendee, "mailto:"+to, "")
	attendee.Params.Set(ical.ParamParticipationStatus, "NEEDS-ACTION")
	attendee.Params.Set(ical.ParamRSVP, "FALSE")
	attendee.Params.Set(ical.ParamRole, "REQ-PARTICIPANT")
	v.Props.Set(attendee)
	c.Children = append(c.Children, v.Component)
	return encode(c)
}
