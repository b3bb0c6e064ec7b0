package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"jisr"
	"jisr/node"
	"jisr/words"
)

const (
	lookEvery   = 2 * time.Second // for what changed …
	sweepEvery  = time.Minute     // … and for what time brings
	restful     = 10              // a sweep is followed by this many times its own length of rest
	dialTimeout = 30 * time.Second
	firstPause  = 5 * time.Second // after a server could not be reached; doubled each time …
	lastPause   = 5 * time.Minute // … up to this
	maxSecret   = 4 << 10         // bytes of a file with a password
	maxCA       = 1 << 20         // bytes of a file with authorities
)

// Config is what mail needs.
type Config struct {
	Node   *node.Node
	Words  *words.Words
	Logger *slog.Logger // nil: discard
	Mail   node.MailConfig
	Dir    string // where relative files of Mail begin
	URL    string // where officials reach the portal
	// Page is where the portal shows a thing, as a path.
	Page func(l *words.Lang, f jisr.ForumID, id jisr.ThingID) string
	// Invite writes an invitation for a calendar: REQUEST, or CANCEL (RFC 5546).
	Invite func(l *words.Lang, e *node.CalendarEntry, from, to string) ([]byte, error)
}

// Post is mail at work. Its methods are for one goroutine.
type Post struct {
	Config
	log    *slog.Logger
	server *mail.Client
	pause  time.Duration // the server was not reached; 0: it was
}

// New prepares sending. It fails on files that cannot be read.
func New(c Config) (*Post, error) {
	p := &Post{Config: c, log: c.Logger}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	options, err := p.options()
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(c.Mail.Server)
	if err == nil {
		p.server, err = mail.NewClient(host, options...)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't prepare the mail server: %w", err)
	}
	return p, nil
}

// options say how the server is reached. TLS is of version 1.2 at least and never left out where it was asked for.
func (p *Post) options() ([]mail.Option, error) {
	host, port, err := net.SplitHostPort(p.Mail.Server)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the port of %s: %w", p.Mail.Server, err)
	}
	roots, err := p.authorities()
	if err != nil {
		return nil, err
	}
	all := []mail.Option{mail.WithPort(number), mail.WithTimeout(dialTimeout), mail.WithHELO(helo(p.URL)), mail.WithoutNoop(),
		mail.WithoutRset(), // after the server has taken a message nothing is said to it before that is written down
		mail.WithTLSConfig(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: roots})}
	switch p.Mail.TLS {
	case "implicit":
		all = append(all, mail.WithSSL(), mail.WithTLSPolicy(mail.TLSMandatory))
	case "none":
		all = append(all, mail.WithTLSPolicy(mail.NoTLS))
	default:
		all = append(all, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if p.Mail.User == "" {
		return all, nil
	}
	secret, err := p.read(p.Mail.PasswordFile, maxSecret)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the password of the mail server: %w", err)
	}
	line, _, _ := bytes.Cut(secret, []byte("\n"))
	return append(all, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(p.Mail.User), mail.WithPassword(string(bytes.TrimSpace(line)))), nil
}

// helo is the name this node gives itself: that of the portal.
func helo(url string) string {
	name := url
	if _, after, ok := bytes.Cut([]byte(name), []byte("://")); ok {
		name = string(after)
	}
	if host, _, err := net.SplitHostPort(name); err == nil {
		return host
	}
	return name
}

// authorities are those the server's certificate may come from; nil: the machine's.
func (p *Post) authorities() (*x509.CertPool, error) {
	if p.Mail.CA == "" {
		return nil, nil
	}
	pem, err := p.read(p.Mail.CA, maxCA)
	if err != nil {
		return nil, fmt.Errorf("couldn't read mail.ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("couldn't read mail.ca: it holds no certificate")
	}
	return pool, nil
}

func (p *Post) read(name string, limit int64) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(p.Dir, name)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, limit)
	}
	return os.ReadFile(name)
}

// Run looks what there is to tell when something changed, and as time goes by, and sends what is due, until ctx ends.
func (p *Post) Run(ctx context.Context) {
	p.log.Info("mail", "server", p.Mail.Server, "from", p.Mail.From)
	changes, next := int64(-1), time.Time{}
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		began := time.Now()
		if now := p.Node.Changes(); now != changes && !began.Before(next) || began.Sub(next) > sweepEvery {
			changes = now
			if err := p.Node.SweepMail(ctx); err != nil && ctx.Err() == nil {
				p.log.Error("couldn't look what there is to mail; trying again", "err", err)
			}
			next = time.Now().Add(restful * time.Since(began))
		}
		if err := p.Deliver(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("couldn't go on with mail; trying again", "err", err)
		}
		tick.Reset(max(lookEvery, p.pause))
	}
}

// Deliver sends what is due, over one connection.
func (p *Post) Deliver(ctx context.Context) error {
	l, err := p.Node.NextLetter(ctx)
	if l == nil || err != nil {
		return err
	}
	if err := p.server.DialWithContext(ctx); err != nil {
		p.pause = min(max(2*p.pause, firstPause), lastPause)
		// No message has been spoken of yet: what it said names no addressee.
		p.log.Warn("the mail server can't be reached or doesn't let this node in; trying again", "server", p.Mail.Server, "code", codeOf(err), "pause", p.pause, "err", err)
		return p.Node.Mailed(l, node.Outcome{Away: true, Code: codeOf(err)})
	}
	defer p.server.Close()
	p.pause = 0
	for ; l != nil && ctx.Err() == nil; l, err = p.Node.NextLetter(ctx) {
		if err != nil {
			return err
		}
		o, broken := p.send(l)
		if err := p.Node.Mailed(l, o); err != nil || broken {
			return err
		}
	}
	return err
}

// send hands one letter to the server. broken tells that the connection is of no use any more.
func (p *Post) send(l *node.Letter) (o node.Outcome, broken bool) {
	m, err := p.write(l)
	if err != nil { // a fault of ours: it is not sent again and again
		p.log.Error("couldn't write a message", "message", l.MessageID, "kind", l.Kind, "err", err)
		return node.Outcome{Never: true, Code: "written"}, false
	}
	err = p.server.Send(m)
	if err == nil || m.IsDelivered() {
		return node.Outcome{Taken: true}, err != nil
	}
	o = outcome(err)
	p.log.Warn("the mail server didn't take a message", "message", l.MessageID, "kind", l.Kind, "code", o.Code, "again", !o.Address && !o.Never)
	return o, true
}

// outcome reads what a server said. Of its text, which may hold the address, only the codes are kept.
func outcome(err error) node.Outcome {
	o := node.Outcome{Code: codeOf(err)}
	var e *mail.SendError
	if errors.As(err, &e) && !e.IsTemp() && e.ErrorCode() >= 500 {
		o.Address = e.Reason == mail.ErrSMTPRcptTo
		o.Never = !o.Address
	}
	return o
}

// codeOf is the enhanced status code, else the reply code; empty: the server did not answer.
func codeOf(err error) string {
	var e *mail.SendError
	if !errors.As(err, &e) {
		return ""
	}
	if s := e.EnhancedStatusCode(); s != "" {
		return s
	}
	if e.ErrorCode() > 0 {
		return strconv.Itoa(e.ErrorCode())
	}
	return ""
}
