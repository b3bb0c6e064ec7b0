package portal

import (
	"bytes"
	"html"
	"net/http"

	"jisr"
)

// Every form of a page carries a token of the session, put in where the page is sent, so that no template can forget it. A
// browser that says where a request came from (Fetch metadata, Origin) has said enough and [site.guard] has held it to that; one
// that says nothing has to bring the token.

const tokenField = "form_token"

// withTokens puts the token into every form of a page that posts. Templates escape ">" in attributes, so the first one ends
// the tag.
func withTokens(page []byte, token string) []byte {
	const open = "<form"
	if !bytes.Contains(page, []byte(open)) {
		return page
	}
	field := []byte(`<input type="hidden" name="` + tokenField + `" value="` + html.EscapeString(token) + `"/>`)
	var out bytes.Buffer
	out.Grow(len(page) + 8*len(field))
	for {
		i := bytes.Index(page, []byte(open))
		if i < 0 {
			break
		}
		end := bytes.IndexByte(page[i:], '>')
		if end < 0 {
			break
		}
		tag := page[i : i+end+1]
		out.Write(page[:i+end+1])
		if bytes.Contains(tag, []byte(`method="post"`)) {
			out.Write(field)
		}
		page = page[i+end+1:]
	}
	out.Write(page)
	return out.Bytes()
}

// ofThisSession refuses a form without the token of this session where the browser does not say where it came from. Who is
// not signed in has nothing that a form could be made to do for it.
func (s *site) ofThisSession(r *request) error {
	if r.caller.Account == "" {
		return nil
	}
	if saysWhereFrom(r.Request) { // who signed in anew meanwhile keeps what was written
		return nil
	}
	if s.node.CheckForm(r.caller, r.PostForm.Get(tokenField)) != nil {
		return jisr.Refuse(jisr.Lapsed, "form")
	}
	return nil
}

// saysWhereFrom tells whether the browser said from which page the request came: the guard has answered what it says came
// from elsewhere, with a page that does nothing.
func saysWhereFrom(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "none" || site == "" && r.Header.Get("Origin") != ""
}
