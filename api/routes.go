package api

import (
	"net/http"
	"slices"

	"jisr"
	"jisr/node"
)

// operation is one row of the table of addresses: what the mux serves and what the OpenAPI document describes.
type operation struct {
	method, path string
	id, tag      string
	summary      string
	about        string
	access       access
	query        []param
	headers      []param
	in, out      any    // bodies; nil: none
	plain        string // media type of an answer that is not JSON
	statuses     []int  // of success, the usual one first
	do           func(*call) error
}

// param is a query parameter or header of an operation.
type param struct {
	name, about string
	enum        []string
	number      bool
}

// operations is the whole of what the API can be asked for.
func operations() []operation {
	var all []operation
	for _, part := range [][]operation{noteOperations(), findOperations(), stepOperations(), custodyOperations(), meetingOperations(), minutesOperations(), commitmentOperations(), statementOperations(), commentOperations(), agreementOperations(), programmeOperations(), tableOperations(), recordActOperations(), balanceOperations(), paperOperations(), recordOperations(), forumOperations(), uploadOperations(), houseOperations(), plainOperations()} {
		all = append(all, part...)
	}
	return all
}

const (
	forumsPath = "/api/v1/forums"
	forumPath  = forumsPath + "/{forum}"
	notesPath  = forumPath + "/notes"
	notePath   = notesPath + "/{id}"
	actPath    = forumPath + "/acts/{member}/{index}"
	tlogPath   = "/tlog/{forum}/{member}"
)

func noteOperations() []operation {
	ok := []int{http.StatusOK}
	return []operation{
		{method: "POST", path: notesPath, id: "postNote", tag: "notes", access: program, in: noteIn{}, out: written{}, do: (*call).postNote,
			summary: "Draft or release a note", statuses: []int{http.StatusCreated, http.StatusOK, http.StatusAccepted}, headers: []param{idempotency(), prefer("the whole note")},
			about: "With release false the note becomes a draft: a second official clears and releases it. With release true it leaves the house at once, where the token has the role direct.\n\n201 says that it is durable here. With Prefer: wait=N, 200 says that every other member has signed that it holds the note and all it carries, 202 that N seconds went by first; it is as durable, and travels on by itself."},
		{method: "GET", path: notesPath, id: "listNotes", tag: "notes", access: reading, out: page[noteOut]{}, do: (*call).listNotes, summary: "List notes, newest change first", statuses: ok,
			about: "Lists leave out receipts, attachments, acts and links: read the note for these.",
			query: append([]param{{name: "box", about: "all (the default), in: from others, out: from here, drafts: not released.", enum: []string{"all", "in", "out", "drafts"}},
				{name: "state", about: "As it stands today.", enum: strs(noteStates())}, {name: "kind", about: "The form.", enum: strs(jisr.NoteKinds())},
				{name: "with", about: "A member it is from or to."}, {name: "q", about: "Words of subject, text or number; Arabic is normalised."}}, paging()...)},
		{method: "GET", path: notePath, id: "getNote", tag: "notes", access: reading, out: noteOut{}, do: (*call).getNote, summary: "Read a note", statuses: ok,
			about: "Reading is no act: the writer learns of nothing. POST …/open says that a desk has read it. A draft comes with its version as ETag."},
		{method: "PUT", path: notePath, id: "putNote", tag: "notes", access: program, in: noteIn{}, out: noteOut{}, do: (*call).putNote, summary: "Write the next version of a draft", statuses: ok,
			about: "If-Match names the version it was made from; when another is the newest the answer is 412 and nothing is lost. Clearance of an earlier version ends.", headers: []param{ifMatchParam()}},
		{method: "GET", path: notePath + "/attachments/{n}", id: "getAttachment", tag: "notes", access: reading, plain: "application/octet-stream", do: (*call).getAttachment,
			summary: "Read an attachment", statuses: []int{http.StatusOK, http.StatusPartialContent}, about: "n counts from 0. Ranges are served. 409 unfinished: it has not arrived completely."},
		{method: "GET", path: "/api/v1/todo", id: "getToDo", tag: "notes", access: reading, out: todos{}, do: (*call).getToDo, summary: "What waits for whom", statuses: ok,
			about: "What the others wait for from us, and what we wait for from them, in all forums."},
		{method: "GET", path: "/api/v1/events", id: "getEvents", tag: "notes", access: reading, plain: "text/event-stream", do: (*call).getEvents, summary: "Hear of changes as they happen", statuses: ok,
			about: "Server-sent events named changed with {\"forum\":…,\"about\":…}. They name what to read again and hold nothing else."},
	}
}

// stepOperations is the steps of a note's life that are not its text.
func stepOperations() []operation {
	house := func(verb, summary, about string, cmd draftStep) operation {
		return operation{method: "POST", path: notePath + "/" + verb, id: verb + "Note", tag: "steps", access: program, in: stepIn{}, out: noteOut{}, do: onDraft(cmd),
			summary: summary, about: about, statuses: []int{http.StatusOK}, headers: []param{ifMatchParam()}}
	}
	joint := func(verb, summary, about string, cmd func(jisr.ForumID, jisr.ThingID, stepIn) node.Command) operation {
		return operation{method: "POST", path: notePath + "/" + verb, id: verb + "Note", tag: "steps", access: program, in: stepIn{}, out: noteOut{}, do: onNote(cmd),
			summary: summary, about: about, statuses: []int{http.StatusOK, http.StatusAccepted}, headers: []param{prefer("")}}
	}
	release := house("release", "Release a cleared draft", "It gets its number and date and leaves the house. Whoever drafted it does not release it.",
		func(id jisr.ThingID, s stepIn) node.Command { return node.ReleaseNote{ID: id, Version: s.Version} })
	release.statuses, release.headers = []int{http.StatusOK, http.StatusAccepted}, []param{ifMatchParam(), prefer("")}
	return []operation{
		house("clear", "Clear a draft", "Says that this version is fit to go. Whoever drafted it does not clear it.",
			func(id jisr.ThingID, s stepIn) node.Command { return node.ClearNote{ID: id, Version: s.Version} }),
		house("return", "Return a draft", "Sends it back to its drafter; the reason is required.",
			func(id jisr.ThingID, s stepIn) node.Command {
				return node.ReturnNote{ID: id, Version: s.Version, Reason: s.Reason}
			}),
		house("discard", "Discard a draft", "It stays in the house log.",
			func(id jisr.ThingID, s stepIn) node.Command { return node.DiscardNote{ID: id, Version: s.Version} }),
		release,
		joint("open", "Open a note", "Says to its writer that a desk of this member has read it.",
			func(f jisr.ForumID, id jisr.ThingID, _ stepIn) node.Command { return node.OpenNote{Forum: f, ID: id} }),
		joint("withdraw", "Withdraw a note", "Takes it back. It counts for every addressee whose desk has not opened the note when the withdrawal arrives.",
			func(f jisr.ForumID, id jisr.ThingID, s stepIn) node.Command {
				return node.WithdrawNote{Forum: f, ID: id, Reason: s.Reason}
			}),
		joint("close", "Wait for no answer any more", "Said by the writer of a note that asked for an answer.",
			func(f jisr.ForumID, id jisr.ThingID, s stepIn) node.Command {
				return node.CloseNote{Forum: f, ID: id, Reason: s.Reason}
			}),
	}
}

func recordOperations() []operation {
	ok := []int{http.StatusOK}
	return []operation{
		{method: "GET", path: forumPath + "/acts", id: "listActs", tag: "record", access: reading, out: page[actOut]{}, do: (*call).listActs, summary: "List acts, newest first", statuses: ok,
			query: append([]param{{name: "about", about: "A thing: note/iq-01k…, forum/iq-sy."}, {name: "member", about: "Whose acts."}, {name: "kind", about: "note.release, note.open, …"}}, paging()...)},
		{method: "GET", path: actPath, id: "getAct", tag: "record", access: reading, out: entryOut{}, do: (*call).getAct, summary: "Read an act", statuses: ok,
			about: "Decoded, with its exact bytes, and with the reason where it has no effect."},
		{method: "GET", path: actPath + "/proof", id: "getProof", tag: "record", access: reading, plain: "text/plain", do: (*call).getProof, summary: "Get the proof of an act", statuses: ok,
			about: "A C2SP tlog-proof: that the act stands in its member's log, under a checkpoint that the mirrors have countersigned.",
			query: []param{{name: "format", about: "tlog (the default), or jisr: the file for `jisr verify`, with receipts and content beside the proof.", enum: []string{"tlog", "jisr"}}}},
		{method: "GET", path: forumPath + "/digest", id: "getDigest", tag: "record", access: reading, out: digestOut{}, do: (*call).getDigest, summary: "Get the digest of the joint state", statuses: ok,
			about: "Two nodes whose sizes are equal have equal digests; if not, they compute different states and must say so."},
		{method: "GET", path: "/api/v1/evidence", id: "listEvidence", tag: "record", access: reading, out: page[evidenceOut]{}, do: (*call).listEvidence, summary: "List evidence of misbehaviour", statuses: ok,
			about: "What was refused of other members' logs, with the proof that can be shown to a third party. Newest first, at most 200."},
		{method: "GET", path: tlogPath + "/checkpoint", id: "getCheckpoint", tag: "tlog", access: machine, plain: "text/plain", do: (*call).getCheckpoint, summary: "The newest checkpoint of a log", statuses: ok,
			about: "c2sp.org/tlog-checkpoint, with every countersignature this node has. Open on this machine, elsewhere to tokens that read."},
		{method: "GET", path: tlogPath + "/tile/{path...}", id: "getTile", tag: "tlog", access: machine, plain: "application/octet-stream", do: (*call).getTile, summary: "A tile of a log", statuses: ok,
			about: "c2sp.org/tlog-tiles: 0/x001/234.p/5, entries/000. Entries hold salted commitments and no content."},
		{method: "GET", path: tlogPath + "/log.vkey", id: "getLogKeys", tag: "tlog", access: machine, plain: "text/plain", do: (*call).getLogKeys, summary: "The verifier keys of a log", statuses: ok,
			about: "One a line: Ed25519 (0x01) and ML-DSA-44 (0x06)."},
		{method: "GET", path: tlogPath + "/mirror.vkey", id: "getMirrorKeys", tag: "tlog", access: machine, plain: "text/plain", do: (*call).getMirrorKeys, summary: "The keys of a member's countersignatures", statuses: ok,
			about: "One a line: Ed25519 (0x04) and ML-DSA-44 (0x06)."},
	}
}

func forumOperations() []operation {
	ok := []int{http.StatusOK}
	return []operation{
		{method: "GET", path: forumsPath, id: "listForums", tag: "forums", access: program, out: page[forumOut]{}, do: (*call).listForums, summary: "List forums", statuses: ok},
		{method: "POST", path: forumsPath, id: "postForum", tag: "forums", access: admin, in: forumIn{}, out: forumOut{}, do: (*call).postForum, summary: "Enter a forum", statuses: []int{http.StatusCreated},
			about: "Compare the fingerprints of the letters by telephone first. The forum stands once every member has entered it with the same letters."},
		{method: "GET", path: forumPath, id: "getForum", tag: "forums", access: program, out: forumOut{}, do: (*call).getForum, summary: "Read a forum", statuses: ok},
		{method: "GET", path: "/api/v1/letter", id: "getLetter", tag: "forums", access: program, plain: "text/plain", do: (*call).getLetter, summary: "This member's letter of credence", statuses: ok},
		{method: "GET", path: "/api/v1/links", id: "listLinks", tag: "forums", access: program, out: page[linkOut]{}, do: (*call).listLinks, summary: "How the road to every other member is", statuses: ok},
		{method: "POST", path: "/api/v1/links/{member}/retry", id: "retryLink", tag: "forums", access: program, out: linkOut{}, do: (*call).retryLink, summary: "Try a link now", statuses: []int{http.StatusAccepted}},
	}
}

func uploadOperations() []operation {
	one := uploadPath + "{id}"
	resumable := param{name: "Tus-Resumable", about: "1.0.0"}
	offset := param{name: "Upload-Offset", about: "Where the bytes go on: how much is here.", number: true}
	return []operation{
		{method: "OPTIONS", path: "/api/v1/attachments", id: "uploadOptions", tag: "attachments", access: open, do: (*call).uploadOptions, summary: "What the upload protocol offers", statuses: []int{http.StatusNoContent}},
		{method: "POST", path: "/api/v1/attachments", id: "postUpload", tag: "attachments", access: program, out: uploadOut{}, do: (*call).postUpload, summary: "Begin an upload", statuses: []int{http.StatusCreated},
			about:   "tus 1.0 (tus.io): any tus client works. Location is the upload's address; its last segment is what a note's attachments name. First bytes may come along as application/offset+octet-stream.",
			headers: []param{resumable, {name: "Upload-Length", about: "Bytes of the whole file, at most 4 GiB.", number: true}, {name: "Upload-Metadata", about: "filename BASE64,filetype BASE64"}}},
		{method: "OPTIONS", path: one, id: "oneUploadOptions", tag: "attachments", access: open, do: (*call).uploadOptions, summary: "What the upload protocol offers", statuses: []int{http.StatusNoContent}},
		{method: "HEAD", path: one, id: "headUpload", tag: "attachments", access: program, do: (*call).headUpload, summary: "Ask where to go on", statuses: []int{http.StatusOK}, headers: []param{resumable}},
		{method: "PATCH", path: one, id: "patchUpload", tag: "attachments", access: program, do: (*call).patchUpload, summary: "Send bytes", statuses: []int{http.StatusNoContent},
			about: "Content-Type: application/offset+octet-stream. 409: other bytes are awaited; HEAD tells which.", headers: []param{resumable, offset}},
		{method: "GET", path: one, id: "getUpload", tag: "attachments", access: program, out: uploadOut{}, do: (*call).getUpload, summary: "Read about an upload", statuses: []int{http.StatusOK}},
		{method: "DELETE", path: one, id: "deleteUpload", tag: "attachments", access: program, do: (*call).deleteUpload, summary: "Forget an upload that no note names", statuses: []int{http.StatusNoContent}, headers: []param{resumable}},
	}
}

func houseOperations() []operation {
	ok, made := []int{http.StatusOK}, []int{http.StatusCreated}
	return slices.Concat([]operation{
		{method: "GET", path: "/api/v1/me", id: "getMe", tag: "house", access: program, out: callerOut{}, do: (*call).getMe, summary: "Who asks", statuses: ok},
		{method: "GET", path: "/api/v1/desks", id: "listDesks", tag: "house", access: program, out: page[deskOut]{}, do: (*call).listDesks, summary: "List desks", statuses: ok},
		{method: "PUT", path: "/api/v1/desks/{id}", id: "putDesk", tag: "house", access: admin, in: deskIn{}, out: deskOut{}, do: (*call).putDesk, summary: "Add a desk, change its title, or say whether it receives", statuses: ok},
		{method: "GET", path: "/api/v1/officials", id: "listOfficials", tag: "house", access: admin, out: page[accountOut]{}, do: (*call).listOfficials, summary: "List officials", statuses: ok},
		{method: "POST", path: "/api/v1/officials", id: "postOfficial", tag: "house", access: admin, in: officialIn{}, out: accountOut{}, do: (*call).postOfficial, summary: "Add a post, or change it", statuses: made,
			about: "Posts and offices, never names of persons. Changing a post gives it a new password."},
		{method: "POST", path: "/api/v1/officials/{id}/password", id: "postPassword", tag: "house", access: admin, in: passwordIn{}, out: accountOut{}, do: (*call).postPassword, summary: "Give a post a new password", statuses: ok},
		{method: "DELETE", path: "/api/v1/officials/{id}", id: "deleteOfficial", tag: "house", access: admin, out: accountOut{}, do: (*call).deleteOfficial, summary: "End a post's access", statuses: ok,
			about: "What it did stays."},
		{method: "GET", path: "/api/v1/tokens", id: "listTokens", tag: "house", access: admin, out: page[accountOut]{}, do: (*call).listTokens, summary: "List tokens", statuses: ok},
		{method: "POST", path: "/api/v1/tokens", id: "postToken", tag: "house", access: admin, in: tokenIn{}, out: accountOut{}, do: (*call).postToken, summary: "Make access for a program", statuses: made,
			about: "The token is in secret, this once. A token made again under the same id replaces the one before."},
		{method: "DELETE", path: "/api/v1/tokens/{id}", id: "deleteToken", tag: "house", access: admin, out: accountOut{}, do: (*call).deleteToken, summary: "End a token", statuses: ok},
	}, accessOperations(), noticeOperations(), policyOperations(), auditOperations())
}

func plainOperations() []operation {
	ok := []int{http.StatusOK}
	return []operation{
		{method: "GET", path: "/api/v1/openapi.json", id: "getDocument", tag: "node", access: open, plain: "application/json", do: (*call).getDocument, summary: "This document", statuses: ok},
		{method: "GET", path: problemPath + "{kind}", id: "getProblem", tag: "node", access: open, out: problemKind{}, do: (*call).getProblem, summary: "What a kind of problem means", statuses: ok},
		{method: "GET", path: "/api/v1/problems", id: "listProblems", tag: "node", access: open, out: page[problemKind]{}, do: (*call).listProblems, summary: "Every kind of problem", statuses: ok},
		{method: "GET", path: "/healthz", id: "getHealth", tag: "node", access: open, plain: "text/plain", do: (*call).getHealth, summary: "Whether the node answers", statuses: ok},
		{method: "GET", path: "/readyz", id: "getReady", tag: "node", access: open, plain: "text/plain", do: (*call).getReady, summary: "Whether the node can do its work", statuses: ok},
		{method: "GET", path: "/metrics", id: "getMetrics", tag: "node", access: watcher, plain: "text/plain", do: (*call).getMetrics, summary: "Figures for Prometheus", statuses: ok,
			about: "Open on this machine, elsewhere to tokens with the role reader or admin."},
	}
}

func paging() []param {
	return []param{{name: "cursor", about: "next of the page before."}, {name: "limit", about: "Rows, 1 to 200; 50 when absent.", number: true}}
}

func idempotency() param {
	return param{name: "Idempotency-Key", about: "At most 200 ASCII characters, the caller's own for each new note. The same request under the same key is done once, whatever is cut or crashes; another request under it is refused (key-reused)."}
}

func prefer(full string) param {
	about := "wait=N: answer when every other member holds what was done, or after N seconds, 60 at most (RFC 7240)."
	if full != "" {
		about += " return=representation: answer with " + full + "."
	}
	return param{name: "Prefer", about: about}
}

func ifMatchParam() param {
	return param{name: "If-Match", about: "The version of the draft, as its ETag has it: \"3\"."}
}

func strs[S ~string](all []S) []string {
	var b []string
	for _, s := range all {
		b = append(b, string(s))
	}
	return b
}
