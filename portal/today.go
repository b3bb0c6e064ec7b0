package portal

import (
	"cmp"
	"context"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// todayView is what stands on Today: what waits for this official first, in the heading; then what the other
// side waits for from us, and what we wait for from them, by due date (practice 6).
type todayView struct {
	Page
	Day     string
	Heading string
	Ours    todoList
	Theirs  todoList
	House   []todo // drafts that wait for a step of ours: clearance, release, another version
	Cut     []cut
	With    []Link // the relations
}

// todoList is one of the two lists.
type todoList struct {
	Items []todo
	More  int // not shown
	Late  string
}

// todo is one line of it.
type todo struct {
	line
	Why     string // the step that is waited for, as a noun
	Action  string // the word on the button
	Icon    string
	Primary bool // the button stands out when it is the first
}

// cut says that a member cannot be reached, and that no date runs meanwhile against anybody (practice 5.4, P6).
type cut struct {
	Word    string
	Because string
	Queued  string
	URL     string
}

func (s *site) today(r *request) (*answer, error) {
	most := firstToDo
	if r.URL.Query().Get("all") != "" {
		most = pageToDo
	}
	v, err := s.todayView(r.Context(), s.reader(r), most)
	if err != nil {
		return nil, err
	}
	v.Page = s.live(r, "today")
	v.With = s.relations(r, s.reader(r))
	return &answer{page: todayPage(v)}, nil
}

func (s *site) todayView(ctx context.Context, rd reader, most int) (todayView, error) {
	ours, theirs, err := s.node.Book().ToDo(ctx, rd.scope, rd.known)
	if err != nil {
		return todayView{}, err
	}
	counts, err := s.counts.get(ctx, s.node, rd.scope)
	if err != nil {
		return todayView{}, err
	}
	v := todayView{Day: rd.l.Date(rd.now.In(rd.zone))}
	var joint []book.ToDo
	for i := range ours {
		t := &ours[i]
		if t.Thing != nil || t.Why == book.WhyOpen || t.Why == book.WhyAnswer {
			joint = append(joint, *t)
		} else if node.Concerns(rd.caller, t) && len(v.House) < pageToDo {
			v.House = append(v.House, rd.todo(t, "ours"))
		}
	}
	v.Ours.Items, v.Ours.More = s.todoLines(ctx, rd, joint, "ours", most)
	v.Theirs.Items, v.Theirs.More = s.todoLines(ctx, rd, theirs, "theirs", most)
	outgoing, err := s.outgoingTodo(ctx, rd)
	if err != nil {
		return todayView{}, err
	}
	v.House = append(v.House, outgoing...)
	v.Ours.Late, v.Theirs.Late = rd.late(counts.LateUs), rd.late(counts.LateThem)
	v.Heading = rd.waiting(len(v.Ours.Items) + v.Ours.More + len(v.House))
	v.Cut = s.cuts(rd)
	return v, nil
}

// todoLines are the lines of to-dos, at most so many, and how many more there are. What waits in batches of records is one line for each
// programme and step: the oldest, with how many they are.
func (s *site) todoLines(ctx context.Context, rd reader, list []book.ToDo, whose string, most int) (items []todo, more int) {
	type heap struct {
		programme jisr.ThingID
		why       book.Why
		whom      jisr.MemberID
	}
	at, times, first := map[heap]int{}, map[heap]int{}, map[heap]*book.ToDo{}
	for i := range list {
		t := &list[i]
		var k heap
		if t.Thing != nil && t.Thing.State.Batch != nil {
			k = heap{t.Thing.State.Batch.Programme, t.Why, t.Whom}
			if times[k]++; times[k] > 1 {
				continue
			}
		}
		if len(items) == most {
			more++
			continue
		}
		if k.programme != "" {
			at[k], first[k] = len(items), t
		}
		items = append(items, rd.todo(t, whose))
	}
	for k, i := range at {
		if times[k] > 1 {
			items[i] = s.batchesLine(ctx, rd, first[k], whose)
			items[i].Kind = rd.l.N("today.batches", times[k])
		}
	}
	return items, more
}

// batchesLine is the line of several batches: known by their programme, and leading to its records.
func (s *site) batchesLine(ctx context.Context, rd reader, t *book.ToDo, whose string) todo {
	l, b := rd.todo(t, whose), t.Thing.State.Batch
	if p, err := s.node.Book().Thing(ctx, rd.scope, t.Thing.Forum, b.Programme); err == nil {
		l.Subject, l.URL = rd.say(p.Summary.Title), rd.programmeURL(t.Thing.Forum, b.Programme, "records", b.Type)
	}
	return l
}

// waiting says how much waits for the official; small numbers in words, as one speaks.
func (rd reader) waiting(n int) string {
	if key := "today.heading." + itoa(int64(n)); rd.l.Has(key) {
		return rd.l.T(key)
	}
	return rd.l.N("today.heading", n)
}

func (rd reader) late(n int) string {
	if n == 0 {
		return ""
	}
	return rd.l.N("today.late.count", n)
}

// outgoingTodo lists the acts in preparation that wait for a step of this official.
func (s *site) outgoingTodo(ctx context.Context, rd reader) (all []todo, err error) {
	for _, f := range s.forumsHere() {
		rows, err := s.node.Outgoing(ctx, rd.scope, f, "")
		if err != nil {
			return nil, err
		}
		for i := range rows {
			o := &rows[i].Outgoing
			why := node.OutgoingStep(rd.caller, o)
			if why != "" && len(all) < pageToDo {
				l := s.outgoingLine(ctx, rd, &rows[i])
				all = append(all, todo{line: line{URL: l.URL, Subject: saidIn(rd.l.Tag(), cmp.Or(l.On, l.What), ""), Kind: l.What, From: rd.side(rd.self), Date: l.When},
					Why: l.What + " — " + rd.l.T("todo.why."+string(why)), Action: rd.l.T("todo.do." + string(why)), Icon: todoIcon(why), Primary: true})
			}
		}
	}
	return all, nil
}

func (rd reader) todo(t *book.ToDo, whose string) todo {
	if t.Thing != nil {
		return rd.todoThing(t, whose)
	}
	l := rd.line(&t.Note, "")
	if t.Due != "" {
		l.Due, l.DueIn = rd.l.Day(string(t.Due)), rd.l.RelativeDay(string(t.Due), string(rd.today))
	} else {
		l.Due, l.DueIn = "", ""
	}
	l.Late = t.Late
	why, do := "todo.why."+string(t.Why), "todo.do."+string(t.Why)
	if whose == "theirs" {
		do = "todo.do.view"
		if t.Why != book.WhyHold {
			why = "todo.them." + string(t.Why)
		}
	}
	return todo{line: l, Why: rd.l.T(why), Action: rd.l.T(do), Icon: todoIcon(t.Why), Primary: whose == "ours"}
}

func todoIcon(w book.Why) string {
	return map[book.Why]string{book.WhyOpen: "mail-open", book.WhyAnswer: "reply", book.WhyClear: "check", book.WhyRelease: "send", book.WhyReturn: "pen-line", book.WhyHold: "clock"}[w]
}

// todoThing is a step that is owed in a thing other than a note: the words name it, the button leads to the thing.
func (rd reader) todoThing(t *book.ToDo, whose string) todo {
	l := rd.thingLine(t.Thing)
	l.Late = t.Late
	if t.Due != "" {
		l.Due, l.DueIn = rd.l.Day(string(t.Due)), rd.l.RelativeDay(string(t.Due), string(rd.today))
	}
	if t.Whom != "" {
		l.From = rd.side(t.Whom)
	}
	return todo{line: l, Why: known(rd.l, "why."+t.Thing.ID.Noun()+".", string(t.Why)), Action: rd.l.T("todo.do.view"), Icon: thingIcon(t.Thing.ID), Primary: whose == "ours"}
}

// cuts lists the members that cannot be reached.
func (s *site) cuts(rd reader) []cut {
	var all []cut
	for _, k := range s.node.Links() {
		if k.State == node.Linked {
			continue
		}
		c := cut{Word: rd.l.T("today.cut", "member", rd.name(k.Member)), Because: rd.because(k.Because), URL: rd.url("forum")}
		if k.Queued > 0 {
			c.Queued = rd.l.N("forum.queue", int(min(k.Queued, 1<<31-1)))
		}
		all = append(all, c)
	}
	return all
}
