package jisr

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Health is the figures of a register of commitments (practice 6): how many stand where, how long things take, and what is
// past its day. It is made of labels and states alone, row by row, so that ten thousand commitments are counted without
// reading what they say.
type Health struct {
	Open     int    // still owed
	Dated    int    // … with a day and an office: without either nothing is followed up
	Late     int    // … past its day
	Ages     [3]int // … by up to 30 days, by up to 90, by more
	Oldest   int    // … days past its day, the most
	Reported int    // the beneficiary is to look at them
	Accepted int    // with remarks or without
	OnTime   int    // … of them reported no later than the day that held
	Timed    int    // … of them that had a day
	Returned int    // returned at least once
	Answered int    // reports that were answered at least once
	States   map[string]int
	By       map[string]*Group // by label: offices, sectors, bodies

	closed, reviewed []int
}

// Group is the same for the commitments of one office, sector or body.
type Group struct{ Open, Late, Accepted int }

// MedianClosed is the days from agreed to accepted, half took longer; false when none was accepted.
func (h *Health) MedianClosed() (int, bool) { return median(h.closed) }

// MedianReviewed is the days from a report to the beneficiary's answer.
func (h *Health) MedianReviewed() (int, bool) { return median(h.reviewed) }

func median(all []int) (int, bool) {
	if len(all) == 0 {
		return 0, false
	}
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2], true
}

// The labels of a commitment that figures are made of.
const (
	labelDue      = "due:"      // the day that holds, while it is owed
	labelClosed   = "closed:"   // days from agreed to accepted
	labelReviewed = "reviewed:" // days from a report to its answer
	labelOnTime   = "on-time"   // accepted, and reported in time
	labelPast     = "past-date" // accepted, and reported later
	labelReturned = "returned"  // at least once
	labelOwned    = "owned"     // an office is named
)

// Add counts one commitment by its state and labels, as a list has them.
func (h *Health) Add(state string, labels []string, today Date) {
	if h.States == nil {
		h.States, h.By = map[string]int{}, map[string]*Group{}
	}
	h.States[state]++
	var g Group
	due, owned, answered := Date(""), false, false
	for _, l := range labels {
		switch { // of what most have first: this is done for every row of a register
		case l == labelOwned:
			owned = true
		case strings.HasPrefix(l, labelDue):
			due = Date(l[len(labelDue):])
		case strings.HasPrefix(l, labelClosed):
			h.closed = appendNumber(h.closed, l[len(labelClosed):])
		case strings.HasPrefix(l, labelReviewed):
			h.reviewed, answered = appendNumber(h.reviewed, l[len(labelReviewed):]), true
		case l == labelReturned:
			h.Returned++
		case l == labelOnTime:
			h.OnTime, h.Timed = h.OnTime+1, h.Timed+1
		case l == labelPast:
			h.Timed++
		}
	}
	if answered {
		h.Answered++
	}
	switch s := CommitmentState(state); {
	case s == CommitmentAccepted || s == CommitmentRemarked:
		h.Accepted++
		g.Accepted = 1
	case s.Open():
		h.Open++
		g.Open = 1
		if due != "" && owned {
			h.Dated++
		}
		if s == CommitmentReported {
			h.Reported++
		} else if due != "" && due < today {
			g.Late = 1
			h.past(due.Days(today))
		}
	}
	h.group(labels, g)
}

func (h *Health) past(days int) {
	h.Late++
	h.Oldest = max(h.Oldest, days)
	switch {
	case days <= 30:
		h.Ages[0]++
	case days <= 90:
		h.Ages[1]++
	default:
		h.Ages[2]++
	}
}

func (h *Health) group(labels []string, g Group) {
	for _, l := range labels {
		if !strings.HasPrefix(l, "desk:") && !strings.HasPrefix(l, "sector:") && !strings.HasPrefix(l, "body:") {
			continue
		}
		by := h.By[l]
		if by == nil {
			by = &Group{}
			h.By[strings.Clone(l)] = by // the row it stands in is gone soon
		}
		by.Open, by.Late, by.Accepted = by.Open+g.Open, by.Late+g.Late, by.Accepted+g.Accepted
	}
}

func appendNumber(all []int, s string) []int {
	if n, err := strconv.Atoi(s); err == nil {
		return append(all, n)
	}
	return all
}

// days counts the days from one moment to a later one.
func days(from, to time.Time) int { return max(0, int(to.Sub(from).Hours()/24)) }

// measures are the labels that figures are made of. Days are those of the writers' clocks: figures decide nothing.
func (c *Undertaking) measures() (all []string) {
	if c.OwnerDesk() != "" {
		all = append(all, labelOwned)
	}
	if due := c.DueDate(); due != "" && c.State().Open() {
		all = append(all, labelDue+string(due))
	}
	returned := false
	for i := range c.Reports {
		r := &c.Reports[i]
		if r.Reviewed == nil {
			continue
		}
		all = append(all, labelReviewed+itoa(days(r.At, r.Reviewed.At)))
		if returned = returned || r.Result == CommitmentReturned; r.Result == CommitmentReturned {
			continue
		}
		if c.Agreed != nil {
			all = append(all, labelClosed+itoa(days(c.Agreed.At, r.Reviewed.At)))
		}
		if due := c.DueDate(); due != "" {
			cal := c.Calendar(c.Debtor.Member)
			when := labelOnTime
			if cal.Day(r.At) > due {
				when = labelPast
			}
			all = append(all, when)
		}
	}
	if returned {
		all = append(all, labelReturned)
	}
	return all
}
