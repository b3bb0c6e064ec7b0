package jisr

import (
	"maps"
	"slices"
	"time"
)

// Calendar is how a member counts days, as the members agreed it: periods run in the addressee's calendar (practice
// 5.4, P5), so both sides must compute the same day from the same terms, and no node asks its own time zone database.
type Calendar struct {
	Zone     string         `json:"zone"`               // as people name it: "Asia/Baghdad"
	Offset   int            `json:"offset"`             // minutes east of UTC: what decides
	Weekend  []time.Weekday `json:"weekend"`            // 0 is Sunday; sorted
	Holidays []Date         `json:"holidays,omitempty"` // sorted; entered for the years ahead
}

// DefaultCalendar is where nothing is agreed: UTC+3, Friday and Saturday (CLDR weekData for IQ and SY).
func DefaultCalendar() Calendar {
	return Calendar{Zone: "Asia/Baghdad", Offset: 180, Weekend: []time.Weekday{time.Friday, time.Saturday}}
}

func (c *Calendar) check() error {
	switch {
	case c.Zone == "" || len(c.Zone) > MaxID || !ascii(c.Zone):
		return Refuse(Malformed, "zone", "want", "Asia/Baghdad")
	case c.Offset < -14*60 || c.Offset > 14*60:
		return Refuse(Malformed, "offset", "want", "minutes east of UTC")
	case len(c.Weekend) > 6:
		return Refuse(TooMany, "weekend", "max", "6", "got", itoa(len(c.Weekend)))
	case len(c.Holidays) > MaxHolidays:
		return Refuse(TooMany, "holidays", "max", itoa(MaxHolidays), "got", itoa(len(c.Holidays)))
	}
	for i, w := range c.Weekend {
		if w < 0 || w > 6 || i > 0 && c.Weekend[i-1] >= w {
			return Refuse(Malformed, "weekend")
		}
	}
	for i, d := range c.Holidays {
		if !d.Valid() || i > 0 && c.Holidays[i-1] >= d {
			return Refuse(Malformed, "holidays")
		}
	}
	return nil
}

// Heard tells up to which day a node knows what each member said, or did not: today while its node is reached, else the day of its last
// sign of life. What came due since is not held against it: no clock runs while the link is down (practice 5.4, P6).
type Heard struct {
	Today Date
	Cut   map[MemberID]Date // of members that are not reached
}

// On is a day on which everybody is reached.
func On(day Date) Heard { return Heard{Today: day} }

// Of is the day up to which it is known what a member said.
func (k Heard) Of(m MemberID) Date {
	if d, cut := k.Cut[m]; cut {
		return min(d, k.Today)
	}
	return k.Today
}

// Equal tells whether both know the same.
func (k Heard) Equal(o Heard) bool { return k.Today == o.Today && maps.Equal(k.Cut, o.Cut) }

// Earliest is the day up to which it is known what everybody said.
func (k Heard) Earliest() Date {
	d := k.Today
	for m := range k.Cut {
		d = min(d, k.Of(m))
	}
	return d
}

// Day is the day it is in this calendar at a moment.
func (c *Calendar) Day(t time.Time) Date {
	return Date(t.UTC().Add(time.Duration(c.Offset) * time.Minute).Format(time.DateOnly))
}

// Free tells a day of the weekend or a holiday.
func (c *Calendar) Free(d Date) bool {
	t, err := time.Parse(time.DateOnly, string(d))
	return err == nil && slices.Contains(c.Weekend, t.Weekday()) || slices.Contains(c.Holidays, d)
}

// After is the last day of a period of calendar days that begins the day after d. One that would end on a free day ends
// on the next working day. It ends at 24:00.
func (c *Calendar) After(d Date, days int) Date {
	end := d.Add(days)
	for range MaxHolidays + 7 { // holidays are bounded and a week has a working day
		if !c.Free(end) {
			break
		}
		end = end.Add(1)
	}
	return end
}

// Add is the day so many days later; itself when it is no day.
func (d Date) Add(days int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Date(t.AddDate(0, 0, days).Format(time.DateOnly))
}

// Days counts the days from d to o; 0 when one of them is no day.
func (d Date) Days(o Date) int {
	from, err := time.Parse(time.DateOnly, string(d))
	to, err2 := time.Parse(time.DateOnly, string(o))
	if err != nil || err2 != nil {
		return 0
	}
	return int(to.Sub(from).Hours() / 24)
}
