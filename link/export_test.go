package link

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/tls"
	"net/http"
	"time"
)

// What hostile peers and fuzzers of the tests need of the inside.

type Message = message

func Encode(m *Message) []byte                 { return m.encode() }
func Decode(b []byte) (*Message, error)        { return readMessage(bytes.NewReader(b)) }
func TLSOf(id Identity) *tls.Config            { return id.tlsConfig(func([32]byte) error { return nil }) }
func NewHeld(index int64, n int, b int64) held { return held{contentKey{index, n}, b} }
func (l *Link) Strangers() int64               { return l.strangers.Load() }
func (l *Link) SentContent(member string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peers[member].count.sentContent.Load()
}

// Bomb is a message of a few kilobytes that says it is larger than any may be.
func Bomb() []byte {
	p := newPacker(flate.BestCompression, MaxMessage)
	p.head("sy.jisr.example/iq-sy", 0, 0)
	zeros := make([]byte, 1<<20-1)
	for range 2 * MaxMessage >> 20 {
		p.frame(200, zeros)
	}
	return p.finish()
}

// Caller speaks to a link as the holder of an identity, saying whatever it likes.
type Caller struct{ road *road }

// Call opens a connection.
func Call(ctx context.Context, id Identity, address string) (*Caller, error) {
	conn, err := (&tls.Dialer{Config: TLSOf(id)}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	p := New(Config{Identity: id}).newPeer("xx")
	return &Caller{newRoad(conn, address, p)}, nil
}

// Push sends bytes as the body of a push.
func (c *Caller) Push(ctx context.Context, body []byte) (*Message, error) {
	return c.road.do(ctx, http.MethodPost, pathPush, body, 20*time.Second)
}

// Pull sends bytes as the body of a pull.
func (c *Caller) Pull(ctx context.Context, most string, body []byte) (*Message, error) {
	return c.road.do(ctx, http.MethodPost, pathPull+"?most="+most, body, 20*time.Second)
}

// Get asks for a path.
func (c *Caller) Get(ctx context.Context, path string) (*Message, error) {
	return c.road.do(ctx, http.MethodGet, path, nil, 20*time.Second)
}

// Cut sends the beginning of a push that never ends, and hangs up.
func (c *Caller) Cut(body []byte) error {
	_, err := c.road.conn.Write(append([]byte("POST "+pathPush+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"), body...))
	return joinClose(err, c.road)
}

func joinClose(err error, r *road) error {
	if err != nil {
		return err
	}
	return r.conn.Close()
}

// Close hangs up.
func (c *Caller) Close() error { return c.road.conn.Close() }
