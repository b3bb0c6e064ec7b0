package portal

import (
	"net/http"
	"slices"

	"jisr"
	"jisr/node"
)

// route is one address under /{language}. Access says who is let in before the page looks closer.
type route struct {
	method string
	path   string
	access access
	serve  func(*site, *request) (*answer, error)
}

type access int

const (
	official access = iota // signed in
	anybody
)

// routes is the whole table of addresses. A change of anything is a POST, which ends in a redirect to the page
// that shows it; what cannot be taken back is asked first on a page of its own (the GET of the same address).
func routes() []route {
	return slices.Concat(doorRoutes(), custodyRoutes(), noteRoutes(), meetingRoutes(), statementRoutes(), agreementRoutes(), programmeRoutes(), houseRoutes())
}

// custodyRoutes are whose a joint thing is in the house, whatever its noun.
func custodyRoutes() []route {
	const at = "/custody/{forum}/{noun}/{id}"
	return []route{
		{"GET", at, official, (*site).custody},
		{"POST", at + "/{verb}", official, (*site).changeCustody},
	}
}

// doorRoutes are how one comes in, and what is one's own.
func doorRoutes() []route {
	return []route{
		{"GET", "/sign-in", anybody, (*site).signInForm},
		{"POST", "/sign-in", anybody, (*site).signIn},
		{"POST", "/sign-in/passkey", anybody, (*site).signInByPasskey},
		{"GET", "/sign-in/provider", anybody, (*site).toProvider},
		{"POST", "/sign-out", anybody, (*site).signOut},
		{"GET", "/enrol", anybody, (*site).enrolForm},
		{"POST", "/enrol", anybody, (*site).enrol},
		{"POST", "/enrol/passkey", anybody, (*site).enrolled},
		{"POST", "/enrol/provider", anybody, (*site).linkProvider},
		{"GET", "/access", official, (*site).access},
		{"POST", "/access/passkeys", official, (*site).enrolOwn},
		{"POST", "/access/passkeys/end", official, (*site).revokePasskey},
		{"POST", "/access/sessions/end", official, (*site).endSession},
		{"GET", "/notices", official, (*site).notices},
		{"POST", "/notices/mail", official, (*site).saveMail},
		{"POST", "/notices/mail/confirm", official, (*site).confirmMail},
		{"POST", "/notices/mail/stop", official, (*site).stopMail},
		{"POST", "/notices/calendar/new", official, (*site).renewFeed},
		{"GET", "/notices/calendar/{step}", official, (*site).askFeed},
		{"POST", "/notices/calendar/renew", official, (*site).renewFeed},
		{"POST", "/notices/calendar/end", official, (*site).endFeed},
	}
}

// noteRoutes are Today, notes, the record and the forum.
func noteRoutes() []route {
	const draft, note, act = "/drafts/{id}", "/notes/{forum}/{id}", "/record/{forum}/{member}/{index}"
	return []route{
		{"GET", "/{$}", official, (*site).today},
		{"GET", "/search", official, (*site).find},
		{"GET", "/notes", official, (*site).notes},
		{"GET", "/notes/new", official, (*site).newDraft},
		{"POST", "/notes/new", official, (*site).saveNew},
		{"GET", draft, official, (*site).draft},
		{"GET", draft + "/edit", official, (*site).editDraft},
		{"POST", draft + "/edit", official, (*site).saveDraft},
		{"GET", draft + "/files/{n}", official, (*site).draftFile},
		{"POST", draft + "/clear", official, (*site).clear},
		{"GET", draft + "/release", official, (*site).askRelease},
		{"POST", draft + "/release", official, (*site).release},
		{"GET", draft + "/return", official, (*site).askReturn},
		{"POST", draft + "/return", official, (*site).returnDraft},
		{"GET", draft + "/discard", official, (*site).askDiscard},
		{"POST", draft + "/discard", official, (*site).discard},
		{"GET", note, official, (*site).note},
		{"POST", note + "/open", official, (*site).open},
		{"GET", note + "/withdraw", official, (*site).askWithdraw},
		{"POST", note + "/withdraw", official, (*site).withdraw},
		{"GET", note + "/no-answer-needed", official, (*site).askClose},
		{"POST", note + "/no-answer-needed", official, (*site).close},
		{"GET", note + "/files/{n}", official, (*site).noteFile},
		{"GET", note + "/pdf", official, (*site).notePaper},
		{"GET", "/record", official, (*site).record},
		{"GET", act, official, (*site).act},
		{"GET", act + "/entry", official, (*site).actEntry},
		{"GET", act + "/proof", official, (*site).actProof},
		{"GET", act + "/tlog-proof", official, (*site).actTlogProof},
		{"GET", "/forum", official, (*site).forum},
		{"POST", "/forum/members/{member}/try", official, (*site).tryLink},
		{"GET", "/forum/letter", official, (*site).letter},
		{"GET", "/forum/evidence/{n}", official, (*site).evidence},
	}
}

// meetingRoutes are bodies, their sessions, and commitments.
func meetingRoutes() []route {
	return []route{
		{"GET", "/relations/{forum}/{member}", official, (*site).relation},
		{"GET", "/commitments", official, (*site).commitments},
		{"GET", "/commitments/new", official, (*site).newCommitment},
		{"GET", "/commitments/sheet", official, (*site).commitmentsSheet},
		{"POST", "/commitments/new", official, (*site).saveCommitment},
		{"GET", "/commitments/{forum}/{id}", official, (*site).commitment},
		{"GET", "/commitments/{forum}/{id}/propose", official, (*site).counterCommitment},
		{"POST", "/commitments/{forum}/{id}/propose", official, (*site).saveCounter},
		{"POST", "/commitments/{forum}/{id}/{verb}", official, (*site).sayCommitment},
		{"GET", "/files/{forum}/{noun}/{id}/{member}/{index}/{n}", official, (*site).thingFile},
		{"GET", "/meetings", official, (*site).meetings},
		{"GET", "/meetings/{forum}/{id}", official, (*site).meeting},
		{"GET", "/meetings/{forum}/{id}/edit", official, (*site).editMinutes},
		{"POST", "/meetings/{forum}/{id}/edit", official, (*site).saveParagraph},
		{"POST", "/meetings/{forum}/{id}/{verb}", official, (*site).sayMeeting},
		{"POST", "/meetings/{forum}/{id}/minutes/{verb}", official, (*site).sayMinutes},
		{"GET", "/bodies/{forum}/{id}", official, (*site).body},
		{"GET", "/bodies/{forum}/{id}/minutes", official, (*site).series},
		{"GET", "/meetings/{forum}/{id}/file", official, (*site).sessionFile},
		{"GET", "/meetings/{forum}/{id}/papers/{form}", official, (*site).sessionPaper},
		{"GET", "/bodies/new", official, (*site).newBody},
		{"POST", "/bodies/new", official, (*site).saveBody},
		{"GET", "/bodies/{forum}/{id}/rules", official, (*site).rules},
		{"POST", "/bodies/{forum}/{id}/rules", official, (*site).saveRules},
		{"POST", "/bodies/{forum}/{id}/agree", official, (*site).agreeBody},
		{"POST", "/bodies/{forum}/{id}/meet", official, (*site).meet},
		{"POST", "/bodies/{forum}/{id}/{verb}", official, (*site).sayBody},
	}
}

// statementRoutes are joint statements, and what sides say alone.
func statementRoutes() []route {
	const statement, readout = "/statements/{forum}/{id}", "/readouts/{forum}/{id}"
	return []route{
		{"GET", "/statements", official, (*site).statements},
		{"GET", "/statements/new", official, (*site).newStatement},
		{"POST", "/statements/new", official, (*site).saveStatement},
		{"GET", statement, official, (*site).statement},
		{"GET", statement + "/edit", official, (*site).editPassage},
		{"POST", statement + "/edit", official, (*site).savePassage},
		{"GET", statement + "/pdf", official, (*site).statementPaper},
		{"GET", statement + "/readout", official, (*site).newReadout},
		{"POST", statement + "/readout", official, (*site).saveReadout},
		{"GET", statement + "/pictures/{picture}", official, (*site).picture},
		{"POST", statement + "/pictures", official, (*site).addPicture},
		{"POST", statement + "/pictures/{picture}/withdraw", official, (*site).withdrawPicture},
		{"POST", statement + "/{verb}", official, (*site).sayStatement},
		{"GET", "/comments", official, (*site).comments},
		{"POST", "/comments/{verb}", official, (*site).moderate},
		{"GET", readout, official, (*site).readout},
		{"POST", readout + "/withdraw", official, (*site).withdrawReadout},
	}
}

// agreementRoutes are agreements, full powers, and what is prepared about them.
func agreementRoutes() []route {
	const agreement, outgoing = "/agreements/{forum}/{id}", "/outgoing/{id}"
	return []route{
		{"GET", agreement + "/papers/{form}", official, (*site).agreementPaper},
		{"GET", agreement + "/proof", official, (*site).agreementProof},
		{"GET", "/agreements", official, (*site).agreements},
		{"GET", "/agreements/new", official, (*site).askBegin},
		{"POST", "/agreements/new", official, (*site).begin},
		{"GET", agreement, official, (*site).agreement},
		{"GET", agreement + "/text", official, (*site).agreementText},
		{"GET", agreement + "/text/edit", official, (*site).editText},
		{"POST", agreement + "/text/edit", official, (*site).saveText},
		{"GET", agreement + "/text/import", official, (*site).askImport},
		{"POST", agreement + "/text/import", official, (*site).importText},
		{"GET", agreement + "/bracket", official, (*site).askBracket},
		{"POST", agreement + "/bracket", official, (*site).bracket},
		{"GET", agreement + "/say/{verb}", official, (*site).askSay},
		{"POST", agreement + "/say/{verb}", official, (*site).say},
		{"GET", agreement + "/mandates/new", official, (*site).askEmpower},
		{"POST", agreement + "/mandates/new", official, (*site).empower},
		{"POST", agreement + "/mandates/{mandate}/verify", official, aboutMandate(jisr.KindMandateVerify)},
		{"POST", agreement + "/mandates/{mandate}/revoke", official, aboutMandate(jisr.KindMandateRevoke)},
		{"POST", agreement + "/domestic", official, (*site).moveDomestic},
		{"POST", agreement + "/domestic/plan", official, (*site).planDomestic},
		{"GET", outgoing, official, (*site).outgoing},
		{"GET", outgoing + "/text", official, (*site).outgoingText},
		{"POST", outgoing + "/clear", official, outgoingDo(func(id jisr.ThingID, o *jisr.Outgoing, r *request) node.Command {
			return node.ClearStep{ID: id, Version: versionOf(r)}
		})},
		{"POST", outgoing + "/return", official, outgoingDo(func(id jisr.ThingID, o *jisr.Outgoing, r *request) node.Command {
			return node.ReturnStep{ID: id, Version: versionOf(r), Reason: reasonOf(r)}
		})},
		{"POST", outgoing + "/release", official, outgoingDo(func(id jisr.ThingID, o *jisr.Outgoing, r *request) node.Command {
			return node.ReleaseStep{ID: id, Version: versionOf(r), Kind: o.Kind}
		})},
		{"POST", outgoing + "/discard", official, outgoingDo(func(id jisr.ThingID, o *jisr.Outgoing, r *request) node.Command {
			return node.DiscardStep{ID: id, Version: versionOf(r)}
		})},
	}
}

// programmeRoutes are programmes, their annexes and their records.
func programmeRoutes() []route {
	const one, records = "/programmes/{forum}/{id}", "/programmes/{forum}/{id}/records/{type}"
	return []route{
		{"GET", "/programmes", official, (*site).programmes},
		{"GET", one, official, (*site).programme},
		{"GET", one + "/annex", official, (*site).annex},
		{"GET", one + "/annex/document", official, (*site).annexDocument},
		{"GET", records, official, (*site).records},
		{"GET", records + "/export/{form}", official, (*site).exportRecords},
		{"GET", records + "/upload", official, (*site).askTable},
		{"POST", records + "/upload", official, (*site).takeTable},
		{"GET", records + "/upload/{upload}", official, (*site).preview},
		{"POST", records + "/upload/{upload}", official, (*site).sendTable},
		{"GET", records + "/new", official, (*site).askRecord},
		{"POST", records + "/new", official, (*site).sendRecord},
		{"GET", records + "/one/{record}", official, (*site).oneRecord},
		{"GET", records + "/one/{record}/correct", official, (*site).askCorrection},
		{"GET", records + "/one/{record}/files/{sum}", official, (*site).recordFile},
		{"POST", records + "/one/{record}/correct", official, (*site).correctRecord},
		{"POST", records + "/one/{record}/{verb}", official, (*site).sayRecord},
	}
}

// houseRoutes are what administrators and auditors see to.
func houseRoutes() []route {
	return []route{
		{"GET", "/house", official, (*site).house},
		{"GET", "/house/posts", official, (*site).posts},
		{"GET", "/house/desks", official, (*site).desks},
		{"GET", "/house/tokens", official, (*site).tokens},
		{"GET", "/house/posts/new", official, (*site).newAccount},
		{"GET", "/house/desks/new", official, (*site).newAccount},
		{"GET", "/house/tokens/new", official, (*site).newAccount},
		{"POST", "/house/posts/new", official, (*site).saveNewAccount},
		{"POST", "/house/desks/new", official, (*site).saveNewAccount},
		{"POST", "/house/tokens/new", official, (*site).saveNewAccount},
		{"GET", "/house/posts/{id}", official, (*site).editAccount},
		{"GET", "/house/desks/{id}", official, (*site).editAccount},
		{"GET", "/house/tokens/{id}", official, (*site).editAccount},
		{"POST", "/house/posts/{id}", official, (*site).saveAccount},
		{"POST", "/house/desks/{id}", official, (*site).saveAccount},
		{"POST", "/house/tokens/{id}", official, (*site).saveAccount},
		{"GET", "/house/posts/{id}/end", official, (*site).askEnd},
		{"GET", "/house/tokens/{id}/end", official, (*site).askEnd},
		{"POST", "/house/posts/{id}/end", official, (*site).end},
		{"POST", "/house/tokens/{id}/end", official, (*site).end},
		{"GET", "/house/posts/{id}/hand-over", official, (*site).askHandOver},
		{"POST", "/house/posts/{id}/hand-over", official, (*site).handOver},
		{"GET", "/house/posts/{id}/{step}", official, (*site).askEntry},
		{"POST", "/house/posts/{id}/{step}", official, (*site).doEntry},
		{"POST", "/house/posts/{id}/sessions/end", official, (*site).endPostSession},
		{"POST", "/house/posts/{id}/passkeys/end", official, (*site).endPostPasskey},
		{"GET", "/house/policies", official, (*site).policies},
		{"GET", "/house/policies/propose", official, (*site).newPolicies},
		{"POST", "/house/policies/propose", official, (*site).proposePolicies},
		{"GET", "/house/policies/{number}/approve", official, (*site).askApprove},
		{"POST", "/house/policies/{number}/approve", official, (*site).approve},
		{"GET", "/house/policies/{number}/withdraw", official, (*site).askWithdrawal},
		{"POST", "/house/policies/{number}/withdraw", official, (*site).withdrawProposal},
		{"GET", "/house/audit", official, (*site).audit},
		{"GET", "/house/audit/export", official, (*site).exportAudit},
	}
}

// mux puts the table under each language. What matches nothing is a page that says so.
func (s *site) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, lang := range s.langs {
		for _, rt := range routes() {
			mux.Handle(rt.method+" /"+lang+rt.path, s.handler(lang, rt))
		}
		mux.Handle("GET /"+lang+"/events", s.events(lang))
		mux.Handle("/"+lang+"/", s.handler(lang, route{access: anybody, serve: (*site).nowhere}))
	}
	mux.HandleFunc("GET /sign-in/callback", s.backFromProvider)
	mux.HandleFunc("GET /dist/", s.asset)
	mux.HandleFunc("GET /favicon.ico", s.favicon)
	mux.HandleFunc("GET /{$}", s.toLanguage)
	mux.HandleFunc("/", s.elsewhere)
	return mux
}

// toLanguage sends the bare address to the language the reader used last, else to the first of those the
// browser asks for that we have, else to Arabic.
func (s *site) toLanguage(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/"+s.languageOf(r)+"/", http.StatusSeeOther)
}

// elsewhere is what lies under no language: a page in the reader's.
func (s *site) elsewhere(w http.ResponseWriter, r *http.Request) {
	s.handler(s.languageOf(r), route{access: anybody, serve: (*site).nowhere}).ServeHTTP(w, r)
}

func (s *site) languageOf(r *http.Request) string {
	if c, err := r.Cookie(s.languageCookie()); err == nil {
		if slices.Contains(s.langs, c.Value) {
			return c.Value
		}
	}
	return s.words.Accept(r.Header.Get("Accept-Language")).Tag()
}
