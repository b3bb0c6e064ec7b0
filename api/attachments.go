package api

import (
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"jisr"
	"jisr/node"
	"jisr/words"
)

// getAttachment streams a file of a note, as a whole or in ranges (RFC 9110 section 14).
//
// What stands in it was made by somebody else: it comes as a download, under a name made safe, and is never guessed
// at or run in this origin.
func (c *call) getAttachment() error {
	f, id, err := c.note()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.r.PathValue("n"))
	if err != nil || n < 0 || itoa(n) != c.r.PathValue("n") {
		return jisr.Refuse(jisr.NoSuch, echo(c.r.PathValue("n")), "noun", "attachment")
	}
	v, err := c.seeNote(f, id)
	if err != nil {
		return err
	}
	h := c.w.Header()
	var content io.ReadSeekCloser
	var file node.File
	if v.Note == nil {
		content, file, err = c.node.OpenDraftFile(c.ctx(), c.scope(), f, id, n)
	} else {
		at := v.Note.Released.Position
		content, file, err = c.node.OpenFile(c.ctx(), c.scope(), f, at, n)
		h.Set("ETag", strconv.Quote(string(at.Member)+"-"+strconv.FormatInt(int64(at.Index), 10)+"-"+itoa(n))) // a content never changes
	}
	if err != nil {
		h.Del("ETag")
		return err
	}
	defer content.Close()
	h.Set("Content-Type", safeType(file.Type))
	h.Set("Content-Disposition", words.Download(file.Name, "attachment-"+itoa(n)))
	http.ServeContent(&patientWriter{c.w, c}, c.r, "", time.Time{}, content)
	return nil
}

// safeType is a media type as a header may carry it; what is none is bytes (RFC 2046 section 4.5.1).
func safeType(t string) string {
	if kind, params, err := mime.ParseMediaType(t); err == nil {
		if s := mime.FormatMediaType(kind, params); s != "" {
			return s
		}
	}
	return "application/octet-stream"
}

// patientWriter gives a caller time as long as it takes something now and then: the server's own deadline is for
// answers, not for files.
type patientWriter struct {
	http.ResponseWriter
	c *call
}

func (w *patientWriter) Write(b []byte) (int, error) {
	w.c.allow(quiet)
	return w.ResponseWriter.Write(b)
}

// patientReader is the same for what a caller sends.
type patientReader struct {
	io.Reader
	c *call
}

func (r *patientReader) Read(b []byte) (int, error) {
	r.c.moved = true
	http.NewResponseController(r.c.w).SetReadDeadline(time.Now().Add(quiet)) // a reader without deadlines has none to move
	return r.Reader.Read(b)
}
