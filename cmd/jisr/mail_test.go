package main

import (
	"os/exec"
	"strings"
	"testing"

	"jisr"
	"jisr/mail/mailtest"
)

func TestAnOfficialIsInvitedToAMeetingItChangesAndIsCancelled(t *testing.T) {
	o := mailtest.Open(t, "none")
	o.Mail.Invite = invitation("iq.jisr.example")
	o.Chooses(t, jisr.NotifyTerms{Invite: true})
	posts := map[jisr.MemberID]jisr.Office{}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		posts[m] = jisr.Office{Member: m, Desk: "mofa", Name: jisr.Text{"ar": "أمين السر"}}
	}
	sy, iq := o.As("sy"), o.As("iq")
	body := sy.Says(jisr.KindBodyPropose, "", jisr.BodyTerms{Title: jisr.Text{"en": "Committee"}, Level: jisr.TechnicalLevel, Members: []jisr.MemberID{"iq", "sy"}, Chairs: posts, Secretaries: posts,
		Procedure: jisr.Procedure{Code: "JWC", Rotation: []jisr.MemberID{"iq", "sy"}}}, nil)
	iq.SeesThing(body, jisr.BodyProposed).Says(jisr.KindBodyAgree, body, jisr.AgreeTerms{Hash: iq.Body(body).Proposals[0].Hash}, nil)
	sy.SeesThing(body, jisr.BodyStands)
	meets := func(begins string) jisr.ThingID {
		id := sy.Says(jisr.KindMeetingPropose, "", jisr.MeetingTerms{Body: body, Session: 1, Title: jisr.Text{"en": "Dams"}, Begins: begins, Zone: "Asia/Baghdad", Mode: jisr.InPerson}, nil)
		sy.Done()
		o.Until("the proposal is here", func() bool { m := iq.Meeting(id); return m != nil && m.Begins == begins })
		iq.Says(jisr.KindMeetingAgree, id, jisr.AgreeTerms{Hash: iq.Meeting(id).Live}, nil)
		iq.SeesThing(id, string(jisr.DateAgreed)).Done()
		return id
	}
	id := sy.Says(jisr.KindMeetingPropose, "", jisr.MeetingTerms{Body: body, Session: 1, Title: jisr.Text{"en": "Dams"}, Begins: "2026-12-15T10:00:00+03:00", Zone: "Asia/Baghdad", Mode: jisr.InPerson}, nil)
	o.Until("the proposal is here", func() bool { return iq.Meeting(id) != nil })
	if got := o.Turn(t); len(got) != 0 {
		t.Errorf("to a day that is only proposed: %d", len(got))
	}
	iq.Says(jisr.KindMeetingAgree, id, jisr.AgreeTerms{Hash: iq.Meeting(id).Live}, nil)
	iq.SeesThing(id, string(jisr.DateAgreed)).Done()
	first := one(t, o, "REQUEST", "20261215T070000Z")
	sy.Says(jisr.KindMeetingPostpone, id, jisr.Reason{Reason: "flood"}, nil)
	iq.SeesThing(id, string(jisr.Postponed)).Done()
	second := one(t, o, "CANCEL", "20261215T070000Z")
	meets("2027-01-20T09:00:00+03:00")
	third := one(t, o, "REQUEST", "20270120T060000Z")
	if uid := field(first, "UID"); uid == "" || field(second, "UID") != uid || field(third, "UID") != uid {
		t.Errorf("the meeting has the names %q, %q, %q", field(first, "UID"), field(second, "UID"), field(third, "UID"))
	}
	if a, b, c := field(first, "SEQUENCE"), field(second, "SEQUENCE"), field(third, "SEQUENCE"); !(a < b && b < c) && len(a) == len(c) {
		t.Errorf("its numbers are %s, %s, %s", a, b, c)
	}
	t.Log(first)
	if got := o.Turn(t); len(got) != 0 {
		t.Errorf("told again: %d", len(got))
	}
}

// one is the invitation in the one message of a turn.
func one(t *testing.T, o *mailtest.Office, method, begins string) string {
	t.Helper()
	got := o.Turn(t)
	if len(got) != 1 {
		t.Fatalf("%d invitations, want one to %s", len(got), method)
	}
	ics := strings.ReplaceAll(got[0].Invitation, "\r\n ", "")
	for _, want := range []string{"METHOD:" + method, "DTSTART:" + begins, "ORGANIZER;CN=Jisr:mailto:jisr@mofa.example", "mailto:" + mailtest.Address} {
		if !strings.Contains(ics, want) {
			t.Errorf("%q is not in\n%s", want, ics)
		}
	}
	cmd := exec.Command("/usr/bin/python3", "../../calendar/testdata/read.py", "2028-01-01")
	cmd.Stdin = strings.NewReader(got[0].Invitation)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("python3-icalendar: %v\n%s", err, out)
	}
	return ics
}

func field(ics, name string) string {
	for line := range strings.SplitSeq(ics, "\r\n") {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return v
		}
	}
	return ""
}
