package portal

import (
	"net/http"
)

// policy is the content security policy: everything comes from here, nothing runs or styles inline, nobody
// frames a page, forms go nowhere else (CSP level 3).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'none'"

// guard puts on every answer what keeps pages apart from other sites, and refuses what other sites make a
// browser send. The demo's nodes share a host name and differ by port: requests between them are of one site
// but not of one origin, and are refused too.
func (s *site) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handler(s.languageOf(r), route{access: anybody, serve: (*site).foreign}).ServeHTTP(w, r)
	}))
	same := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store") // what officials read is kept nowhere; assets say otherwise
		same.ServeHTTP(w, r)
	})
}
