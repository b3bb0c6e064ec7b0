package link

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"jisr/ledger"
)

// magic opens every message in either direction; what follows is one DEFLATE stream (RFC 1951) of frames.
const magic = "jisr link/v1\n"

// The frames: one byte of type, four bytes of length (big endian), the payload. Numbers are never reused.
const (
	frameEnd        = 0  // empty; nothing may follow, so a message that was cut is never taken for a whole one
	frameLog        = 1  // which log, from where
	frameCheckpoint = 2  // signed note
	frameEntries    = 3  // uint16 length and bytes, repeated (c2sp.org/tlog-tiles entry bundle)
	framePart       = 4  // a piece of a content
	frameGossip     = 5  // a checkpoint of another log as this side knows it
	frameReceipt    = 6  // signed note jisr receipt/v1
	frameHeld       = 7  // how many bytes of a content are held
	frameMissing    = 8  // runs of indices with a content not held
	frameRefusal    = 9  // kind, newline, detail
	frameProof      = 10 // hashes that a tree is the beginning of another
	headerSize      = 5  // of a frame
	partHeader      = 50 // of a part: index, n, salt, offset
)

// Flags of a push: what the sender asks for although the mirror has nothing new to say.
const (
	wantCheckpoint = 1 // its cosignatures on the checkpoint it holds
	wantReceipt    = 2
)

// servesPull, a flag of a state: who says it gives the log's owner back what that lacks.
const servesPull = 4

// message is what one request or answer says. Pushes, their answers and states use the same frames.
type message struct {
	Log        ledger.Origin
	From       int64 // push: index of the first entry; answer: how many entries are held
	Flags      byte
	Checkpoint []byte
	Entries    [][]byte
	Parts      []ledger.Part
	Gossip     [][]byte
	Receipt    []byte
	Held       []held
	Missing    []ledger.Range
	Proof      [][32]byte
	Refusal    *Refusal
}

// contentKey names the nth content of an entry of one log.
type contentKey struct {
	index int64
	n     int
}

type held struct {
	contentKey
	bytes int64
}

// errFrames is the reason for every message that does not parse.
var errFrames = errors.New("malformed message")

func malformed(format string, a ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errFrames}, a...)...)
}

// packer writes frames through a compressor and knows how many bytes will be on the wire, so that a batch
// can stop at what the road carries in about a second.
type packer struct {
	buf   bytes.Buffer
	z     *flate.Writer
	raw   int // bytes since the last flush
	total int // bytes altogether, before compression
	every int
}

// newPacker compresses at a level of package flate. It counts the wire every so many raw bytes.
func newPacker(level, every int) *packer {
	p := &packer{every: every}
	p.buf.WriteString(magic)
	p.z, _ = flate.NewWriter(&p.buf, level) // fails only for levels that flate does not have
	return p
}

func (p *packer) frame(kind byte, payload ...[]byte) {
	var head [headerSize]byte
	n := 0
	for _, b := range payload {
		n += len(b)
	}
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(n))
	p.write(head[:])
	for _, b := range payload {
		p.write(b)
	}
}

// write cannot fail: it ends in memory.
func (p *packer) write(b []byte) {
	_, _ = p.z.Write(b)
	p.raw += len(b)
	p.total += len(b)
}

// wire is how many bytes would be sent if the message ended here, to within a few dozen.
func (p *packer) wire() int {
	if p.raw > p.every {
		_ = p.z.Flush()
		p.raw = 0
	}
	return p.buf.Len() + p.raw
}

func (p *packer) finish() []byte {
	p.frame(frameEnd)
	_ = p.z.Close()
	return p.buf.Bytes()
}

func (p *packer) head(log ledger.Origin, from int64, flags byte) {
	p.frame(frameLog, binary.BigEndian.AppendUint64(nil, uint64(from)), []byte{flags}, []byte(log))
}

func (p *packer) part(c ledger.Part) {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, partHeader), uint64(c.Index))
	b = binary.BigEndian.AppendUint16(b, uint16(c.N))
	b = append(b, c.Salt[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Offset))
	p.frame(framePart, b, c.Data)
}

func (p *packer) held(h held) {
	b := binary.BigEndian.AppendUint64(nil, uint64(h.index))
	b = binary.BigEndian.AppendUint16(b, uint16(h.n))
	p.frame(frameHeld, binary.BigEndian.AppendUint64(b, uint64(h.bytes)))
}

func (p *packer) missing(ranges []ledger.Range) {
	if len(ranges) > maxRanges {
		last := ledger.Range{Start: ranges[maxRanges-1].Start, End: ranges[len(ranges)-1].End}
		ranges = append(append([]ledger.Range{}, ranges[:maxRanges-1]...), last)
	}
	var b []byte
	for _, r := range ranges {
		b = binary.BigEndian.AppendUint64(b, uint64(r.Start))
		b = binary.BigEndian.AppendUint64(b, uint64(r.End))
	}
	p.frame(frameMissing, b)
}

func (p *packer) proof(hashes [][32]byte) {
	var b []byte
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	p.frame(frameProof, b)
}

// entries packs entries in bundles of about 16 KiB and stops when the wire has had its budget, after at
// least one. It tells how many went in.
func (p *packer) entries(all [][]byte, budget int) int {
	done := 0
	for done < len(all) && (done == 0 || p.wire() < budget) {
		var bundle []byte
		for done < len(all) && len(bundle) < 16<<10 {
			bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(all[done])))
			bundle = append(bundle, all[done]...)
			done++
		}
		p.frame(frameEntries, bundle)
	}
	return done
}

// encode writes an answer or a state. Pushes are packed frame by frame by the sender.
func (m *message) encode() []byte {
	p := newPacker(flate.BestSpeed, MaxMessage)
	if m.Log != "" {
		p.head(m.Log, m.From, m.Flags)
	}
	if m.Receipt != nil {
		p.frame(frameReceipt, m.Receipt)
	}
	if m.Checkpoint != nil {
		p.frame(frameCheckpoint, m.Checkpoint)
	}
	p.entries(m.Entries, MaxMessage)
	for _, c := range m.Parts {
		p.part(c)
	}
	for _, h := range m.Held {
		p.held(h)
	}
	if m.Missing != nil {
		p.missing(m.Missing)
	}
	for _, g := range m.Gossip {
		p.frame(frameGossip, g)
	}
	if m.Proof != nil {
		p.proof(m.Proof)
	}
	if m.Refusal != nil {
		p.frame(frameRefusal, []byte(m.Refusal.Kind+"\n"+clip(m.Refusal.Detail)))
	}
	return p.finish()
}

func clip(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\n", " "), "")
	return strings.ToValidUTF8(s[:min(len(s), maxDetail)], "")
}

// readMessage reads one message of at most MaxMessage bytes decompressed, whatever it claims to be.
func readMessage(r io.Reader) (*message, error) {
	var start [len(magic)]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return nil, malformed("no first line: %v", err)
	}
	if string(start[:]) != magic {
		return nil, malformed("want %q", strings.TrimSpace(magic))
	}
	z := flate.NewReader(r)
	limited := &io.LimitedReader{R: z, N: MaxMessage}
	m := new(message)
	for range maxFrames {
		more, err := m.readFrame(limited)
		if err != nil {
			if limited.N <= 0 {
				err = malformed("more than %d bytes", MaxMessage)
			}
			return nil, err
		}
		if !more {
			return m, ended(z)
		}
	}
	return nil, malformed("more than %d frames", maxFrames)
}

// ended makes sure that the compressed stream is whole and holds nothing after the end frame.
func ended(z io.Reader) error {
	var one [1]byte
	if n, err := z.Read(one[:]); n != 0 || err != io.EOF {
		return malformed("more after the end frame, or cut short")
	}
	return nil
}

func (m *message) readFrame(r *io.LimitedReader) (more bool, err error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return false, malformed("cut short: %v", err)
	}
	n := int64(binary.BigEndian.Uint32(head[1:]))
	limit, known := frameLimits(head[0])
	if !known {
		// A newer peer may say more: what this side does not know has no effect on what it does.
		limit = maxPart
	}
	if n > limit {
		return false, malformed("frame %d of %d bytes, at most %d", head[0], n, limit)
	}
	if n > r.N {
		return false, malformed("more than %d bytes", MaxMessage)
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(r, payload); err != nil {
		return false, malformed("cut short: %v", err)
	}
	if head[0] == frameEnd {
		return false, nil
	}
	return true, m.take(head[0], payload)
}

func frameLimits(kind byte) (limit int64, known bool) {
	switch kind {
	case frameEnd:
		return 0, true
	case frameLog:
		return 9 + maxLogName, true
	case frameCheckpoint, frameGossip:
		return maxNote, true
	case frameReceipt:
		return 2 * maxNote, true
	case frameEntries:
		return 2 * (maxEntry + 2), true
	case framePart:
		return partHeader + maxPart, true
	case frameHeld:
		return 18, true
	case frameMissing:
		return 16 * maxRanges, true
	case frameRefusal:
		return 64 + 1 + maxDetail, true
	case frameProof:
		return maxProof * 32, true
	}
	return 0, false
}

func (m *message) take(kind byte, b []byte) error {
	switch kind {
	case frameLog:
		return m.takeLog(b)
	case frameCheckpoint:
		return once(&m.Checkpoint, b)
	case frameReceipt:
		return once(&m.Receipt, b)
	case frameEntries:
		return m.takeEntries(b)
	case framePart:
		return m.takePart(b)
	case frameGossip:
		if len(m.Gossip) >= maxGossip {
			return malformed("more than %d gossiped checkpoints", maxGossip)
		}
		m.Gossip = append(m.Gossip, b)
	case frameHeld:
		return m.takeHeld(b)
	case frameMissing:
		return m.takeMissing(b)
	case frameProof:
		return m.takeProof(b)
	case frameRefusal:
		reason, detail, ok := strings.Cut(string(b), "\n")
		if !ok || !validKind(reason) {
			return malformed("refusal")
		}
		m.Refusal = &Refusal{Kind: reason, Detail: clip(detail)}
	}
	return nil
}

func once(field *[]byte, b []byte) error {
	if *field != nil || len(b) == 0 {
		return malformed("a note that is empty or comes twice")
	}
	*field = b
	return nil
}

func (m *message) takeLog(b []byte) error {
	if len(b) < 10 || m.Log != "" {
		return malformed("log frame")
	}
	from, err := integer(b)
	m.From, m.Flags, m.Log = from, b[8], ledger.Origin(b[9:])
	return err
}

func (m *message) takeEntries(b []byte) error {
	for len(b) > 0 {
		if len(b) < 2 {
			return malformed("entries")
		}
		n := int(binary.BigEndian.Uint16(b))
		if n == 0 || len(b)-2 < n {
			return malformed("entries")
		}
		if len(m.Entries) >= MaxBatchEntries {
			return malformed("more than %d entries", MaxBatchEntries)
		}
		m.Entries = append(m.Entries, b[2:2+n:2+n])
		b = b[2+n:]
	}
	return nil
}

func (m *message) takePart(b []byte) error {
	if len(b) < partHeader {
		return malformed("part")
	}
	index, err := integer(b)
	if err != nil {
		return err
	}
	offset, err := integer(b[42:])
	c := ledger.Part{Index: index, N: int(binary.BigEndian.Uint16(b[8:])), Salt: [32]byte(b[10:42]), Offset: offset, Data: b[partHeader:]}
	m.Parts = append(m.Parts, c)
	return err
}

func (m *message) takeHeld(b []byte) error {
	if len(b) != 18 || len(m.Held) >= maxHeld {
		return malformed("held frame")
	}
	index, err := integer(b)
	if err != nil {
		return err
	}
	n, err := integer(b[10:])
	m.Held = append(m.Held, held{contentKey{index, int(binary.BigEndian.Uint16(b[8:]))}, n})
	return err
}

func (m *message) takeMissing(b []byte) error {
	if len(b)%16 != 0 || m.Missing != nil {
		return malformed("missing frame")
	}
	m.Missing = []ledger.Range{}
	after := int64(0)
	for ; len(b) > 0; b = b[16:] {
		start, err1 := integer(b)
		end, err2 := integer(b[8:])
		if err1 != nil || err2 != nil || start < after || end <= start {
			return malformed("missing ranges must rise and not be empty")
		}
		m.Missing = append(m.Missing, ledger.Range{Start: start, End: end})
		after = end
	}
	return nil
}

func (m *message) takeProof(b []byte) error {
	if len(b)%32 != 0 || m.Proof != nil {
		return malformed("proof frame")
	}
	m.Proof = [][32]byte{}
	for ; len(b) > 0; b = b[32:] {
		m.Proof = append(m.Proof, [32]byte(b))
	}
	return nil
}

func integer(b []byte) (int64, error) {
	n := binary.BigEndian.Uint64(b)
	if n > maxSafe {
		return 0, malformed("a number above 2^53-1")
	}
	return int64(n), nil
}
