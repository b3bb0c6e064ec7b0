package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"jisr"
	"jisr/programme"
)

const (
	recordsPerCall = 10_000
	recordSenders  = 2
	recordsWithin  = 5 * time.Minute        // for a million
	flashEvery     = 200 * time.Millisecond // a flash note between the records
	rssEvery       = 200 * time.Millisecond
)

type recordFigures struct {
	PerSecond float64 `json:"per_second"` // checked, durable on both sides, countersigned, listed on the other
	Records   int     `json:"records,omitempty"`
	RSS       float64 `json:"rss_mb,omitempty"`       // of the larger node meanwhile
	CPU       float64 `json:"cpu_us,omitempty"`       // of both nodes together, a record
	Flash     float64 `json:"flash_p99_ms,omitempty"` // a flash note, release to countersigned, while they come
	Median    float64 `json:"flash_p50_ms,omitempty"`
	Disk      float64 `json:"disk_mb,omitempty"` // of the larger node, after them
	P95       float64 `json:"p95_ms,omitempty"`  // of lists, filters, sorts, searches and charts over them

	Questions map[string]float64 `json:"questions_p95_ms,omitempty"` // of each of them
}

// water is a pair of nodes with the demonstration's agreement in force, and nothing else.
type water struct {
	b     *bench
	nodes []demoParty
	id    jisr.ThingID
	procs []*child
	sent  int // records between them
}

// records measures how fast records get to the other side and how fast they are listed there. It has nodes of its own, with
// an agreement in force between them.
func (b *bench) records(ctx context.Context, r *report) (err error) {
	r.Records = &recordFigures{Records: b.plan.records}
	return b.onWater(ctx, func(w *water) error {
		if err := w.start(ctx, 2); err != nil {
			return err
		}
		if err := w.send(ctx, r.Records); err != nil {
			return err
		}
		return w.lists(ctx, r.Records)
	})
}

// onWater measures on the pair of nodes with an agreement in force, which is founded once. The other pair does not run meanwhile.
func (b *bench) onWater(ctx context.Context, do func(*water) error) (err error) {
	if b.water == nil {
		w := &water{b: b}
		if err := w.found(ctx); err != nil {
			return err
		}
		b.water = w
	}
	if err := b.halt(); err != nil { // two nodes are measured, not four
		return err
	}
	defer func() { err = errors.Join(err, b.water.stop(), b.start(ctx)) }()
	return do(b.water)
}

// start starts the first nodes of the pair, with settings of their environment.
func (w *water) start(ctx context.Context, nodes int, env ...string) error {
	for _, n := range w.nodes[:nodes] {
		c, err := startChildIn(env, n.URL, w.b.t.err, serveArgs(n.Dir)...)
		if err != nil {
			return err
		}
		w.procs = append(w.procs, c)
		if _, err := c.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *water) stop() error {
	err := stopAll(w.procs)
	w.procs = nil
	return err
}

func (w *water) found(ctx context.Context) error {
	for range 20 {
		ports, err := freePorts(1)
		if err != nil {
			return err
		}
		d := &demo{dir: filepath.Join(w.b.dir, "water"), members: 2, tell: func(ctx context.Context, s *stage) error {
			s.now = time.Now()
			if _, err := s.framework(ctx); err != nil {
				return err
			}
			w.id = s.laid["wat"]
			return s.statement(ctx)
		}}
		if _, err := fmt.Sscanf(ports[0], "127.0.0.1:%d", &d.port); err != nil {
			return err
		}
		if portsFree(d.port, 2) != nil || portsFree(d.port+openPortStep, 2) != nil || portsFree(d.port+linkPortStep, 2) != nil {
			continue
		}
		s, err := d.make(ctx, w.b.t)
		if err == nil {
			w.nodes = s.Nodes
		}
		return err
	}
	return errors.New("couldn't find free ports")
}

// benchRecord is a reading with ten fields; each has a time of its own.
func benchRecord(b []byte, i int) []byte {
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 13 * time.Minute)
	stations := []string{"JRB", "HSB", "HADITHA", "TABQA", "TISHRIN", "BAATH"}
	if i%100 == 0 { // as few of them say something in words
		b = fmt.Appendf(b, `{"remark":"قراءة رقم %d بعد صيانة المقياس",`, i/100)
	} else {
		b = append(b, '{')
	}
	return fmt.Appendf(b, `"station":%q,"river":"euphrates","property":"discharge","time":%q,"aggregation":"instant","value":%d.%d,"unit":"MQS","quality":"good","method":"telemetry","joint_reading":%v}`+"\n",
		stations[i%len(stations)], at.Format(time.RFC3339), 200+i*7919%400, i%10, i%30 == 0)
}

func (w *water) url(n int) string {
	return w.nodes[n].URL + "/api/v1/forums/" + string(w.b.forum()) + "/programmes/" + w.id.Name()
}

func (b *bench) forum() jisr.ForumID { return demoCast(2).forum }

// send posts all records and waits until the other side lists the last of each sender.
func (w *water) send(ctx context.Context, f *recordFigures) error {
	ctx, cancel := context.WithTimeout(ctx, recordsWithin*time.Duration(1+f.Records/1_000_000))
	defer cancel()
	calls := f.Records / recordsPerCall
	w.sent = calls * recordsPerCall
	var next, high atomic.Int64
	watched, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(watched); w.watch(&high, done) }()
	flashed := make(chan flashes, 1)
	go func() { flashed <- w.flash(ctx, done) }()
	spent, err := w.spent()
	if err != nil {
		return err
	}
	begin := time.Now()
	errs := make([]error, recordSenders)
	last := make([]int, recordSenders)
	var wg sync.WaitGroup
	for s := range recordSenders {
		wg.Go(func() {
			for call := int(next.Add(1)) - 1; call < calls && errs[s] == nil; call = int(next.Add(1)) - 1 {
				var body []byte
				for i := range recordsPerCall {
					body = benchRecord(body, call*recordsPerCall+i)
				}
				errs[s] = w.post(ctx, body)
				last[s] = (call+1)*recordsPerCall - 1
			}
		})
	}
	wg.Wait()
	err = errors.Join(errs...)
	for _, i := range last {
		if err == nil && i > 0 {
			err = w.listed(ctx, i)
		}
	}
	f.PerSecond = rounded(float64(calls*recordsPerCall) / time.Since(begin).Seconds())
	close(done)
	<-watched
	f.RSS = float64(high.Load()) / 1000
	between := <-flashed
	if len(between.took) > 0 {
		slices.Sort(between.took)
		f.Flash, f.Median = quantile(between.took, 0.99), quantile(between.took, 0.5)
	}
	err = errors.Join(err, between.err)
	now, serr := w.spent()
	f.CPU = rounded(float64((now - spent).Microseconds()) / float64(calls*recordsPerCall))
	return errors.Join(err, serr)
}

type flashes struct {
	took []time.Duration
	err  error
}

// flash sends flash notes while records come, one after the other, and tells how long each took to be countersigned.
func (w *water) flash(ctx context.Context, done chan struct{}) (f flashes) {
	forum := w.nodes[0].URL + "/api/v1/forums/" + string(w.b.forum())
	for {
		select {
		case <-done:
			return f
		case <-time.After(flashEvery):
		}
		begin := time.Now()
		if _, f.err = postNote(ctx, http.DefaultClient, forum, w.nodes[0].Token, w.nodes[1].Member, "flash", "wait=60", http.StatusOK); f.err != nil {
			return f
		}
		f.took = append(f.took, time.Since(begin))
	}
}

// spent is the time of processors that both nodes have had.
func (w *water) spent() (sum time.Duration, err error) {
	for _, c := range w.procs {
		d, err := processorTime(c.cmd.Process.Pid)
		if err != nil {
			return 0, err
		}
		sum += d
	}
	return sum, nil
}

func (w *water) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url(0)+"/records/water_observation", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+w.nodes[0].Token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10)) // for the error alone
		return fmt.Errorf("the node answered %s: %s", res.Status, text)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// listed waits until the other side lists a record.
func (w *water) listed(ctx context.Context, i int) error {
	var r struct {
		Time string `json:"time"`
	}
	if err := json.Unmarshal(benchRecord(nil, i), &r); err != nil {
		return err
	}
	for {
		var page struct {
			Items []json.RawMessage `json:"items"`
		}
		err := w.get(ctx, "/records/water_observation?limit=1&time="+url.QueryEscape(r.Time), &page)
		if err != nil || len(page.Items) > 0 {
			return err
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

func (w *water) get(ctx context.Context, path string, into any) error {
	return getJSON(ctx, http.DefaultClient, w.url(1)+path, w.nodes[1].Token, into)
}

// watch notes the most memory that either node holds, in thousandths of a MB.
func (w *water) watch(high *atomic.Int64, done chan struct{}) {
	t := time.NewTicker(rssEvery)
	defer t.Stop()
	for {
		for _, c := range w.procs {
			if mb, err := residentMB(c.cmd.Process.Pid); err == nil {
				high.Store(max(high.Load(), int64(mb*1000)))
			}
		}
		select {
		case <-done:
			return
		case <-t.C:
		}
	}
}

// lists measures what people ask of so many records.
func (w *water) lists(ctx context.Context, f *recordFigures) (err error) {
	questions := []string{
		"/records/water_observation", "/records/water_observation?station=HSB&time.from=2003-05&time.to=2003-05",
		"/records/water_observation?sort=value", "/records/water_observation?value.from=590&station=JRB,TABQA&order=ascending",
		"/records/water_observation?q=" + url.QueryEscape("صيانة 77"), "/charts/flow", "/targets",
	}
	f.Questions = map[string]float64{}
	for _, q := range questions {
		f.Questions[q], err = rounds(w.b.plan.pages/4, 3, []string{q}, func(q string) error {
			var any json.RawMessage
			return w.get(ctx, q, &any)
		})
		if err != nil {
			return err
		}
		f.P95 = max(f.P95, f.Questions[q])
	}
	for _, n := range w.nodes {
		mb, err := directoryMB(n.Dir)
		if err != nil {
			return err
		}
		f.Disk = max(f.Disk, rounded(mb))
	}
	return nil
}

// directoryMB is how much the files of a directory take.
func directoryMB(dir string) (float64, error) {
	size := int64(0)
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		i, err := e.Info()
		if err == nil {
			size += i.Size()
		}
		return err
	})
	return float64(size) / (1 << 20), err
}

// bareRecords: the records are decoded, checked against the same annex, and inserted, many in a transaction.
func bareRecords(_ context.Context, dir string, plan benchPlan, f *figures) (err error) {
	doc, err := programme.ReadShipped("wat")
	if err != nil {
		return err
	}
	p, err := programme.Compile(doc)
	if err != nil {
		return err
	}
	t := p.Type("water_observation")
	b, err := newBare(filepath.Join(dir, "records.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	var body []byte
	for i := range recordsPerCall {
		body = benchRecord(body, i)
	}
	begin := time.Now()
	n := min(plan.records, 200_000) / recordsPerCall
	for range n {
		if err := b.db.Exec("BEGIN"); err != nil {
			return err
		}
		var r programme.Record
		for raw, err := range programme.Objects(body) {
			if err != nil {
				return err
			}
			if faults := t.Check(raw, &r); len(faults) > 0 {
				return faults[0]
			}
			if err := b.row(raw); err != nil {
				return err
			}
		}
		if err := b.db.Exec("COMMIT"); err != nil {
			return err
		}
	}
	f.Records = &recordFigures{PerSecond: rounded(float64(n*recordsPerCall) / time.Since(begin).Seconds()), Records: n * recordsPerCall}
	return nil
}
