package mail_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"jisr"
	"jisr/mail"
	"jisr/mail/mailtest"
	"jisr/node"
)

func TestMailSaysThatSomethingWaitsAndNotWhat(t *testing.T) {
	for _, tls := range []string{"starttls", "implicit"} {
		o := mailtest.Open(t, tls)
		o.Arrives(t)
		o.Chooses(t, jisr.NotifyTerms{Each: true, Lang: "ar"})
		if got := o.Turn(t); len(got) != 0 {
			t.Fatalf("of what waited before there are %d messages", len(got))
		}
		id := o.Arrives(t)
		got := o.Turn(t)
		if len(got) != 1 {
			t.Fatalf("%d messages of one note", len(got))
		}
		m := got[0]
		if m.Get("X-Test-To") != mailtest.Address || m.Get("X-Test-From") != "bounce@mofa.example" || m.Get("X-Test-Tls") != "True" || m.Get("X-Test-User") != "jisr" || m.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("the message is %s", m.Raw)
		}
		if !strings.Contains(m.Text, "https://jisr.example/ar/notes/iq-sy/"+id.Name()) || !strings.Contains(m.Text, "وردت مذكرة") {
			t.Errorf("it says\n%s", m.Text)
		}
		note := o.Note("iq")
		for _, word := range []string{note.Body.Subject["ar"], note.Body.Subject["en"], "Syrian", "السورية"} {
			if strings.Contains(m.Text+m.Subject, word) {
				t.Errorf("it says what it is about: %q in %s\n%s", word, m.Subject, m.Text)
			}
		}
		if got := o.Turn(t); len(got) != 0 {
			t.Errorf("it is told again: %d", len(got))
		}
		t.Logf("%s\n%s", m.Subject, m.Text)
	}
}

func TestNothingIsSentToAnAddressThatIsNotConfirmed(t *testing.T) {
	o := mailtest.Open(t, "none")
	o.As("iq").DoAs(o.Post, node.SetNotify{Address: mailtest.Address, NotifyTerms: jisr.NotifyTerms{Each: true, Digest: true, Lang: "ar"}})
	o.Arrives(t)
	got := o.Turn(t)
	if len(got) != 1 || !strings.Contains(got[0].Text, "code=") {
		t.Fatalf("%d messages", len(got))
	}
	t.Logf("%s\n%s", got[0].Subject, got[0].Text)
	o.Arrives(t)
	o.Pass(24 * time.Hour)
	if got := o.Turn(t); len(got) != 0 {
		t.Errorf("unconfirmed, and %d messages", len(got))
	}
	n := o.Node("iq")
	if _, err := n.Do(t.Context(), o.Post, node.ConfirmNotify{Code: "aaaa-aaaa-aaaa-aaaa"}); err == nil {
		t.Error("another code confirmed")
	}
	other := o.Clerk(t, "clerk")
	code := regexp.MustCompile(`code=(\w+)`).FindStringSubmatch(got0(o).Text)[1]
	if _, err := n.Do(t.Context(), other, node.ConfirmNotify{Code: code}); err == nil {
		t.Error("another post confirmed with it")
	}
	if _, err := n.Do(t.Context(), o.Post, node.ConfirmNotify{Code: strings.ToUpper(code[:8] + " " + code[8:])}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"x", "a@b", "a b@c.example", "a@c.example>", "a@c.example\r\nBcc: x@y.example", "<a@c.example>", "a@[127.0.0.1]", "a@c.example,b@c.example", "@c.example", ".a@c.example", "ا@c.example"} {
		if _, err := n.Do(t.Context(), o.Post, node.SetNotify{Address: bad, NotifyTerms: jisr.NotifyTerms{Each: true, Lang: "ar"}}); err == nil {
			t.Errorf("%q is an address", bad)
		}
	}
}

func got0(o *mailtest.Office) mailtest.Received { return o.Server.All()[0] }

func TestADigestComesOnceADayAtItsHourAndNotOnFreeDays(t *testing.T) {
	o := mailtest.Open(t, "none")
	o.Chooses(t, jisr.NotifyTerms{Digest: true, Hour: 14}) // the clock stands at Tuesday, 12:00 in Baghdad
	o.Arrives(t)
	o.Arrives(t)
	if got := o.Turn(t); len(got) != 0 {
		t.Fatalf("before its hour: %d", len(got))
	}
	o.Pass(2 * time.Hour)
	got := o.Turn(t)
	if len(got) != 1 || got[0].Subject != "Jisr today: 2 things wait for you" {
		t.Fatalf("at its hour: %+v", got)
	}
	t.Logf("%s\n%s", got[0].Subject, got[0].Text)
	o.Pass(3 * time.Hour)
	if got := o.Turn(t); len(got) != 0 {
		t.Errorf("later that day: %d", len(got))
	}
	days := 0
	for range 7 { // Wednesday to Tuesday
		o.Pass(24 * time.Hour)
		days += len(o.Turn(t))
	}
	if days != 5 {
		t.Errorf("in a week with a weekend of two days: %d", days)
	}
	o.Configure("iq", func(c *node.Config) { c.Holidays = []string{"2026-12-02"} })
	o.Settle()
	o.Pass(24 * time.Hour)
	if got := o.Turn(t); len(got) != 0 {
		t.Errorf("on a holiday: %d", len(got))
	}
}

// TestOneEventIsOneMessage over everything that goes wrong between here and the server: each event has one Message-ID, and is mailtest.Received.
func TestOneEventIsOneMessage(t *testing.T) {
	o := mailtest.Open(t, "none")
	o.Chooses(t, jisr.NotifyTerms{Each: true})
	o.Turn(t)
	start := len(o.Server.All())
	o.Server.Mode("later")
	o.Arrives(t)
	o.Turn(t)
	o.Pass(2 * time.Minute)
	o.Turn(t)
	o.Server.Mode("take")
	o.Turn(t)
	o.Pass(10 * time.Minute)
	if got := o.Turn(t); len(got) != 1 {
		t.Fatalf("after 451 and 451: %d", len(got))
	}

	port := o.Server.Addr[strings.LastIndexByte(o.Server.Addr, ':')+1:]
	o.Server.Stop()
	o.Arrives(t)
	o.Turn(t)
	o.Configure("iq", func(*node.Config) {}) // ends and starts again
	o.Turn(t)
	o.Server.Start("none", port)
	o.Pass(2 * time.Minute)
	if got := o.Turn(t); len(got) != 1 {
		t.Fatalf("after the server was away: %d", len(got))
	}

	o.Server.Mode("forget") // it took the message and could not say so
	o.Arrives(t)
	first := o.Turn(t)
	o.Server.Mode("take")
	o.Pass(2 * time.Minute)
	again := o.Turn(t)
	if len(first) != 1 || len(again) != 1 || first[0].Get("Message-Id") != again[0].Get("Message-Id") || first[0].Get("Date") != again[0].Get("Date") {
		t.Fatalf("what was taken without a word came %d and %d times", len(first), len(again))
	}
	o.Pass(time.Hour)
	if got := o.Turn(t); len(got) != 0 {
		t.Errorf("and then: %d", len(got))
	}
	ids := map[string]bool{}
	for _, m := range o.Server.All()[start:] {
		ids[m.Get("Message-Id")] = true
	}
	if len(ids) != 3 {
		t.Errorf("three events have %d Message-IDs", len(ids))
	}
}

func TestWhatComesBackIsShownAndEndsMailToTheAddress(t *testing.T) {
	o := mailtest.Open(t, "none")
	o.Chooses(t, jisr.NotifyTerms{Each: true})
	o.Turn(t)
	o.Arrives(t)
	m := o.Turn(t)[0]
	n := o.Node("iq")
	report := fmt.Sprintf("From: MAILER-DAEMON@mx.example\r\nTo: bounce@mofa.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nIt failed.\r\n"+
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--b--\r\n", mailtest.Address, m.Raw)
	r, err := mail.ReadReport(strings.NewReader(report))
	if err != nil || r.Status != "5.1.1" || "<"+r.MessageID+">" != m.Get("Message-Id") {
		t.Fatalf("the report reads %+v: %v", r, err)
	}
	if err := n.MailReturned("another@jisr.example", "5.1.1"); err == nil {
		t.Error("a message that nobody sent came back")
	}
	if err := n.MailReturned(r.MessageID, r.Status); err != nil {
		t.Fatal(err)
	}
	if st, err := n.Mail(t.Context(), o.Post); err != nil || st.Bad == nil || st.Bad.Code != "5.1.1" || st.Address != mailtest.Address {
		t.Fatalf("the post sees %+v: %v", st, err)
	}
	o.Arrives(t)
	if got := o.Turn(t); len(got) != 0 {
		t.Errorf("to an address that takes no mail: %d", len(got))
	}
	o.Chooses(t, jisr.NotifyTerms{Each: true}) // the same address, given anew
	o.Turn(t)
	o.Server.Mode("unknown")
	o.Arrives(t)
	o.Turn(t)
	st, err := n.Mail(t.Context(), o.Post)
	if err != nil || st.Bad == nil || st.Bad.Code != "550" {
		t.Fatalf("refused at the door: %+v: %v", st, err)
	}
	o.Server.Mode("take")
	o.Pass(time.Hour)
	if got := o.Turn(t); len(got) != 0 {
		t.Errorf("it was sent again: %d", len(got))
	}
	for _, m := range mustLog(t, n) {
		if strings.Contains(string(m.Items)+m.Event+m.Code, "@mofa.example") {
			t.Errorf("the list of messages has an address: %+v", m)
		}
	}
}

func mustLog(t *testing.T, n *node.Node) []struct {
	Items       []byte
	Event, Code string
} {
	t.Helper()
	all, err := n.MailLog(n.Operator())
	if err != nil {
		t.Fatal(err)
	}
	var out []struct {
		Items       []byte
		Event, Code string
	}
	for i := range all {
		out = append(out, struct {
			Items       []byte
			Event, Code string
		}{all[i].Items, all[i].Event, all[i].Code})
	}
	return out
}

func FuzzReadReport(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nA: b\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <a@b>\r\n\r\n--b--\r\n"))
	f.Add([]byte("Content-Type: text/plain\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := mail.ReadReport(bytes.NewReader(raw))
		if err == nil && (r.MessageID == "" || len(r.MessageID) > 200 || !strings.HasPrefix(r.Status, "5.")) {
			t.Errorf("%+v", r)
		}
	})
}
