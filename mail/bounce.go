package mail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"strings"

	"jisr"
)

// Bounds of a report that comes back.
const (
	maxReport = 1 << 20 // bytes that are read of it
	maxParts  = 20
)

// Returned is what a delivery status notification says of a message.
type Returned struct {
	MessageID string // of the message that came back, without angle brackets
	Status    string // enhanced status code (RFC 3463)
}

// ReadReport reads a delivery status notification (RFC 3464): a report of several parts, one with a status for each addressee, one with
// the message that came back, or its header. What is no report, or does not say that delivery failed for good, is refused: NotOneOf.
// It was written by whoever sends mail to this member: it is bounded, and only two short fields of it are used.
func ReadReport(r io.Reader) (Returned, error) {
	no := jisr.Refuse(jisr.NotOneOf, "report", "want", "multipart/report; report-type=delivery-status")
	m, err := mail.ReadMessage(io.LimitReader(r, maxReport))
	if err != nil {
		return Returned{}, no
	}
	typ, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || typ != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") || params["boundary"] == "" {
		return Returned{}, no
	}
	var found Returned
	parts := multipart.NewReader(m.Body, params["boundary"])
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) || err != nil && found.MessageID != "" && found.Status != "" { // cut after what matters
			break
		}
		if err != nil {
			return Returned{}, no
		}
		typ, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		switch typ {
		case "message/delivery-status", "message/global-delivery-status":
			found.Status = failure(part)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			found.MessageID = messageID(part)
		}
	}
	if found.MessageID == "" || found.Status == "" {
		return Returned{}, no
	}
	return found, nil
}

// failure gives the status of the first addressee to whom delivery failed for good; empty: of none.
func failure(r io.Reader) string {
	fields := textproto.NewReader(bufio.NewReader(r))
	for range maxParts { // one block for the message, then one for each addressee
		block, err := fields.ReadMIMEHeader()
		if status, _, _ := strings.Cut(strings.TrimSpace(block.Get("Status")), " "); strings.EqualFold(strings.TrimSpace(block.Get("Action")), "failed") && permanent(status) {
			return status
		}
		if err != nil {
			return ""
		}
	}
	return ""
}

// permanent tells an enhanced status code of class 5.
func permanent(status string) bool {
	var class, subject, detail uint16
	n, err := fmt.Sscanf(status, "%d.%d.%d", &class, &subject, &detail)
	return err == nil && n == 3 && class == 5 && status == fmt.Sprintf("%d.%d.%d", class, subject, detail)
}

func messageID(r io.Reader) string {
	h, _ := textproto.NewReader(bufio.NewReader(r)).ReadMIMEHeader() // what could be read of it
	id := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(h.Get("Message-Id")), "<"), ">")
	if len(id) > 200 {
		return ""
	}
	return id
}
