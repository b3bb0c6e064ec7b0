package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"jisr/api"
	"jisr/calendar"
	"jisr/mail"
	"jisr/node"
	"jisr/paper"
	"jisr/portal"
	"jisr/public"
	"jisr/taxii"
	"jisr/words"
)

// Bounds of the server of portal and API. Bodies are bounded by the faces; uploads and streams of open pages may
// last, so there is no deadline for a whole request or answer.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10 // bytes
	stopTimeout   = 4 * time.Second
	publicTimeout = 30 * time.Second       // in which one of the public takes its answer
	streamsEnd    = 300 * time.Millisecond // what is left of requests under way before their contexts end
	maxCourtesy   = words.MaxOverride
)

func serveVerb() verb {
	return verb{
		name:  "serve",
		short: both{"run a node: portal, API and link", "شغّل المنظومة: البوابة والواجهة البرمجية والربط"},
		long: both{
			"Runs until SIGINT or SIGTERM; what is under way is finished, which takes 5 seconds at most. kill -9 loses nothing\n" +
				"that was answered with success. The log goes to standard error. Settings are in DIR/jisr.toml: jisr config describe.",
			"تعمل حتى SIGINT أو SIGTERM، فيُنجز ما بدأ خلال خمس ثوانٍ على الأكثر. ولا يضيع بالإيقاف القسري ما أُجيب عنه بالنجاح.\n" +
				"يُكتب السجل التشغيلي على مخرج الأخطاء، والإعدادات في DIR/jisr.toml ودليلها jisr config describe.",
		},
		setup: func(o *options) runner {
			dir := o.dir()
			child := o.on("until-eof", both{"also end when standard input is closed: for a program that started it", "انتهِ أيضاً عند إغلاق الدخل القياسي: لبرنامج شغّلها"})
			return func(ctx context.Context, t *terminal, _ []string) error {
				if *child {
					var cancel context.CancelFunc
					ctx, cancel = context.WithCancel(ctx)
					defer cancel()
					go func() { defer cancel(); io.Copy(io.Discard, t.in) }()
				}
				return serve(ctx, t, t.dirOf(*dir))
			}
		},
	}
}

// serve runs the node in dir until ctx ends.
//
// Order matters: the lock and the addresses are taken first, so that a second serve of the same directory ends before
// it touches anything; the node is opened next, which brings the book up with the ledger; readiness is answered once
// both faces stand.
func serve(ctx context.Context, t *terminal, dir string) error {
	c, err := readConfig(dir, t.getenv)
	if err != nil {
		return err
	}
	if t.getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
	c = c.Defaulted()
	log := t.logger(c.Log).With("member", c.Member)
	release, err := runAlone(dir)
	if err != nil {
		return err
	}
	defer release()
	doors, err := listen(c)
	if err != nil {
		return err
	}
	defer doors.close()
	if err := t.override(c, dir); err != nil {
		return err
	}
	heads, err := letterheads(c, dir)
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, node.Options{Dir: dir, Config: c, Logger: log})
	if err != nil {
		return fmt.Errorf("couldn't open the node in %s: %w", dir, err)
	}
	warnAtRest(dir, c, log)
	debug.FreeOSMemory() // opening hashed a password, which takes 64 MiB once
	stopMail, err := sendMail(ctx, t, n, c, dir, log)
	if err != nil {
		return errors.Join(err, n.Close())
	}
	err = serveNode(ctx, t, n, paper.Open(n, t.words, heads, c.Demo), c, doors, log)
	stopMail()
	return errors.Join(err, n.Close())
}

// doors are the sockets of a node.
type doors struct {
	portal net.Listener
	link   net.Listener // nil: this node only dials
	public net.Listener // nil: nothing is public
}

func listen(c node.Config) (*doors, error) {
	var d doors
	var err error
	if d.portal, err = net.Listen("tcp", c.Listen); err != nil {
		return nil, hint(fmt.Errorf("couldn't listen for the portal and the API: %w", err), "JISR_LISTEN=127.0.0.1:PORT jisr serve")
	}
	if c.Public.Listen != "" {
		if d.public, err = net.Listen("tcp", c.Public.Listen); err != nil {
			d.close()
			return nil, hint(fmt.Errorf("couldn't listen for the public: %w", err), "JISR_PUBLIC_LISTEN=127.0.0.1:PORT jisr serve")
		}
	}
	if c.Link.Listen == "none" {
		return &d, nil
	}
	if d.link, err = net.Listen("tcp", c.Link.Listen); err != nil {
		d.close()
		return nil, hint(fmt.Errorf("couldn't listen for other members' nodes: %w", err), "JISR_LINK_LISTEN=127.0.0.1:PORT jisr serve")
	}
	return &d, nil
}

// close gives the sockets back; those a server has closed already say so, which does not matter.
func (d *doors) close() {
	for _, l := range []net.Listener{d.portal, d.link, d.public} {
		if l != nil {
			l.Close()
		}
	}
}

// override takes the operator's own courtesy formulas, where there are any.
func (t *terminal) override(c node.Config, dir string) error {
	if c.Courtesy == "" {
		return nil
	}
	path := inDir(dir, c.Courtesy)
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("couldn't read the courtesy formulas: %w", err)
	}
	defer f.Close()
	if err := t.words.Override(io.LimitReader(f, maxCourtesy+1)); err != nil {
		return fmt.Errorf("couldn't use the courtesy formulas in %s: %w", path, err)
	}
	return nil
}

// letterheads reads the operator's own letterheads, where there are any.
func letterheads(c node.Config, dir string) (paper.Heads, error) {
	if c.Letterheads == "" {
		return nil, nil
	}
	path := inDir(dir, c.Letterheads)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the letterheads: %w", err)
	}
	defer f.Close()
	heads, err := paper.ReadHeads(f)
	if err != nil {
		return nil, fmt.Errorf("%w, in %s", err, path)
	}
	return heads, nil
}

// inDir is a path of the configuration: relative ones begin at the node's directory.
func inDir(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func serveNode(ctx context.Context, t *terminal, n *node.Node, office *paper.Office, c node.Config, d *doors, log *slog.Logger) error {
	closing := make(chan struct{})
	scheme := "http://"
	if c.TLS.Cert != "" {
		scheme = "https://"
	}
	warnIfPlain(c, d.portal.Addr(), log)
	handler, err := faces(t, n, office, c, log, closing)
	if err != nil {
		return err
	}
	requests, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), BaseContext: func(net.Listener) context.Context { return requests },
	}
	if c.TLS.Cert != "" {
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if c.TLS.Clients {
			server.TLSConfig.ClientAuth = tls.RequestClientCert
		}
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go giveBackMemory(running)
	failed := make(chan error, 2)
	go func() { failed <- n.Run(running, d.link) }()
	go func() { failed <- serveHTTP(server, d.portal, c) }()
	defer servePublic(t, n, c, d.public, log)()
	log.Info("ready", "url", scheme+d.portal.Addr().String(), "link", c.Link.Listen)
	return stopWhen(ctx, cancel, server, closing, endRequests, failed)
}

// sendMail tells officials by mail what waits for them, where that is set, and gives what waits for its end.
func sendMail(ctx context.Context, t *terminal, n *node.Node, c node.Config, dir string, log *slog.Logger) (stop func(), err error) {
	if c.Mail.Server == "" {
		return func() {}, nil
	}
	p, err := mail.New(mail.Config{Node: n, Words: t.words, Logger: log, Mail: c.Mail, Dir: dir, URL: c.URL, Page: portal.ThingPath, Invite: invitation(n.Self().Origin)})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	return func() { cancel(); <-done }, nil
}

// invitation is how mail has an invitation written.
func invitation(origin string) func(*words.Lang, *node.CalendarEntry, string, string) ([]byte, error) {
	return func(l *words.Lang, e *node.CalendarEntry, from, to string) ([]byte, error) {
		return calendar.Invite(l, e, origin, from, to)
	}
}

// warnIfPlain says in the log that passwords may cross a network in the clear.
func warnIfPlain(c node.Config, a net.Addr, log *slog.Logger) {
	if tcp, ok := a.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && c.TLS.Cert == "" && !strings.HasPrefix(c.URL, "https://") {
		log.Warn("the portal and the API listen beyond this machine without TLS: set tls.cert and tls.key, or url behind a TLS proxy", "listen", c.Listen)
	}
}

// warnAtRest says in the log what a stolen disk would show.
func warnAtRest(dir string, c node.Config, log *slog.Logger) {
	s, err := node.ReadAtRest(dir, c.AtRest)
	switch {
	case err != nil:
		log.Error("couldn't read how the directory is encrypted", "err", err)
	case s.Generation == 0:
		log.Warn("the directory is not encrypted: jisr key encrypt")
	case s.Unfinished:
		log.Warn("some files are still encrypted with an old data key: jisr key rotate")
	case s.Beside && !c.Demo:
		log.Warn("what opens the data key lies in the directory it protects: jisr key wrap")
	}
}

// faces puts the portal and the API behind one door. Both are made here and know nothing of each other.
func faces(t *terminal, n *node.Node, office *paper.Office, c node.Config, log *slog.Logger, closing <-chan struct{}) (http.Handler, error) {
	pages, err := portal.New(portal.Config{Node: n, Words: t.words, Logger: log, Secure: strings.HasPrefix(c.URL, "https://"), Demo: c.Demo, Print: office.Print, Read: office.Import, Closing: closing})
	if err != nil {
		return nil, err
	}
	feed := func(ctx context.Context, who node.Caller, l *words.Lang, desk bool) ([]byte, error) {
		return calendar.Of(ctx, n, who, l, desk, c.URL, portal.ThingPath)
	}
	programs, err := api.New(api.Config{Calendar: feed, Node: n, Words: t.words, Logger: log, PublicURL: c.URL, Print: office.Print, Read: office.Import, Closing: closing})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle(calendar.Path, calendar.New(calendar.Config{Node: n, Words: t.words, Logger: log, URL: c.URL, Page: portal.ThingPath}))
	for _, path := range api.Paths() {
		mux.Handle(path, programs)
	}
	mux.Handle(taxii.Path, taxii.New(taxii.Config{Node: n, Words: t.words, Logger: log}))
	names, err := hostsOf(c)
	return names.guard(patience().guard(mux)), err
}

func serveHTTP(s *http.Server, l net.Listener, c node.Config) (err error) {
	if c.TLS.Cert != "" {
		err = s.ServeTLS(l, c.TLS.Cert, c.TLS.Key)
	} else {
		err = s.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("couldn't serve the portal and the API: %w", err)
}

// servePublic opens the door of the public, and gives what closes it. A reader who is slow, or says nothing, is let go: what is
// public is small. That it fails is logged and ends nothing else.
func servePublic(t *terminal, n *node.Node, c node.Config, l net.Listener, log *slog.Logger) (stop func()) {
	if l == nil {
		return func() {}
	}
	s := &http.Server{
		Handler: public.New(public.Config{Node: n, Words: t.words, Logger: log, URL: c.Public.URL, Comments: c.Public.Comments, Demo: c.Demo}), ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: publicTimeout,
		IdleTimeout: headerTimeout, MaxHeaderBytes: maxHeader / 4, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("couldn't serve the public page", "err", err)
		}
	}()
	log.Info("public", "url", "http://"+l.Addr().String()+"/public/")
	return func() { _ = s.Close() }
}

// stopWhen waits for the end of ctx, or of what serves, and stops the rest: no new requests, then the streams of
// open pages, then what is left; the link last, so that receipts on their way still arrive.
func stopWhen(ctx context.Context, cancel func(), s *http.Server, closing chan struct{}, endRequests func(), failed <-chan error) error {
	var errs []error
	running := 2
	select {
	case <-ctx.Done():
	case err := <-failed:
		errs = append(errs, err)
		running--
	}
	close(closing)
	end := time.AfterFunc(streamsEnd, endRequests)
	defer end.Stop()
	limit, done := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer done()
	if err := s.Shutdown(limit); err != nil {
		errs = append(errs, s.Close())
	}
	cancel()
	for ; running > 0; running-- {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}
