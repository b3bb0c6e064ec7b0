package api

import (
	"net/http"
	"strings"

	"jisr"
	"jisr/book"
)

// Logs are served as c2sp.org/tlog-tiles has them, so that tools nobody here wrote can audit them. Entries hold
// salted commitments and no content; still they say who writes to whom and when, so they are for this machine and
// for tokens that read. A member's own log is served under its name, another's as its mirror here.

// log is the log in the path.
func (c *call) log() (jisr.ForumID, jisr.MemberID, error) {
	f, err := c.forum()
	if err != nil {
		return "", "", err
	}
	m := jisr.MemberID(c.r.PathValue("member"))
	if !jisr.ValidMember(m) {
		return "", "", jisr.Refuse(jisr.NotMember, echo(string(m)), "forum", string(f))
	}
	return f, m, nil
}

func (c *call) getCheckpoint() error {
	f, m, err := c.log()
	if err != nil {
		return err
	}
	b, err := c.node.Checkpoint(c.ctx(), f, m)
	if err != nil {
		return err
	}
	return c.plain(b)
}

// getTile gives a tile of hashes or a bundle of entries. Neither ever changes (tlog-tiles, "Merkle Tree"), so
// whoever may have one may keep it; others sharing a cache may not.
func (c *call) getTile() error {
	f, m, err := c.log()
	if err != nil {
		return err
	}
	path := c.r.PathValue("path")
	if !c.tiles.MatchString(path) {
		return jisr.Refuse(jisr.NoSuch, echo(path), "noun", "tile")
	}
	scope := book.Whole() // who asks on this machine without a token
	if c.caller.Account != "" {
		scope = c.scope()
	}
	b, err := c.node.Tile(c.ctx(), scope, f, m, path)
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", itoa(len(b)))
	h.Set("Cache-Control", "private, max-age=604800, immutable")
	c.w.WriteHeader(http.StatusOK)
	c.w.Write(b) // a caller that has gone is no error of ours
	return nil
}

// tilePath is what addresses a tile after "tile/": level or "entries", number, and the width of a partial one.
const tilePath = `^([0-5]|entries)/(x\d{3}/){0,3}\d{3}(\.p/([1-9]\d?|1\d\d|2[0-4]\d|25[0-5]))?$`

func (c *call) getLogKeys() error {
	f, m, err := c.log()
	if err != nil {
		return err
	}
	log, _, err := c.node.VerifierKeys(c.ctx(), f, m)
	if err != nil {
		return err
	}
	return c.plain([]byte(strings.Join(log, "\n") + "\n"))
}

func (c *call) getMirrorKeys() error {
	f, m, err := c.log()
	if err != nil {
		return err
	}
	_, mirror, err := c.node.VerifierKeys(c.ctx(), f, m)
	if err != nil {
		return err
	}
	return c.plain([]byte(strings.Join(mirror, "\n") + "\n"))
}
