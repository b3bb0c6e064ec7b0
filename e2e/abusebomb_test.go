package e2e_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mostGrowth is how much more memory a node may take at the worst moment of an attack. Bodies and
// files of an attack are larger.
const mostGrowth = 128 << 20

// bounded carries out an attack and holds the node to its memory meanwhile.
func (p *peer) bounded(t *testing.T, what string, attack func()) {
	t.Helper()
	process := fmt.Sprint("/proc/", p.cmd.Process.Pid)
	if err := os.WriteFile(process+"/clear_refs", []byte("5"), 0); err != nil { // Linux proc(5): the peak is counted anew
		t.Skipf("this system does not count a peak anew: %v", err)
	}
	before := residentPeak(t, process)
	attack()
	if growth := residentPeak(t, process) - before; growth > mostGrowth {
		t.Errorf("%s: the node takes %d MB more", what, growth>>20)
	}
	p.alive(t)
}

func residentPeak(t *testing.T, process string) int64 {
	t.Helper()
	text, err := os.ReadFile(process + "/status")
	if err != nil {
		t.Fatalf("the node is gone: %v", err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(between(string(text), "VmHWM:", "kB")), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// refusedWith looks whether an attack was refused, or its connection closed.
func refusedWith(t *testing.T, what string, a got, err error, statuses ...int) {
	t.Helper()
	var broken *net.OpError
	if err != nil && (errors.As(err, &broken) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE) || strings.Contains(err.Error(), "broken")) {
		return
	}
	if err != nil || !slices.Contains(statuses, a.status) {
		t.Errorf("%s: %d %v %.200s", what, a.status, err, a.body)
	}
}

// endless is a body that goes on as long as it is read: 2 GiB, far above every bound.
func endless(unit string) io.Reader {
	return io.LimitReader(&repeating{unit: []byte(unit)}, 2<<30)
}

type repeating struct {
	unit []byte
	at   int
}

func (r *repeating) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], r.unit[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.unit)
	}
	return n, nil
}

// attackHeaders sends headers that never end, too many of them, and some that say two things.
func attackHeaders(t *testing.T, g *target) {
	address := strings.TrimPrefix(g.iq.url, "http://")
	for name, request := range map[string]io.Reader{
		"a long header":        io.MultiReader(strings.NewReader("GET /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "), endless("a")),
		"many headers":         io.MultiReader(strings.NewReader("GET /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n"), endless("X-A: b\r\n")),
		"a long request line":  io.MultiReader(strings.NewReader("GET /"), endless("a")),
		"many cookies":         io.MultiReader(strings.NewReader("GET /en/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: "), endless("jisr-iq=a; ")),
		"two lengths":          strings.NewReader("POST /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"),
		"a length in words":    strings.NewReader("POST /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: +5\r\n\r\nabcde"),
		"an unknown transfer":  strings.NewReader("POST /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\nabcde"),
		"a split header":       strings.NewReader("GET /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nX : a\r\n\r\n"),
		"no host":              strings.NewReader("GET /en/sign-in HTTP/1.1\r\n\r\n"),
		"two hosts":            strings.NewReader("GET /en/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n"),
		"the first of HTTP/2":  strings.NewReader("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		"a line feed in a URL": strings.NewReader("GET /en/\x0b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
	} {
		g.iq.bounded(t, name, func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(15 * time.Second))
			io.Copy(conn, request) // ends when the node has closed
			answer := make([]byte, 12)
			n, _ := io.ReadFull(conn, answer)
			if said := string(answer[:n]); n == 12 && !strings.HasPrefix(said, "HTTP/1.1 4") && !strings.HasPrefix(said, "HTTP/1.1 5") {
				t.Errorf("%s: %q", name, said)
			}
		})
	}
}

// attackForms posts forms that are too large, have too many fields or parts, or are made to be slow to read.
func attackForms(t *testing.T, g *target) {
	session := g.iq.signIn(t, g.drafter)
	header := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": g.iq.url, "Sec-Fetch-Site": "same-origin"}
	parts := map[string]string{"Content-Type": "multipart/form-data; boundary=b", "Origin": g.iq.url, "Sec-Fetch-Site": "same-origin"}
	part := "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nv\r\n"
	for _, f := range []struct {
		name   string
		body   io.Reader
		header map[string]string
	}{
		{"an endless field", endless("text_ar=aaaa"), header},
		{"endless fields", endless("a=b&"), header},
		{"endless parts", endless(part), parts},
		{"an endless part's header", endless("--b\r\nX: aaaaaaaaaaaaaaaaaaa"), parts},
		{"files of nothing", endless("--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"y\"\r\n\r\nv\r\n"), parts},
		{"no boundary", endless(part), map[string]string{"Content-Type": "multipart/form-data", "Origin": g.iq.url}},
	} {
		for who, c := range map[string]*http.Cookie{"an official": session, "nobody": nil} {
			for _, path := range []string{"/en/sign-in", "/en/notes/new"} {
				g.iq.bounded(t, f.name, func() {
					a, err := g.iq.tryShoot(shot{method: "POST", path: path, session: c, body: io.LimitReader(f.body, 64<<20), header: f.header})
					if err == nil && a.status == http.StatusSeeOther && c == nil && path != "/en/sign-in" {
						return // sent to sign in before the form was read
					}
					refusedWith(t, f.name+" of "+who+" to "+path, a, err, 400, 401, 403, 413, 422)
				})
			}
		}
	}
}

// attackBodies sends programs' bodies that are too large, too deep, too long in one line, or say that they are small.
func attackBodies(t *testing.T, g *target) {
	id, typ, _ := g.programme(t)
	records := "/api/v1/forums/iq-sy/programmes/" + id + "/records/" + typ
	small := func(text string) io.Reader { return strings.NewReader(text) }
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.CopyN(z, endless(`{"kind":`), 64<<20)
	z.Close()
	for name, s := range map[string]shot{
		"a deep note":             {path: "/api/v1/forums/iq-sy/notes", body: small(strings.Repeat(`{"subject":`, 20_000))},
		"a deep list":             {path: "/api/v1/forums/iq-sy/notes", body: small(`{"to":` + strings.Repeat("[", 100_000))},
		"an endless note":         {path: "/api/v1/forums/iq-sy/notes", body: io.MultiReader(small(`{"kind":"`), endless("a"))},
		"a packed note":           {path: "/api/v1/forums/iq-sy/notes", body: bytes.NewReader(packed.Bytes()), header: map[string]string{"Content-Encoding": "gzip"}},
		"a number without end":    {path: "/api/v1/forums/iq-sy/notes", body: small(`{"kind":1e` + strings.Repeat("9", 100_000) + `}`)},
		"an endless official":     {path: "/api/v1/officials", body: endless(`{"id":"a",`)},
		"a deep annex":            {path: "/api/v1/forums/iq-sy/programmes", body: small(`{"annex":` + strings.Repeat(`{"a":`, 9_000) + "1" + strings.Repeat("}", 9_000) + `}`)},
		"an endless annex":        {path: "/api/v1/forums/iq-sy/programmes", body: io.MultiReader(small(`{"annex":"`), endless("a"))},
		"a deep record":           {path: records, body: small("[" + strings.Repeat(`{"a":`, 9_000) + "1" + strings.Repeat("}", 9_000) + "]")},
		"endless records":         {path: records, body: io.MultiReader(small("["), endless(`{"a":1},`))},
		"a line without end":      {path: records, body: io.MultiReader(small(`{"a":"`), endless("a")), header: map[string]string{"Content-Type": "application/x-ndjson"}},
		"lines without end":       {path: records, body: endless("{}\n"), header: map[string]string{"Content-Type": "application/x-ndjson"}},
		"a table without end":     {path: records, body: endless("a,b\n"), header: map[string]string{"Content-Type": "text/csv"}},
		"a cell without end":      {path: records, body: io.MultiReader(small(`"`), endless("a")), header: map[string]string{"Content-Type": "text/csv"}},
		"a heading without end":   {path: records, body: endless("a,"), header: map[string]string{"Content-Type": "text/csv"}},
		"a step without end":      {path: "/api/v1/forums/iq-sy/agreements/" + g.agreement(t) + "/steps", body: io.MultiReader(small(`{"x":"`), endless("a"))},
		"a file without end":      {path: "/api/v1/forums/iq-sy/agreements/" + g.agreement(t) + "/import", body: endless("a\n"), header: map[string]string{"Content-Type": "text/plain"}},
		"an upload of 9 EB":       {path: "/api/v1/attachments", header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": strconv.Itoa(math.MaxInt64), "Upload-Metadata": "filename YQ=="}},
		"an upload of a negative": {path: "/api/v1/attachments", header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "-1", "Upload-Metadata": "filename YQ=="}},
		"long metadata":           {path: "/api/v1/attachments", header: map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "1", "Upload-Metadata": strings.Repeat("a YQ==,", 3000)}},
	} {
		s.method, s.token = "POST", g.iq.token
		if s.header["Content-Type"] == "" && s.header["Tus-Resumable"] == "" {
			s.header = map[string]string{"Content-Type": "application/json", "Content-Encoding": s.header["Content-Encoding"]}
		}
		g.iq.bounded(t, name, func() {
			a, err := g.iq.tryShoot(s)
			refusedWith(t, name, a, err, 400, 403, 404, 409, 413, 414, 415, 422, 431)
		})
	}
	if a := g.iq.shoot(t, shot{method: "POST", path: records, token: g.iq.token, body: small("[{}]"), header: map[string]string{"Content-Type": "application/json"}}); a.status == http.StatusNotFound {
		t.Errorf("records have no address %s: this attacks nothing", records)
	}
}

// programme finds a programme in force, a type of its records and a field.
func (g *target) programme(t *testing.T) (id, typ, field string) {
	t.Helper()
	var list struct{ Items []struct{ ID string } }
	if _, err := g.iq.call("GET", "/api/v1/forums/iq-sy/programmes", nil, nil, &list); err != nil || len(list.Items) == 0 {
		t.Fatalf("no programme: %v", err)
	}
	var one struct {
		Annex struct {
			Records map[string]struct {
				Schema struct{ Properties map[string]json.RawMessage }
			}
		}
	}
	if _, err := g.iq.call("GET", "/api/v1/forums/iq-sy/programmes/"+list.Items[0].ID, nil, nil, &one); err != nil {
		t.Fatal(err)
	}
	for typ, r := range one.Annex.Records {
		for field, schema := range r.Schema.Properties {
			if strings.Contains(string(schema), `"type":"string"`) {
				return list.Items[0].ID, typ, field
			}
		}
	}
	t.Fatalf("programme %s has no field of text", list.Items[0].ID)
	return
}

// agreement finds an agreement.
func (g *target) agreement(t *testing.T) string {
	t.Helper()
	var list struct{ Items []struct{ ID string } }
	if _, err := g.iq.call("GET", "/api/v1/forums/iq-sy/agreements", nil, nil, &list); err != nil || len(list.Items) == 0 {
		t.Fatalf("no agreement: %v", err)
	}
	return list.Items[0].ID
}

// zipped packs parts; a part of zeros is written as long as it is said to be.
func zipped(t *testing.T, parts map[string]io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, r := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.Copy(w, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// attackDocuments sends workbooks and texts that unpack to what no memory holds, and ones that ask for files of the machine.
func attackDocuments(t *testing.T, g *target) {
	const book = `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>`
	const rels = `<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>`
	const secret = "/etc/passwd"
	sheet := func(doctype, cell string) io.Reader {
		return strings.NewReader(doctype + `<worksheet><sheetData><row><c t="str"><v>a</v></c></row><row><c t="str"><v>` + cell + `</v></c></row></sheetData></worksheet>`)
	}
	text := func(doctype, run string) io.Reader {
		return strings.NewReader(doctype + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>` + run + `</w:t></w:r></w:p></w:body></w:document>`)
	}
	zeros := func() io.Reader {
		return io.MultiReader(strings.NewReader("<worksheet><sheetData><row><c><v>"), io.LimitReader(&repeating{unit: []byte(" ")}, 64<<20))
	}
	laughs := `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	external := `<!DOCTYPE x [<!ENTITY e SYSTEM "file://` + secret + `">]>`
	outside := `<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">`
	id, typ, field := g.programme(t)
	preview := func(file []byte) got {
		body, _ := json.Marshal(map[string]any{"columns": map[string]any{"format": "xlsx", "record": typ, "fields": map[string]any{field: map[string]any{"from": []string{"a"}}}}, "data": base64.StdEncoding.EncodeToString(file)})
		return g.iq.shoot(t, shot{method: "POST", path: "/api/v1/forums/iq-sy/programmes/" + id + "/records/" + typ + "/preview", token: g.iq.token, body: bytes.NewReader(body), header: map[string]string{"Content-Type": "application/json"}})
	}
	read := func(file []byte) got {
		return g.iq.shoot(t, shot{method: "POST", path: "/api/v1/forums/iq-sy/agreements/" + g.agreement(t) + "/import?language=en", token: g.iq.token, body: bytes.NewReader(file), header: map[string]string{"Content-Type": "application/octet-stream"}})
	}
	workbook := func(part io.Reader) []byte {
		return zipped(t, map[string]io.Reader{"xl/workbook.xml": strings.NewReader(book), "xl/_rels/workbook.xml.rels": strings.NewReader(rels), "xl/worksheets/sheet1.xml": part})
	}
	document := func(part io.Reader) []byte {
		return zipped(t, map[string]io.Reader{"word/document.xml": part, "[Content_Types].xml": strings.NewReader("<Types/>")})
	}
	many := map[string]io.Reader{}
	for i := range 70_000 {
		many[fmt.Sprint(i)] = strings.NewReader("")
	}
	crowd := zipped(t, many)
	if a := preview(workbook(sheet("", "honest cell"))); a.status != http.StatusOK || !strings.Contains(a.body, "honest cell") {
		t.Fatalf("an honest workbook: %d %.300s", a.status, a.body)
	}
	if a := read(document(text("", "honest text"))); a.status != http.StatusOK || !strings.Contains(a.body, "honest text") {
		t.Fatalf("an honest text: %d %.300s", a.status, a.body)
	}
	for name, send := range map[string]func() got{
		"a workbook that unpacks to 64 MB": func() got { return preview(workbook(zeros())) },
		"a workbook with an entity":        func() got { return preview(workbook(sheet(external, "&e;"))) },
		"a workbook that laughs":           func() got { return preview(workbook(sheet(laughs, "&b;"))) },
		"a workbook with an outside DTD":   func() got { return preview(workbook(sheet(outside, "&e;"))) },
		"a workbook of 70,000 parts":       func() got { return preview(crowd) },
		"a text that unpacks to 64 MB":     func() got { return read(document(zeros())) },
		"a text with an entity":            func() got { return read(document(text(external, "&e;"))) },
		"a text that laughs":               func() got { return read(document(text(laughs, "&b;"))) },
		"a text with an outside DTD":       func() got { return read(document(text(outside, "&e;"))) },
		"a text of 70,000 parts":           func() got { return read(crowd) },
	} {

		g.iq.bounded(t, name, func() {
			if a := send(); a.status != http.StatusUnprocessableEntity && a.status != http.StatusRequestEntityTooLarge && a.status != http.StatusBadRequest || strings.Contains(a.body, "root:") || strings.Contains(a.body, "haha") {
				t.Errorf("%s: %d %.300s", name, a.status, a.body)
			} else if strings.Contains(name, "64 MB") && !strings.Contains(a.body, `"too-long"`) {
				t.Errorf("%s was unpacked to its end: %.300s", name, a.body)
			}
		})
	}
}
