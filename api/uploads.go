package api

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"

	"jisr"
	"jisr/node"
)

// Uploads follow tus 1.0 (tus.io/protocols/resumable-upload): core, creation, creation-with-upload, termination. It is
// written by hand because the protocol is this file: the ready-made handler answers errors as text in English, logs
// through a library of its own, and brings a hundred modules of cloud stores into the list that has to be watched.
//
// What arrived stays, in parts that are durable one by one: a crash or a cut line costs at most the part under way, and
// HEAD tells where to go on.
const (
	uploadPath    = "/api/v1/attachments/"
	tusVersion    = "1.0.0"
	tusExtensions = "creation,creation-with-upload,termination"
	tusChunk      = "application/offset+octet-stream"
)

// uploadOut is an attachment before any note names it.
type uploadOut struct {
	ID       string          `json:"id" doc:"What a note's attachments name it by."`
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Size     int64           `json:"size"`
	Held     int64           `json:"held" doc:"Bytes that are here; all of them once equal to size."`
	Finished bool            `json:"finished"`
	Commit   jisr.Commitment `json:"commit,omitempty" doc:"Once finished: the salted commitment that a note will carry."`
}

// tus refuses who speaks another version (tus 1.0, "Tus-Resumable").
func (c *call) tus() error {
	h := c.w.Header()
	h.Set("Tus-Resumable", tusVersion)
	if c.r.Header.Get("Tus-Resumable") == tusVersion {
		return nil
	}
	h.Set("Tus-Version", tusVersion)
	return &refused{http.StatusPreconditionFailed, jisr.Refuse(jisr.NotOneOf, "Tus-Resumable", "got", echo(c.r.Header.Get("Tus-Resumable")), "allowed", tusVersion)}
}

// uploadOptions says what is spoken here (tus 1.0, OPTIONS).
func (c *call) uploadOptions() error {
	h := c.w.Header()
	h.Set("Tus-Resumable", tusVersion)
	h.Set("Tus-Version", tusVersion)
	h.Set("Tus-Extension", tusExtensions)
	h.Set("Tus-Max-Size", strconv.FormatInt(jisr.MaxAttachment, 10))
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// postUpload begins an upload; its first bytes may come along (creation-with-upload).
func (c *call) postUpload() error {
	if err := c.tus(); err != nil {
		return err
	}
	size, err := countHeader(c.r, "Upload-Length")
	if err != nil {
		return err
	}
	if size > jisr.MaxAttachment {
		return &refused{http.StatusRequestEntityTooLarge, jisr.Refuse(jisr.TooLong, "attachment", "max", fmt.Sprint(int64(jisr.MaxAttachment)), "got", fmt.Sprint(size))}
	}
	meta, err := uploadMetadata(c.r.Header.Get("Upload-Metadata"))
	if err != nil {
		return err
	}
	typ, err := mediaType(meta["filetype"])
	if err != nil {
		return err
	}
	u, err := c.node.NewUpload(c.ctx(), c.caller, meta["filename"], typ, size)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", c.base+uploadPath+u.ID)
	if c.r.ContentLength != 0 && isChunk(c.r) {
		// The upload is there whatever comes of its first bytes: the caller goes on from Upload-Offset.
		if more, err := c.receive(&u); err == nil {
			u = more
		} else if u, err = c.node.UploadInfo(c.ctx(), c.caller, u.ID); err != nil {
			return err
		}
	}
	c.w.Header().Set("Upload-Offset", strconv.FormatInt(u.Held, 10))
	return c.answer(http.StatusCreated, uploadView(&u))
}

// patchUpload adds bytes at Upload-Offset, which must be how much is here.
func (c *call) patchUpload() error {
	if err := c.tus(); err != nil {
		return err
	}
	if !isChunk(c.r) {
		return &refused{http.StatusUnsupportedMediaType, jisr.Refuse(jisr.NotOneOf, "Content-Type", "allowed", tusChunk)}
	}
	offset, err := countHeader(c.r, "Upload-Offset")
	if err != nil {
		return err
	}
	u, err := c.upload()
	if err != nil {
		return err
	}
	if offset != u.Held {
		return jisr.Refuse(jisr.Conflict, "Upload-Offset", "version", strconv.FormatInt(u.Held, 10), "got", strconv.FormatInt(offset, 10))
	}
	if u, err = c.receive(&u); err != nil {
		return err
	}
	c.w.Header().Set("Upload-Offset", strconv.FormatInt(u.Held, 10))
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// receive takes a request's bytes to the end of the upload and no further.
func (c *call) receive(u *node.Upload) (node.Upload, error) {
	left := u.Size - u.Held
	if c.r.ContentLength > left {
		return *u, &refused{http.StatusRequestEntityTooLarge, jisr.Refuse(jisr.TooLong, "attachment", "max", fmt.Sprint(left), "got", fmt.Sprint(c.r.ContentLength))}
	}
	body := &patientReader{http.MaxBytesReader(c.w, c.r.Body, left), c}
	next, err := c.node.WriteUpload(c.ctx(), c.caller, u.ID, u.Held, body)
	c.allow(quiet) // receiving may have taken longer than an answer may
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return *u, &refused{http.StatusRequestEntityTooLarge, jisr.Refuse(jisr.TooLong, "attachment", "max", fmt.Sprint(left))}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return *u, jisr.Refuse(jisr.Malformed, "body", "error", "it ended early")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return *u, &refused{http.StatusRequestTimeout, jisr.Refuse(jisr.Unfinished, "attachment", "size", fmt.Sprint(u.Size))}
	}
	return next, err
}

// headUpload tells where to go on.
func (c *call) headUpload() error {
	if err := c.tus(); err != nil {
		return err
	}
	u, err := c.upload()
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Upload-Offset", strconv.FormatInt(u.Held, 10))
	h.Set("Upload-Length", strconv.FormatInt(u.Size, 10))
	h.Set("Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(u.Name))+",filetype "+base64.StdEncoding.EncodeToString([]byte(u.Type)))
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// getUpload is headUpload for programs that read JSON.
func (c *call) getUpload() error {
	u, err := c.upload()
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, uploadView(&u))
}

// deleteUpload forgets an upload that no note names (tus 1.0, termination).
func (c *call) deleteUpload() error {
	if err := c.tus(); err != nil {
		return err
	}
	u, err := c.upload()
	if err != nil {
		return err
	}
	if err := c.node.DropUpload(c.ctx(), c.caller, u.ID); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// upload is the upload in the path.
func (c *call) upload() (node.Upload, error) {
	id := c.r.PathValue("id")
	if len(id) > maxID {
		return node.Upload{}, jisr.Refuse(jisr.NoSuch, echo(id), "noun", "attachment")
	}
	return c.node.UploadInfo(c.ctx(), c.caller, id)
}

func uploadView(u *node.Upload) uploadOut {
	return uploadOut{ID: u.ID, Name: u.Name, Type: u.Type, Size: u.Size, Held: u.Held, Finished: u.Commit != "", Commit: u.Commit}
}

func isChunk(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == tusChunk
}

func countHeader(r *http.Request, name string) (int64, error) {
	text := r.Header.Get(name)
	if text == "" {
		return 0, jisr.Refuse(jisr.Missing, name)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return 0, jisr.Refuse(jisr.Malformed, name, "want", "0–"+strconv.FormatInt(jisr.MaxAttachment, 10))
	}
	return n, nil
}

// uploadMetadata reads "name base64, name base64" (tus 1.0, Upload-Metadata). Of several names for one thing, those
// that known clients use are understood.
func uploadMetadata(s string) (map[string]string, error) {
	meta := map[string]string{}
	if len(s) > maxMetadata {
		return nil, jisr.Refuse(jisr.TooLong, "Upload-Metadata", "max", itoa(maxMetadata), "got", itoa(len(s)))
	}
	for pair := range strings.SplitSeq(s, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if _, twice := meta[name]; err != nil || twice {
			return nil, jisr.Refuse(jisr.Malformed, "Upload-Metadata", "want", "filename BASE64,filetype BASE64")
		}
		if name != "" {
			meta[name] = string(b)
		}
	}
	if meta["filename"] == "" {
		meta["filename"] = meta["name"]
	}
	if meta["filetype"] == "" {
		meta["filetype"] = meta["type"]
	}
	return meta, nil
}

// mediaType holds a type against RFC 6838; an act that carried another would be refused by everybody.
func mediaType(t string) (string, error) {
	if t == "" {
		return "", nil
	}
	if _, _, err := mime.ParseMediaType(t); err != nil || len(t) > 127 || !strings.Contains(t, "/") {
		return "", jisr.Refuse(jisr.Malformed, "filetype", "want", "application/pdf")
	}
	return t, nil
}
