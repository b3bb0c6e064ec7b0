package taxii

import (
	"net/http"
	"net/url"
	"testing"
)

// FuzzQuestion: whatever a tool asks is a question within bounds, or is refused.
func FuzzQuestion(f *testing.F) {
	f.Add("limit=3&added_after=2026-11-25T09:00:00.000000Z&match[type]=report,indicator&match[version]=all", "application/taxii+json;version=2.1")
	f.Add("next=eyJyIjoxfQ.2&match[id]=report--91a7b528-80eb-42ed-a74d-c6fbd5a26116", "*/*")
	f.Add("next=.-1&limit=99999999999999999999", "application/taxii+json; version=2.0, text/html;q=0.1")
	f.Fuzz(func(t *testing.T, query, accept string) {
		acceptable([]string{accept})
		c := &call{r: &http.Request{URL: &url.URL{RawQuery: query}}}
		q, err := c.question()
		if err != nil {
			return
		}
		if q.limit < 1 || q.limit > maxObjects || q.skip < 0 || len(q.ids)+len(q.types)+len(q.vers)+len(q.spc) > 4*maxMatches {
			t.Errorf("%q is %+v", query, q)
		}
	})
}
