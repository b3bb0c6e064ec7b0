package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

const chunk = "application/offset+octet-stream"

// A file goes up in pieces, with a cut and a wrong offset between them, crosses to the other side with a note, and
// comes down there as a whole and in ranges.
func TestAttachmentCrosses(t *testing.T) {
	w := newWorld(t)
	file := make([]byte, 3<<20+12345)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(file)
	name := "جدول الإطلاقات المائية.csv"
	at := w.begin(t, len(file), name, "text/csv")
	w.patch(t, at, 0, file[:1<<20], http.StatusNoContent)
	w.patch(t, at, 0, file[:10], http.StatusConflict)
	offset := w.cut(t, at, 1<<20, file[1<<20:])
	w.patch(t, at, offset, append(bytes.Clone(file[offset:]), 'x'), http.StatusRequestEntityTooLarge)
	id := at[strings.LastIndexByte(at, '/')+1:]
	early := w.ask(t, "iq direct", "POST", "/api/v1/forums/iq-sy/notes", with("attachments", `["`+id+`"]`))
	if p := problemOf(t, early); p.Kind != "unfinished" || p.Status != http.StatusConflict {
		t.Errorf("an unfinished file: %+v", p)
	}
	w.patch(t, at, offset, file[offset:], http.StatusNoContent)

	var note struct {
		ID, State   string
		Attachments []struct {
			Name, Type, URL string
			Size, Held      int
		}
	}
	sent := strings.Replace(with("attachments", `["`+id+`"]`), "{", `{"release":true,`, 1)
	a := w.ask(t, "iq direct", "POST", "/api/v1/forums/iq-sy/notes", sent, "Prefer", "wait=30, return=representation")
	check(t, json.Unmarshal(a.body, &note))
	if a.StatusCode != http.StatusOK || note.State != "held" {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if len(note.Attachments) != 1 || note.Attachments[0].Name != name || note.Attachments[0].Size != len(file) || note.Attachments[0].Type != "text/csv" {
		t.Fatalf("%s", a.body)
	}
	if p := problemOf(t, w.ask(t, "sy reader", "GET", note.Attachments[0].URL, "")); p.Kind != "unopened" || p.Status != http.StatusConflict {
		t.Errorf("before a desk opened the note: %+v", p)
	}
	if open := w.ask(t, "sy direct", "POST", "/api/v1/forums/iq-sy/notes/"+note.ID+"/open", ""); open.StatusCode != http.StatusOK {
		t.Fatalf("opening answers %d %s", open.StatusCode, open.body)
	}
	got := w.ask(t, "sy reader", "GET", note.Attachments[0].URL, "")
	if sha256.Sum256(got.body) != sha256.Sum256(file) || got.StatusCode != http.StatusOK {
		t.Fatalf("%d, %d bytes of %d", got.StatusCode, len(got.body), len(file))
	}
	want := `attachment; filename="____ _________ _______.csv"; filename*=UTF-8''%D8%AC%D8%AF%D9%88%D9%84%20`
	if d := got.Header.Get("Content-Disposition"); !strings.HasPrefix(d, want) || got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Content-Type") != "text/csv" {
		t.Errorf("%v", got.Header)
	}
	part := w.ask(t, "sy reader", "GET", note.Attachments[0].URL, "", "Range", "bytes=1048570-1048590")
	if part.StatusCode != http.StatusPartialContent || !bytes.Equal(part.body, file[1048570:1048591]) {
		t.Errorf("a range: %d, %d bytes", part.StatusCode, len(part.body))
	}
	same := w.ask(t, "sy reader", "GET", note.Attachments[0].URL, "", "If-None-Match", got.Header.Get("ETag"))
	if same.StatusCode != http.StatusNotModified {
		t.Errorf("the same again: %d", same.StatusCode)
	}
	if none := w.ask(t, "sy reader", "GET", note.Attachments[0].URL+"1", ""); none.StatusCode != http.StatusNotFound {
		t.Errorf("a file that is not there: %d", none.StatusCode)
	}
}

// Who may read a draft may read its files: who clears it reads what would go out. Nobody else does.
func TestFilesOfADraft(t *testing.T) {
	w := newWorld(t)
	up := w.ask(t, "iq drafter", "POST", "/api/v1/attachments", "hello", "Tus-Resumable", "1.0.0", "Upload-Length", "5", "Upload-Metadata", "filename aGVsbG8udHh0", "Content-Type", chunk)
	at := up.Header.Get("Location")
	var note struct {
		ID, State   string
		Attachments []struct{ Name, URL string }
	}
	a := w.ask(t, "iq drafter", "POST", "/api/v1/forums/iq-sy/notes", with("attachments", `["`+at[strings.LastIndexByte(at, '/')+1:]+`"]`), "Prefer", "return=representation")
	check(t, json.Unmarshal(a.body, &note))
	if note.State != "draft" || len(note.Attachments) != 1 || note.Attachments[0].URL == "" {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	for _, who := range []string{"iq drafter", "iq reader"} {
		if got := w.ask(t, who, "GET", note.Attachments[0].URL, ""); string(got.body) != "hello" || !strings.Contains(got.Header.Get("Content-Disposition"), "hello.txt") {
			t.Errorf("%s gets %d %q", who, got.StatusCode, got.body)
		}
	}
	if got := w.ask(t, "sy direct", "GET", "/api/v1/forums/iq-sy/notes/"+note.ID+"/attachments/0", ""); got.StatusCode != http.StatusNotFound {
		t.Errorf("the other side gets %d", got.StatusCode)
	}
	if got := w.ask(t, "iq drafter", "GET", "/api/v1/forums/iq-sy/notes/"+note.ID+"/attachments/1", ""); got.StatusCode != http.StatusNotFound {
		t.Errorf("a file it does not have: %d", got.StatusCode)
	}
}

func (w *world) begin(t *testing.T, size int, name, typ string) string {
	t.Helper()
	meta := "filename " + base64.StdEncoding.EncodeToString([]byte(name)) + ",filetype " + base64.StdEncoding.EncodeToString([]byte(typ))
	a := w.ask(t, "iq direct", "POST", "/api/v1/attachments", "", "Tus-Resumable", "1.0.0", "Upload-Length", strconv.Itoa(size), "Upload-Metadata", meta)
	if a.StatusCode != http.StatusCreated || a.Header.Get("Upload-Offset") != "0" || a.Header.Get("Tus-Resumable") != "1.0.0" {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return a.Header.Get("Location")
}

func (w *world) patch(t *testing.T, at string, offset int, b []byte, want int) {
	t.Helper()
	a := w.ask(t, "iq direct", "PATCH", at, string(b), "Tus-Resumable", "1.0.0", "Upload-Offset", strconv.Itoa(offset), "Content-Type", chunk)
	if a.StatusCode != want || want == http.StatusNoContent && a.Header.Get("Upload-Offset") != strconv.Itoa(offset+len(b)) {
		t.Fatalf("%d at %d: %v %s", a.StatusCode, offset, a.Header, a.body)
	}
}

// cut sends less than it announces and goes away; it gives the offset that HEAD then names.
func (w *world) cut(t *testing.T, at string, offset int, b []byte) int {
	t.Helper()
	c := dial(t, w.urls["iq"])
	fmt.Fprintf(c, "PATCH %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: %d\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		at, w.tokens["iq direct"], offset, chunk, len(b))
	c.Write(b[:len(b)/2])
	check(t, c.CloseWrite())
	c.Read(make([]byte, 1)) // until the node has let go of it
	c.Close()
	a := w.ask(t, "iq direct", "HEAD", at, "", "Tus-Resumable", "1.0.0")
	next, err := strconv.Atoi(a.Header.Get("Upload-Offset"))
	if err != nil || next < offset || next >= offset+len(b) || a.StatusCode != http.StatusOK || a.Header.Get("Upload-Length") == "" {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	return next
}

func TestUploadProtocol(t *testing.T) {
	w := newWorld(t)
	o := w.ask(t, "iq", "OPTIONS", "/api/v1/attachments", "")
	if o.StatusCode != http.StatusNoContent || o.Header.Get("Tus-Version") != "1.0.0" || o.Header.Get("Tus-Extension") != "creation,creation-with-upload,termination" || o.Header.Get("Tus-Max-Size") != "4294967296" {
		t.Errorf("%d %v", o.StatusCode, o.Header)
	}
	// Creation with upload, to the end.
	a := w.ask(t, "iq drafter", "POST", "/api/v1/attachments", "hello", "Tus-Resumable", "1.0.0", "Upload-Length", "5", "Upload-Metadata", "filename aGVsbG8udHh0", "Content-Type", chunk)
	if a.StatusCode != http.StatusCreated || a.Header.Get("Upload-Offset") != "5" || !bytes.Contains(a.body, []byte(`"finished":true`)) {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
	// A file of nothing is a file.
	empty := w.ask(t, "iq drafter", "POST", "/api/v1/attachments", "", "Tus-Resumable", "1.0.0", "Upload-Length", "0", "Upload-Metadata", "filename ZW1wdHk=")
	if empty.StatusCode != http.StatusCreated || !bytes.Contains(empty.body, []byte(`"finished":true`)) {
		t.Errorf("an empty file: %d %s", empty.StatusCode, empty.body)
	}
	// Termination, by a client that can only POST.
	at := a.Header.Get("Location")
	d := w.ask(t, "iq drafter", "POST", at, "", "Tus-Resumable", "1.0.0", "X-HTTP-Method-Override", "DELETE")
	if d.StatusCode != http.StatusNoContent {
		t.Errorf("%d %s", d.StatusCode, d.body)
	}
	if gone := w.ask(t, "iq drafter", "HEAD", at, "", "Tus-Resumable", "1.0.0"); gone.StatusCode != http.StatusNotFound {
		t.Errorf("after termination: %d", gone.StatusCode)
	}
}
