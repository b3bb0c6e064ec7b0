package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"filippo.io/mldsa"
	"github.com/ncruces/go-sqlite3"
)

// The baseline is the least that each figure could be made of, on the same machine within the same minute: the same
// database with the same durability, the same two signatures, the same TLS, and nothing of ours.

const (
	barePage  = 24 << 10 // bytes of a page that is only sent
	bareRow   = 1_200    // bytes of a row
	bareBatch = 2_000    // rows in one transaction, where many are written
)

func baseline(ctx context.Context, dir string, plan benchPlan, f *figures) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("couldn't make a directory for the baseline: %w", err)
	}
	steps := []struct {
		name string
		do   func(context.Context, string, benchPlan, *figures) error
	}{{"ready", bareReady}, {"note", bareNotes}, {"rebuild", bareInserts}, {"page", barePages}, {"agreement", bareAgreements}, {"commitment", bareRegister}, {"policy", barePolicies}, {"records", bareRecords}, {"search", bareSearch}, {"public", barePublic}}
	for _, s := range steps {
		if !plan.has(s.name) {
			continue
		}
		if err := s.do(ctx, dir, plan, f); err != nil {
			return fmt.Errorf("couldn't measure the baseline of %s: %w", s.name, err)
		}
	}
	return nil
}

// bare is one side of the baseline of notes: a table and two keys. mu guards db, which is one connection.
type bare struct {
	mu      sync.Mutex
	db      *sqlite3.Conn
	insert  *sqlite3.Stmt
	classic ed25519.PrivateKey
	quantum *mldsa.PrivateKey
}

func newBare(path string) (*bare, error) {
	db, err := sqlite3.Open(path)
	if err != nil {
		return nil, err
	}
	b := &bare{db: db}
	if err := db.Exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE note (id INTEGER PRIMARY KEY, data BLOB NOT NULL)"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if b.insert, _, err = db.Prepare("INSERT INTO note (data) VALUES (?)"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if _, b.classic, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	b.quantum, err = mldsa.GenerateKey(mldsa.MLDSA44())
	return b, err
}

func (b *bare) close() error { return errors.Join(b.insert.Close(), b.db.Close()) }

// keep stores a row durably and signs it twice, as a log and as a mirror do.
func (b *bare) keep(data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.row(data); err != nil {
		return err
	}
	if _, err := b.classic.Sign(rand.Reader, data, crypto.Hash(0)); err != nil {
		return err
	}
	_, err := b.quantum.Sign(rand.Reader, data, crypto.Hash(0))
	return err
}

func (b *bare) row(data []byte) error {
	if err := b.insert.BindBlob(1, data); err != nil {
		return err
	}
	if err := b.insert.Exec(); err != nil {
		return err
	}
	return b.insert.Reset()
}

// bareNotes: store and sign, a TLS round trip, store and sign there.
func bareNotes(ctx context.Context, dir string, plan benchPlan, f *figures) (err error) {
	near, err := newBare(filepath.Join(dir, "near.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, near.close()) }()
	far, err := newBare(filepath.Join(dir, "far.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, far.close()) }()
	address, client, stop, err := bareServer(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
		if err == nil {
			err = far.keep(data)
		}
		if err != nil {
			http.Error(w, "", http.StatusInternalServerError)
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	note := bytes.Repeat([]byte{'n'}, bareRow)
	send := func() error {
		if err := near.keep(note); err != nil {
			return err
		}
		return post(ctx, client, address, note)
	}
	return bareSend(plan, f, send)
}

func bareSend(plan benchPlan, f *figures, send func() error) error {
	var took []time.Duration
	for i := range plan.latency + 20 {
		begin := time.Now()
		if err := send(); err != nil {
			return err
		}
		if i >= 20 {
			took = append(took, time.Since(begin))
		}
	}
	slices.Sort(took)
	begin := time.Now()
	var done atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, plan.senders)
	for range plan.senders {
		wg.Go(func() {
			for time.Since(begin) < plan.rate/2 {
				if err := send(); err != nil {
					errs <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	close(errs)
	f.Note = &noteFigures{P50: quantile(took, 0.5), P99: quantile(took, 0.99), PerSecond: rounded(float64(done.Load()) / time.Since(begin).Seconds()), Senders: plan.senders}
	return <-errs
}

func post(ctx context.Context, client *http.Client, address string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the baseline's server answered %s", res.Status)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// bareServer is an HTTP server over TLS 1.3 on loopback, with a client that trusts it.
func bareServer(handle http.HandlerFunc) (address string, client *http.Client, stop func(), err error) {
	cert, pool, err := bareCertificate()
	if err != nil {
		return "", nil, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, nil, err
	}
	server := &http.Server{Handler: handle, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}, ReadHeaderTimeout: headerTimeout}
	go server.ServeTLS(l, "", "")
	client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, MaxIdleConnsPerHost: 256}}
	return "https://" + l.Addr().String(), client, func() { server.Close() }, nil
}

func bareCertificate() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool, nil
}

// bareInserts: rows as large as acts, many in a transaction, read by nobody.
func bareInserts(_ context.Context, dir string, plan benchPlan, f *figures) (err error) {
	b, err := newBare(filepath.Join(dir, "rows.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	row := bytes.Repeat([]byte{'r'}, bareRow)
	begin := time.Now()
	for done := 0; done < plan.acts; done += bareBatch {
		if err := b.db.Exec("BEGIN"); err != nil {
			return err
		}
		for range bareBatch {
			if err := b.row(row); err != nil {
				return err
			}
		}
		if err := b.db.Exec("COMMIT"); err != nil {
			return err
		}
	}
	f.Rebuild = &rebuildFigures{PerSecond: rounded(float64(plan.acts) / time.Since(begin).Seconds()), Acts: int64(plan.acts)}
	return nil
}

// barePages: a page that is only sent.
func barePages(ctx context.Context, _ string, plan benchPlan, f *figures) error {
	p95, err := onlySent(ctx, barePage, 3*plan.pages)
	if err != nil {
		return err
	}
	f.Page = &pageFigures{P95: p95}
	return nil
}

// onlySent is the 95th percentile, in milliseconds, of asking for a page that long which nobody has to make.
func onlySent(ctx context.Context, long, times int) (float64, error) {
	content := bytes.Repeat([]byte{'p'}, long)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(content) }), ReadHeaderTimeout: headerTimeout}
	go server.Serve(l)
	defer server.Close()
	return rounds(times, 0, []string{"http://" + l.Addr().String()}, func(address string) error { return page(ctx, http.DefaultClient, address) })
}

// bareRegister: a page that is only sent, as for other pages.
func bareRegister(ctx context.Context, dir string, plan benchPlan, f *figures) error {
	var sent figures
	if err := barePages(ctx, dir, plan, &sent); err != nil {
		return err
	}
	f.Commitment = &commitmentFigures{P95: sent.Page.P95}
	return nil
}

// bareReady: this program started to do nothing but answer that it is there.
func bareReady(ctx context.Context, _ string, _ benchPlan, f *figures) error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	c, err := startChild("http://"+ports[0], io.Discard, "bench", "--hello", ports[0])
	if err != nil {
		return err
	}
	took, err := c.ready(ctx)
	if err == nil {
		err = pause(ctx, settleFor)
	}
	rss, errRSS := residentMB(c.cmd.Process.Pid)
	f.Ready, f.Idle = &readyFigures{Seconds: rounded(took.Seconds())}, &idleFigures{RSS: rounded(rss)}
	return errors.Join(err, errRSS, c.stop())
}

// hello is the empty server of the baseline. It ends when standard input does.
func hello(ctx context.Context, t *terminal, address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("couldn't listen: %w", err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") }), ReadHeaderTimeout: headerTimeout}
	go func() { io.Copy(io.Discard, t.in); server.Close() }()
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
