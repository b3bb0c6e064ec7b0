package jisr

import "strings"

// A comment is what a reader of the public page writes about a statement. It is a matter of the house whose page it was
// written on, and of nobody else: it is no word of a member, so no other member is asked to hold it, and what a reader
// leaves, an address among it, crosses no border (decision 0050).
//
//	held --approve--> shown --withdraw--> withdrawn
//	 '-----decline--> declined               any of these --reopen--> held
const (
	KindCommentReceive  Kind = "comment.receive" // the house itself; content: CommentBody
	KindCommentApprove  Kind = "comment.approve"
	KindCommentDecline  Kind = "comment.decline"
	KindCommentWithdraw Kind = "comment.withdraw" // from the page on which it was shown
	KindCommentReopen   Kind = "comment.reopen"   // takes back what was decided
)

// CommentKinds lists what a moderator says of a comment.
func CommentKinds() []Kind {
	return []Kind{KindCommentApprove, KindCommentDecline, KindCommentWithdraw, KindCommentReopen}
}

// CommentTerms is the terms of comment.receive: the statement it is about.
type CommentTerms struct {
	Forum     ForumID `json:"forum"`
	Statement ThingID `json:"statement"`
}

// CommentBody is a comment as it was written. The address is for the moderator alone.
type CommentBody struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Lang  string `json:"lang"` // of the page it was written on
	Text  string `json:"text"`
}

// Check holds a comment against its bounds. The name is one line, and the address one address and nothing else.
func (b *CommentBody) Check() error {
	switch {
	case b.Name == "":
		return Refuse(Missing, "name")
	case b.Email == "":
		return Refuse(Missing, "email")
	case b.Text == "":
		return Refuse(Missing, "text")
	case len(b.Lang) < 2 || len(b.Lang) > 8 || !validID(b.Lang, false):
		return Refuse(Malformed, "lang")
	}
	if strings.ContainsAny(b.Name, "\r\n\t") {
		return Refuse(Malformed, "name")
	}
	if !validEmail(b.Email) {
		return Refuse(Malformed, "email", "want", "name@example.org")
	}
	if err := (Text{b.Lang: b.Name}).Check("name", MaxTitle); err != nil {
		return err
	}
	return Text{b.Lang: b.Text}.Check("text", MaxComment)
}

// validEmail tells an address of the usual form (RFC 5321 section 4.1.2, dot-string at a domain), of which nothing can be taken for
// a second address or a header.
func validEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > MaxEmail || len(local) == 0 || len(local) > 64 || !strings.Contains(domain, ".") {
		return false
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	part := func(s, more string) bool {
		for label := range strings.SplitSeq(s, ".") {
			if label == "" || strings.Trim(label, letters+more) != "" {
				return false
			}
		}
		return true
	}
	return part(local, "!#$%&'*+-/=?^_`{|}~") && part(domain, "-")
}

// DecodeComment reads a comment, strictly.
func DecodeComment(content []byte) (CommentBody, error) {
	b, err := decodeBody[CommentBody](content)
	if err == nil {
		err = b.Check()
	}
	return b, err
}

// The states of a comment.
const (
	CommentHeld      = "held" // nobody has looked at it
	CommentShown     = "shown"
	CommentDeclined  = "declined"
	CommentWithdrawn = "withdrawn"
)

// CommentStates lists them.
func CommentStates() []string {
	return []string{CommentHeld, CommentShown, CommentDeclined, CommentWithdrawn}
}

// Comment is the house's state of a comment.
type Comment struct {
	CommentTerms
	State    string `json:"state"`
	Received Step   `json:"received"`
	Decided  *Step  `json:"decided,omitempty"`
}

func applyComment(c **Comment, a *Act) error {
	was := *c
	if a.Kind == KindCommentReceive {
		t, err := terms[CommentTerms](a)
		switch {
		case err != nil:
			return err
		case was != nil:
			return Refuse(Already, "comment")
		case !ValidForum(t.Forum) || t.Statement.Noun() != "statement" || !validThing(t.Statement):
			return Refuse(Malformed, "statement")
		case a.Content == nil:
			return Refuse(Missing, "content")
		}
		*c = &Comment{CommentTerms: t, State: CommentHeld, Received: a.step()}
		return nil
	}
	if was == nil {
		return Refuse(NoSuch, "comment")
	}
	next := map[Kind]map[string]string{
		KindCommentApprove:  {CommentHeld: CommentShown},
		KindCommentDecline:  {CommentHeld: CommentDeclined},
		KindCommentWithdraw: {CommentShown: CommentWithdrawn},
		KindCommentReopen:   {CommentShown: CommentHeld, CommentDeclined: CommentHeld, CommentWithdrawn: CommentHeld},
	}[a.Kind][was.State]
	if next == "" {
		return Refuse(Already, "comment")
	}
	s := a.step()
	was.State, was.Decided = next, &s
	return nil
}
