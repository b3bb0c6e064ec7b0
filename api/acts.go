package api

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// actOut is an act as it is said, and what it came to.
type actOut struct {
	Position    jisr.Position                `json:"position"`
	URL         string                       `json:"url,omitempty" doc:"Of an act of a forum; house acts are in no shared log."`
	Kind        jisr.Kind                    `json:"kind" example:"note.release"`
	Forum       jisr.ForumID                 `json:"forum"`
	About       jisr.ThingID                 `json:"about"`
	By          *jisr.By                     `json:"by,omitempty"`
	At          time.Time                    `json:"at" doc:"The writer's clock: shown, never decides."`
	Clock       int64                        `json:"clock" doc:"Lamport clock."`
	Seen        map[jisr.MemberID]jisr.Index `json:"seen,omitempty" doc:"How much of each other member's log its writer held."`
	Terms       json.RawMessage              `json:"terms,omitempty" doc:"What it says of its own kind."`
	Content     *jisr.Content                `json:"content,omitempty"`
	Attachments []jisr.Content               `json:"attachments,omitempty" nullable:"false"`
	Void        *refusalOut                  `json:"void" doc:"Why it has no effect; null: it has."`
}

// entryOut is an act with the exact bytes that are hashed.
type entryOut struct {
	Act      actOut                       `json:"act"`
	Entry    string                       `json:"entry" contentEncoding:"base64" doc:"The exact bytes of the entry, base64."`
	Proof    string                       `json:"proof" doc:"Where the proof is that it stands in its log."`
	Receipts map[jisr.MemberID]receiptOut `json:"receipts" nullable:"false" doc:"What other members' nodes have signed about it; of another member's act, what this node has."`
	// Signature: of an act that officials sign.
	Signature *signatureOut `json:"signature,omitempty" doc:"The official's own signature, where officials sign acts of its kind."`
}

func (c *call) actOut(r *book.ActRow) actOut {
	a := &r.Act
	out := actOut{Position: a.Position, Kind: a.Kind, Forum: a.Forum, About: a.About, By: a.By, At: a.At, Clock: a.Clock, Seen: a.Seen,
		Terms: a.Terms, Content: a.Content, Attachments: a.Attachments, Void: c.refusalOut(r.Void)}
	if a.Forum != jisr.House {
		out.URL = c.actURL(a.Forum, a.Position)
	}
	return out
}

func (c *call) listActs() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	if err := c.known(f); err != nil {
		return err
	}
	q, err := c.query("about", "member", "kind", "cursor", "limit")
	if err != nil {
		return err
	}
	limit, err := limitOf(q)
	if err != nil {
		return err
	}
	member := jisr.MemberID(q.Get("member"))
	if member != "" && !jisr.ValidMember(member) {
		return jisr.Refuse(jisr.Malformed, "member", "want", "sy")
	}
	rows, next, err := c.node.Book().Acts(c.ctx(), c.scope(), book.ActQuery{Forum: f, Thing: jisr.ThingID(q.Get("about")), Member: member,
		Kind: jisr.Kind(q.Get("kind")), Cursor: q.Get("cursor"), Limit: limit})
	if err != nil {
		return err
	}
	items := make([]actOut, 0, len(rows))
	for i := range rows {
		items = append(items, c.actOut(&rows[i]))
	}
	return answerPage(c, items, next)
}

func (c *call) getAct() error {
	f, p, err := c.position()
	if err != nil {
		return err
	}
	entry, err := c.node.Entry(c.ctx(), c.scope(), f, p)
	if err != nil {
		return err
	}
	row, err := c.node.Book().Act(c.ctx(), c.scope(), f, p)
	if err != nil {
		return err
	}
	if err := c.node.ReadsAbout(c.ctx(), c.caller, f, row.Act.About); err != nil {
		return err
	}
	out := entryOut{Act: c.actOut(&row), Entry: base64.StdEncoding.EncodeToString(entry), Proof: c.actURL(f, p) + "/proof"}
	if out.Receipts, err = c.receipts(f, p); err != nil {
		return err
	}
	if node.Signs(node.Verb(row.Act.Kind)) {
		if out.Signature, err = c.signature(f, p); err != nil {
			return err
		}
	}
	return c.answer(http.StatusOK, out)
}

// getProof gives what proves, with nothing but the members' keys, that the act stands in its log: a C2SP
// tlog-proof, or with format=jisr the file that `jisr verify` reads, which has receipts and content beside it.
func (c *call) getProof() error {
	f, p, err := c.position()
	if err != nil {
		return err
	}
	q, err := c.query("format")
	if err != nil {
		return err
	}
	get, name := c.node.Proof, "tlog-proof"
	switch q.Get("format") {
	case "", "tlog":
	case "jisr":
		get, name = c.node.ExportSigned, "jisr-proof"
	default:
		return jisr.Refuse(jisr.NotOneOf, "format", "got", echo(q.Get("format")), "allowed", "tlog, jisr")
	}
	b, err := get(c.ctx(), c.scope(), f, p)
	if err != nil {
		return err
	}
	row, err := c.node.Book().Act(c.ctx(), c.scope(), f, p)
	if err == nil {
		err = c.node.ReadsAbout(c.ctx(), c.caller, f, row.Act.About)
	}
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s-%d.%s"`, f, p.Member, p.Index, name))
	return c.plain(b)
}

// digestOut is the joint state in one hash.
type digestOut struct {
	Digest string                       `json:"digest" doc:"Nodes that hold the same acts have the same." example:"sha256:5c1f…"`
	Sizes  map[jisr.MemberID]jisr.Index `json:"sizes" doc:"How much of each log it covers." example:"{\"iq\":12,\"sy\":9}"`
}

func (c *call) getDigest() error {
	f, err := c.forum()
	if err != nil {
		return err
	}
	if err := c.known(f); err != nil {
		return err
	}
	sum, sizes, err := c.node.Book().Digest(c.ctx(), f)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, digestOut{Digest: "sha256:" + hex.EncodeToString(sum[:]), Sizes: sizes})
}

// plain writes text that is not for reading as a page.
func (c *call) plain(b []byte) error {
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.w.Header().Set("Content-Length", itoa(len(b)))
	c.w.Write(b) // a caller that has gone is no error of ours
	return nil
}
