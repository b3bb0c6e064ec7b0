package words

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Digits writes the ASCII digits of s in the language's digits. References, hashes, addresses and codes are not
// given to it: they stay Latin everywhere (practice 8.4).
func (l *Lang) Digits(s string) string {
	if l.digits[0] == "0" {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r >= '0' && r <= '9' {
			b.WriteString(l.digits[r-'0'])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Number writes n with the language's digits, in groups of three.
func (l *Lang) Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	if len(s) <= 3 {
		return sign + l.Digits(s)
	}
	group := ","
	if l.digits[0] != "0" {
		group = l.text("number.group")
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + l.Digits(strings.ReplaceAll(s, ",", group))
}

// Bytes writes a size with the unit a person reads: "٢٠ ميغابايت", "2.1 GB". Units are powers of ten (IEC 80000-13).
func (l *Lang) Bytes(n int64) string {
	if n < 1000 {
		return l.N("unit.byte", int(n))
	}
	units := []string{"unit.kilobyte", "unit.megabyte", "unit.gigabyte", "unit.terabyte"}
	size, u := float64(n)/1000, 0
	for size >= 999.5 && u < len(units)-1 {
		size, u = size/1000, u+1
	}
	text := strconv.FormatFloat(size, 'f', 0, 64)
	if size < 9.95 {
		text = strings.TrimSuffix(strconv.FormatFloat(size, 'f', 1, 64), ".0")
	}
	if l.digits[0] != "0" {
		text = strings.ReplaceAll(text, ".", l.text("number.decimal"))
	}
	return l.T(units[u], "n", Raw(l.Digits(text)))
}

// Date writes a day in full, in t's own time zone: "الثلاثاء ٢٤ تشرين الثاني ٢٠٢٦".
func (l *Lang) Date(t time.Time) string {
	return l.T("time.date.full", append(l.day(t), "weekday", Raw(l.text("time.weekday."+strconv.Itoa(int(t.Weekday())))))...)
}

// ShortDate writes day, month and year: never figures only, since three orders are in use (practice 8.3).
func (l *Lang) ShortDate(t time.Time) string { return l.T("time.date.short", l.day(t)...) }

func (l *Lang) day(t time.Time) []any {
	return []any{"day", Raw(l.Digits(strconv.Itoa(t.Day()))), "month", Raw(l.Month(t.Month())), "year", Raw(l.Digits(strconv.Itoa(t.Year())))}
}

// Month is the Levantine name of a month, as Iraq and Syria use it.
func (l *Lang) Month(m time.Month) string { return l.text("time.month." + strconv.Itoa(int(m))) }

// Time writes the hour and minute in t's own time zone, of 24 hours.
func (l *Lang) Time(t time.Time) string { return l.Digits(t.Format("15:04")) }

// DateTime writes ShortDate and Time.
func (l *Lang) DateTime(t time.Time) string {
	return l.T("time.datetime", "date", Raw(l.ShortDate(t)), "time", Raw(l.Time(t)))
}

// Day writes a calendar day such as "2026-12-01" as ShortDate does; what is none comes back as it is.
func (l *Lang) Day(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return l.ShortDate(t)
}

// Relative says how far a due day is from today, whatever the hours: "خلال ٤ أيام", "تجاوز موعده بيومين".
func (l *Lang) Relative(due, today time.Time) string {
	switch days := daysBetween(today, due); {
	case days == 0:
		return l.text("time.due.today")
	case days > 0:
		return l.N("time.due.in", days)
	default:
		return l.N("time.due.passed", -days)
	}
}

// RelativeDay is Relative for calendar days such as "2026-12-01"; empty when due is none.
func (l *Lang) RelativeDay(due, today string) string {
	d, errDue := time.Parse(time.DateOnly, due)
	t, errToday := time.Parse(time.DateOnly, today)
	if errDue != nil || errToday != nil {
		return ""
	}
	return l.Relative(d, t)
}

func daysBetween(from, to time.Time) int {
	f := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	t := time.Date(to.Year(), to.Month(), to.Day(), 0, 0, 0, 0, time.UTC)
	return int(t.Sub(f) / (24 * time.Hour))
}

// Ago says how long ago something was, in the largest whole unit: "منذ ٣ دقائق". What lies ahead is "now": clocks
// of two governments differ a little.
func (l *Lang) Ago(then, now time.Time) string {
	d := now.Sub(then)
	switch {
	case d < 2*time.Second:
		return l.text("time.now")
	case d < time.Minute:
		return l.N("time.ago.seconds", int(d/time.Second))
	case d < time.Hour:
		return l.N("time.ago.minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return l.N("time.ago.hours", int(d/time.Hour))
	}
	return l.N("time.ago.days", int(d/(24*time.Hour)))
}

// Counted writes a figure with the word that agrees with it: a part of one takes the form of many in both languages (CLDR, plural rules: 3.8 hours).
func (l *Lang) Counted(key string, v float64) string {
	if v == float64(int(v)) {
		return l.N(key, int(v))
	}
	const many = 100
	return l.N(key, many, "n", Raw(l.Figure(v)))
}

// Figure writes a measured figure with as many decimals as its size has use for, in the language's digits and groups:
// "٢٩٠", "1,250.5", "0.42".
func (l *Lang) Figure(v float64) string {
	decimals := 2
	if a := math.Abs(v); a >= 1000 {
		decimals = 0
	} else if a >= 10 {
		decimals = 1
	}
	whole, part, _ := strings.Cut(strconv.FormatFloat(v, 'f', decimals, 64), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil { // beyond what anybody reads in digits
		return l.Digits(strconv.FormatFloat(v, 'g', 4, 64))
	}
	out := l.Number(n)
	if part = strings.TrimRight(part, "0"); part == "" {
		return out
	}
	if n == 0 && v < 0 {
		out = "-" + out
	}
	point := "."
	if l.digits[0] != "0" {
		point = l.text("number.decimal")
	}
	return out + point + l.Digits(part)
}

// Duration writes an ISO 8601 duration as people say it: "P30Y" is "30 years". What is none comes back as it is.
func (l *Lang) Duration(iso string) string {
	date, clock, _ := strings.Cut(strings.TrimPrefix(iso, "P"), "T")
	var parts []string
	for _, half := range []struct{ text, units, names string }{{date, "YMWD", "year month week day"}, {clock, "HMS", "hour minute second"}} {
		names := strings.Fields(half.names)
		for half.text != "" {
			i := strings.IndexAny(half.text, half.units)
			if i < 1 {
				return iso
			}
			n, err := strconv.Atoi(half.text[:i])
			if err != nil || !strings.HasPrefix(iso, "P") {
				return iso
			}
			parts = append(parts, l.N("unit."+names[strings.IndexByte(half.units, half.text[i])], n))
			half.text = half.text[i+1:]
		}
	}
	if len(parts) == 0 {
		return iso
	}
	out := parts[0]
	for _, p := range parts[1:] {
		out = l.T("list.join", "before", Raw(out), "last", Raw(p))
	}
	return out
}
