package portal

import (
	"jisr"
	"jisr/node"
)

// noticesView is what reaches the official outside these pages.
type noticesView struct {
	Page
	Feed string // when the calendar's address was made; empty: there is none
}

// feedView shows the addresses of a calendar, once.
type feedView struct {
	Page
	Own, Desk string
	DeskName  string
	Back      string
}

func noticesURL(r *request, parts ...string) string {
	to := "/" + r.lang + "/notices"
	for _, p := range parts {
		to += "/" + p
	}
	return to
}

func (s *site) notices(r *request) (*answer, error) {
	rd := s.reader(r)
	row, err := s.node.Book().Account(r.Context(), r.caller.Account)
	if err != nil {
		return nil, err
	}
	v := noticesView{Page: s.page(r, "notices")}
	if f := row.Account.Feed; f != nil {
		v.Feed = rd.dateTime(f.Made.At)
	}
	return &answer{page: noticesPage(v)}, nil
}

// askFeed asks before an address that a program may be using opens nothing any more.
func (s *site) askFeed(r *request) (*answer, error) {
	step := r.PathValue("step")
	if step != "renew" && step != "end" {
		return nil, jisr.Refuse(jisr.NoSuch, clip(step, maxField), "noun", "page")
	}
	return &answer{page: askPage(askView{Page: s.page(r, "notices"), Title: r.l.T("feed." + step + ".ask"), Means: []string{r.l.T("feed." + step + ".means")},
		Action: noticesURL(r, "calendar", step), Button: r.l.T("feed." + step), Grave: true, Back: noticesURL(r)})}, nil
}

// renewFeed makes the address and shows it on the page that answers: it is kept nowhere.
func (s *site) renewFeed(r *request) (*answer, error) {
	done, err := s.node.Do(r.Context(), r.caller, node.RenewFeed{})
	if err != nil {
		return nil, err
	}
	at := s.origin(r) + "/calendar/" + done.Secret + "/" + r.lang
	return &answer{page: feedPage(feedView{Page: s.page(r, "notices"), Own: at + "/own.ics", Desk: at + "/desk.ics", DeskName: inLanguage(r.l, r.caller.DeskName), Back: noticesURL(r)})}, nil
}

func (s *site) endFeed(r *request) (*answer, error) {
	if _, err := s.node.Do(r.Context(), r.caller, node.EndFeed{ID: r.caller.By().Official}); err != nil {
		return nil, err
	}
	return &answer{to: noticesURL(r)}, nil
}

// origin is how the reader's browser reaches this portal.
func (s *site) origin(r *request) string {
	scheme := "http://"
	if s.overTLS(r.Request) {
		scheme = "https://"
	}
	return scheme + r.Host
}
