package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"jisr"
	"jisr/node"
)

const (
	demoFile     = "demo.json"
	demoPort     = 8400
	linkPortStep = 40 // link ports lie this far above those of the portals
	openPortStep = 20 // and those of the public pages this far
	maxDemoFile  = 64 << 10
)

// demo is one run of `jisr demo`.
type demo struct {
	dir       string
	port      int
	members   int
	empty     bool
	exitAfter time.Duration
	asJSON    bool
	tell      func(context.Context, *stage) error // another story; nil: the demonstration's
}

// demoParty is one government of the demo as demo.json keeps it and --json prints it.
type demoParty struct {
	Member   string        `json:"member"`
	URL      string        `json:"url"`
	Token    string        `json:"token"`
	Dir      string        `json:"dir"`
	PID      int           `json:"pid"`
	Name     jisr.Text     `json:"name"`
	Link     string        `json:"link"`
	Public   string        `json:"public,omitempty"` // address of its public page
	Accounts []accountJSON `json:"accounts"`
}

// demoState is all that a later run on the same directory needs.
type demoState struct {
	Nodes []demoParty  `json:"nodes"`
	Forum jisr.ForumID `json:"forum"`
}

func demoVerb() verb {
	return verb{
		name:  "demo",
		short: both{"two governments on this machine, ready to use", "حكومتان على هذا الجهاز، جاهزتان للاستعمال"},
		long: both{
			"Starts two nodes as two processes of jisr serve, Iraq on port N and Syria on N+1, their public pages on N+20 and\n" +
				"N+21, in a forum of both, with a correspondence under way. Everything in it is demonstration data. Ctrl-C ends both and leaves nothing running.\n" +
				"With --dir the demo is kept and taken up again; without it everything is removed at the end.",
			"يشغّل منظومتين بعمليتين من jisr serve: العراق على المنفذ N وسورية على N+1 وصفحتاهما العامتان على N+20 وN+21، في إطار يجمعهما ومراسلات جارية.\n" +
				"كل ما فيه بيانات تجريبية. يوقفهما Ctrl-C ولا يبقى شيء يعمل. ومع \u200e--dir\u200e يُحفظ العرض ويُستأنف، وبدونه يُحذف كل شيء في النهاية.",
		},
		setup: func(o *options) runner {
			var d demo
			o.StringVar(&d.dir, "dir", "", o.describe("dir", "DIR", both{"keep the demo here and take it up again; default: a directory that is removed at the end", "احفظ العرض هنا لاستئنافه؛ والافتراضي مجلد يُحذف في النهاية"}))
			o.IntVar(&d.port, "port", demoPort, o.describe("port", "N", both{"port of the first portal; default 8400", "منفذ البوابة الأولى؛ والافتراضي 8400"}))
			o.IntVar(&d.members, "members", 2, o.describe("members", "2|3", both{"how many governments; the third is Jordan", "عدد الحكومات، والثالثة الأردن"}))
			o.BoolVar(&d.empty, "empty", false, o.describe("empty", "", both{"without the correspondence", "من غير مراسلات"}))
			o.DurationVar(&d.exitAfter, "exit-after", 0, o.describe("exit-after", "D", both{"end by itself this long after it is ready, such as 30s", "التوقف تلقائياً بعد الجاهزية بهذه المدة مثل 30s"}))
			asJSON := o.on("json", both{"print one line of JSON when ready", "اطبع سطراً واحداً بصيغة JSON عند الجاهزية"})
			return func(ctx context.Context, t *terminal, _ []string) error {
				d.asJSON = *asJSON
				if d.members != 2 && d.members != 3 {
					return usage("cli.demo.members")
				}
				if d.port < 1 || d.port+linkPortStep+d.members > 65535 {
					return usage("cli.demo.port")
				}
				return d.run(ctx, t)
			}
		},
	}
}

func (d *demo) run(ctx context.Context, t *terminal) (err error) {
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "jisr-demo-"); err != nil {
			return fmt.Errorf("couldn't make a directory for the demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	}
	if d.dir, err = filepath.Abs(d.dir); err != nil {
		return fmt.Errorf("couldn't find the directory of the demo: %w", err)
	}
	if err := errors.Join(portsFree(d.port, d.members), portsFree(d.port+openPortStep, d.members)); err != nil {
		return err
	}
	state, err := d.state(ctx, t)
	if err == nil {
		err = d.live(ctx, t, state)
	}
	if ctx.Err() == nil || err != nil && !errors.Is(err, ctx.Err()) {
		return err
	}
	if d.members == 2 { // also when Ctrl-C came while things were being made
		t.note("demo.stopped")
	}
	return nil
}

// portsFree finds out before anything is made whether so many nodes can have the ports from this one on.
func portsFree(from, members int) error {
	for i := range members {
		l, err := net.Listen("tcp", loopback(from+i))
		if err != nil {
			return hint(fmt.Errorf("couldn't listen for the demo: %w", err), "jisr demo --port 9400")
		}
		if err := l.Close(); err != nil {
			return fmt.Errorf("couldn't give a port back: %w", err)
		}
	}
	return nil
}

// state takes up the demo in the directory, or makes one. demo.json is written last: a directory without it was
// left half-made, and is not taken up.
func (d *demo) state(ctx context.Context, t *terminal) (*demoState, error) {
	path := filepath.Join(d.dir, demoFile)
	data, err := readBounded(path, maxDemoFile)
	if errors.Is(err, os.ErrNotExist) {
		return d.make(ctx, t)
	}
	if err != nil {
		return nil, err
	}
	var s demoState
	if err := json.Unmarshal(data, &s); err != nil || len(s.Nodes) == 0 {
		return nil, hint(fail("cli.demo.not-one", "dir", d.dir), "jisr demo")
	}
	for i := range s.Nodes {
		if err := d.move(&s.Nodes[i], i, t); err != nil {
			return nil, err
		}
	}
	return &s, d.save(&s)
}

// move gives a node the place this run asks for: its directory may have been moved, its portal's port may be
// another. Its link keeps the port that its letter of credence names.
func (d *demo) move(p *demoParty, i int, t *terminal) error {
	p.Dir = filepath.Join(d.dir, p.Member)
	c, err := readConfig(p.Dir, func(string) string { return "" })
	if err != nil {
		return err
	}
	listen, open := loopback(d.port+i), publicOf(d.port, i)
	p.URL, p.Public = "http://"+listen, open.URL+"/public/"
	if c.Listen == listen && c.Public == open {
		return nil
	}
	c.Listen, c.Public = listen, open
	if err := replaceFile(filepath.Join(p.Dir, configFile), []byte(configText(c))); err != nil {
		return fmt.Errorf("couldn't change the port of %s: %w", p.Member, err)
	}
	return nil
}

// publicOf is where the public reads one of the nodes.
func publicOf(port, i int) node.PublicConfig {
	listen := loopback(port + openPortStep + i)
	return node.PublicConfig{Listen: listen, URL: "http://" + listen, Comments: true}
}

func (d *demo) save(s *demoState) error {
	data, err := json.Marshal(s)
	if err == nil {
		err = replaceFile(filepath.Join(d.dir, demoFile), append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("couldn't keep the demo's accounts: %w", err)
	}
	return nil
}

// make founds the governments, brings them into one forum, and lets them correspond.
func (d *demo) make(ctx context.Context, t *terminal) (*demoState, error) {
	if files, err := os.ReadDir(d.dir); err == nil && len(files) > 0 {
		return nil, hint(fail("cli.demo.not-one", "dir", d.dir), "jisr demo --dir DIR")
	}
	if err := portsFree(d.port+linkPortStep, d.members); err != nil {
		return nil, err
	}
	password, err := demoPassword()
	if err != nil {
		return nil, err
	}
	cast := demoCast(d.members)
	s := &demoState{Forum: cast.forum, Nodes: make([]demoParty, len(cast.parties))}
	errs := make([]error, len(cast.parties))
	var wg sync.WaitGroup
	for i, p := range cast.parties {
		wg.Go(func() { s.Nodes[i], errs[i] = d.found(ctx, t, i, p, password) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := d.play(ctx, t, cast, s); err != nil {
		return nil, err
	}
	return s, d.save(s)
}

func (d *demo) found(ctx context.Context, t *terminal, i int, p party, password string) (demoParty, error) {
	linkAddr := loopback(d.port + linkPortStep + i)
	f := founding{
		config: node.Config{Member: p.member, Origin: p.origin, Name: p.name, Timezone: p.zone, Listen: loopback(d.port + i), Log: "warn", Demo: true,
			Link: node.LinkConfig{Listen: linkAddr, Addresses: []string{linkAddr}}, Public: publicOf(d.port, i)},
		tokens: []node.AddToken{{ID: "demo", Title: jisr.Text{"ar": "برنامج تجريبي", "en": "Demonstration program"}, Desk: p.desks[0].ID, Roles: []jisr.Role{jisr.Direct, jisr.Reader}}},
		desks:  p.desks, posts: p.posts,
	}
	for j := range f.posts {
		f.posts[j].Password = password
	}
	dir := filepath.Join(d.dir, p.member)
	made, err := found(ctx, t, dir, f)
	if err != nil {
		return demoParty{}, err
	}
	return demoParty{Member: p.member, URL: "http://" + loopback(d.port+i), Public: publicOf(d.port, i).URL + "/public/", Token: made.tokens[0].Secret, Dir: dir,
		Name: jisr.Text(p.name), Link: linkAddr, Accounts: made.officials}, nil
}

// play opens the nodes in this process, lets them accept each other, and plays the story between them over their
// real link. It is what serve does, with a clock that starts days ago.
func (d *demo) play(ctx context.Context, t *terminal, cast cast, s *demoState) (err error) {
	clock := newStoryClock()
	ctx, cancel := context.WithCancel(ctx)
	stage := &stage{nodes: map[jisr.MemberID]*node.Node{}, cast: cast, clock: clock, words: t.words}
	var running sync.WaitGroup
	defer func() {
		cancel()
		running.Wait()
		for _, n := range stage.nodes {
			err = errors.Join(err, n.Close())
		}
	}()
	for _, p := range s.Nodes {
		c, err := readConfig(p.Dir, func(string) string { return "" })
		if err != nil {
			return err
		}
		n, err := node.Open(ctx, node.Options{Dir: p.Dir, Config: c, Logger: t.logger(c.Log), Now: clock.now})
		if err != nil {
			return fmt.Errorf("couldn't open the node in %s: %w", p.Dir, err)
		}
		stage.nodes[jisr.MemberID(p.Member)] = n
	}
	if err := stage.introduce(ctx); err != nil {
		return err
	}
	if d.empty {
		return nil
	}
	for _, p := range s.Nodes {
		l, err := net.Listen("tcp", p.Link)
		if err != nil {
			return hint(fmt.Errorf("couldn't listen for other members' nodes: %w", err), "jisr demo --port 9400")
		}
		n := stage.nodes[jisr.MemberID(p.Member)]
		running.Go(func() { n.Run(ctx, l) })
	}
	if d.tell != nil {
		return d.tell(ctx, stage)
	}
	return stage.correspond(ctx)
}

// introduce lets every node accept the letters of all others.
func (s *stage) introduce(ctx context.Context) error {
	for _, n := range s.nodes {
		cmd := node.AcceptForum{Forum: s.cast.forum, Title: s.cast.title}
		for _, other := range s.nodes {
			if other != n {
				cmd.Letters = append(cmd.Letters, other.Self().Letter)
			}
		}
		if _, err := n.Do(ctx, n.Operator(), cmd); err != nil {
			return fmt.Errorf("couldn't bring %s into the forum: %w", n.Self().ID, err)
		}
	}
	return nil
}

// live runs the nodes until ctx ends or all of them have ended.
func (d *demo) live(ctx context.Context, t *terminal, s *demoState) (err error) {
	var children []*child
	defer func() { err = errors.Join(err, stopAll(children)) }()
	for i := range s.Nodes {
		c, err := startNode(s.Nodes[i].Dir, s.Nodes[i].URL, t.err)
		if err != nil {
			return err
		}
		children = append(children, c)
		s.Nodes[i].PID = c.cmd.Process.Pid
	}
	for _, c := range children {
		if _, err := c.ready(ctx); err != nil {
			return err
		}
	}
	if err := d.announce(t, s); err != nil {
		return err
	}
	if d.exitAfter > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.exitAfter)
		defer cancel()
	}
	return watch(ctx, t, s, children)
}

// watch waits for the end and says when a node ends before: the others go on.
func watch(ctx context.Context, t *terminal, s *demoState, children []*child) error {
	ended := make(chan int, len(children))
	for i, c := range children {
		go func() { <-c.ended; ended <- i }()
	}
	for range children {
		select {
		case <-ctx.Done():
			return nil
		case i := <-ended:
			t.note("cli.demo.ended", "name", t.text(s.Nodes[i].Name))
			t.note("demo.restart", "command", "jisr serve --dir "+s.Nodes[i].Dir)
		}
	}
	return nil
}

func (d *demo) announce(t *terminal, s *demoState) error {
	if d.asJSON {
		return t.json(s)
	}
	for _, lang := range []string{"en", "ar"} {
		if err := d.announceIn(t.speaking(lang), s); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) announceIn(t *terminal, s *demoState) error {
	t.say(map[bool]string{false: "demo.ready", true: "cli.demo.three"}[len(s.Nodes) == 3])
	t.say("demo.notice")
	fmt.Fprintln(t.out)
	for _, p := range s.Nodes {
		fmt.Fprintln(t.out, t.lang.T("demo.portal", "member", t.text(p.Name)), p.URL)
		fmt.Fprintln(t.out, t.lang.T("demo.public", "member", t.text(p.Name)), p.Public)
		rows := [][]string{}
		for _, a := range p.Accounts {
			roles := make([]string, 0, len(a.Roles))
			for _, r := range a.Roles {
				roles = append(roles, t.lang.T("role."+string(r)))
			}
			rows = append(rows, []string{"  " + a.Official, t.text(a.Post), fmt.Sprint(roles)})
		}
		if err := t.table(rows); err != nil {
			return err
		}
	}
	t.say("demo.password", "password", s.Nodes[0].Accounts[0].Password)
	t.say("demo.dir", "dir", d.dir)
	t.say("demo.stop")
	fmt.Fprintln(t.out)
	return nil
}

// speaking is the terminal in another language.
func (t *terminal) speaking(lang string) *terminal {
	other := *t
	other.lang = t.words.In(lang).Plain()
	return &other
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// demoPassword is easy to type and not the same in any two demos.
func demoPassword() (string, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("couldn't make a password: %w", err)
	}
	n := binary.BigEndian.Uint32(b[:])
	return fmt.Sprintf("jisr-%04d-%04d", n>>16%10_000, n%10_000), nil
}
