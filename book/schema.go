package book

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/s2"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // the pages of an encrypted file

	"jisr"
)

// schemaVersion stands in the file's user_version. Any change of the tables, of what stands in them or of
// the stemming raises it; there are no migrations, because a book is rebuilt in seconds.
const schemaVersion = 20

// tables is what a book needs to take acts. A key is logShift bits of index under the number of the log, so
// that the acts of one log lie side by side in order.
const tables = shelfTables + `
CREATE TABLE meta(self TEXT NOT NULL);
-- next is the position: the index of the next act to apply. clock is that of the newest act.
CREATE TABLE log(n INTEGER PRIMARY KEY, forum TEXT NOT NULL, member TEXT NOT NULL, next INTEGER NOT NULL,
	clock INTEGER NOT NULL, UNIQUE(forum, member));
-- The newest receipt of each mirror of a log; missing is JSON [[from,to],…], half-open.
CREATE TABLE held(log INTEGER, mirror TEXT, size INTEGER NOT NULL, missing TEXT, PRIMARY KEY(log, mirror)) WITHOUT ROWID;
-- wants is 1 while the body is not here, 2 once it was erased. void is the refusal as JSON, null when the act has effect.
-- came: milliseconds, when it was written here or reached this node.
CREATE TABLE act(key INTEGER PRIMARY KEY, thing TEXT NOT NULL, kind TEXT NOT NULL, wants INTEGER, void TEXT, came INTEGER NOT NULL, act TEXT NOT NULL);
CREATE INDEX act_thing ON act(thing);
-- Acts that change the state of things beside the one they are about (jisr.Concerns).
CREATE TABLE concern(thing TEXT, key INTEGER, PRIMARY KEY(thing, key)) WITHOUT ROWID;
-- Bodies as they came, packed: not trusted, checked at each reading. What an official signed stands apart from the signature.
CREATE TABLE body(key INTEGER PRIMARY KEY, signature TEXT, body BLOB NOT NULL);
-- A note, a draft, or both. at: milliseconds, of the newest act with effect. awaited: the reply-by date while any
-- answer is awaited. side 1: we owe the next step, 2: they do; due sorts "none" after every date. handling is a rank; acted
-- and filed say whose it is by our acts and by the house (see Scope).
CREATE TABLE note(n INTEGER PRIMARY KEY, forum TEXT NOT NULL, id TEXT NOT NULL, digest BLOB, at INTEGER NOT NULL,
	box TEXT NOT NULL, state TEXT NOT NULL, kind TEXT, parties TEXT, awaited TEXT, side INTEGER, due TEXT, since INTEGER,
	why TEXT, released INTEGER, drafted INTEGER, handling INTEGER NOT NULL, acted TEXT NOT NULL, filed TEXT NOT NULL, note TEXT, draft TEXT,
	UNIQUE(forum, id));
-- A joint thing that is no note, whatever its noun. at: milliseconds, of the newest act. said stands for what it is found by: as long as it
-- is the same, its words stand in search. Its State.Joint stands apart, so that counting reads thin rows.
CREATE TABLE thing(n INTEGER PRIMARY KEY, forum TEXT NOT NULL, id TEXT NOT NULL, noun TEXT NOT NULL, digest BLOB NOT NULL,
	at INTEGER NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, members TEXT NOT NULL, labels TEXT NOT NULL, handling INTEGER NOT NULL,
	acted TEXT NOT NULL, filed TEXT NOT NULL, said INTEGER NOT NULL DEFAULT 0, UNIQUE(forum, id));
CREATE TABLE joint(thing INTEGER PRIMARY KEY, joint TEXT NOT NULL);
-- What the house says of whose a thing is, and who drafted what it said of it; it is filed under both in its row, as soon as there is one.
CREATE TABLE custody(forum TEXT, thing TEXT, filed TEXT NOT NULL DEFAULT '', drafted TEXT NOT NULL DEFAULT '', PRIMARY KEY(forum, thing)) WITHOUT ROWID;
-- A step that is owed in a thing, where it is ours (side 1) or we wait for it (2); due as of notes. clock 1: it follows from the time too, see SetDuties.
-- forum, handling, acted and filed are those of the thing: what waits is counted for every page.
CREATE TABLE todo(thing INTEGER NOT NULL, side INTEGER NOT NULL, of TEXT NOT NULL, why TEXT NOT NULL, due TEXT NOT NULL,
	since INTEGER NOT NULL, desk TEXT NOT NULL, clock INTEGER NOT NULL DEFAULT 0, forum TEXT NOT NULL, handling INTEGER NOT NULL, acted TEXT NOT NULL, filed TEXT NOT NULL);
CREATE INDEX todo_thing ON todo(thing);
-- The forums the house accepted: where their letters stand.
CREATE TABLE forum(id TEXT PRIMARY KEY, accept INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE account(id TEXT PRIMARY KEY, account TEXT NOT NULL, secret INTEGER NOT NULL, hash TEXT) WITHOUT ROWID;
-- A joint act in preparation in the house; open is 0 once it has gone or was discarded, acted says who drafted it.
CREATE TABLE outgoing(id TEXT PRIMARY KEY, forum TEXT NOT NULL, about TEXT NOT NULL, open INTEGER NOT NULL, at INTEGER NOT NULL,
	handling INTEGER NOT NULL, acted TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
-- How this house reads tables as records; kept is where the map stands, dropped 1 once it is of no use.
CREATE TABLE columns(id TEXT PRIMARY KEY, forum TEXT NOT NULL, programme TEXT NOT NULL, type TEXT NOT NULL, dropped INTEGER NOT NULL, kept INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
-- What readers of the public page wrote; at: milliseconds. received is where it stands.
CREATE TABLE comment(id TEXT PRIMARY KEY, forum TEXT NOT NULL, statement TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL, received INTEGER NOT NULL, comment TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX comment_state ON comment(state, at);
CREATE INDEX comment_statement ON comment(statement, state, at);
-- Pictures beside statements; shown is where it stands.
CREATE TABLE picture(id TEXT PRIMARY KEY, forum TEXT NOT NULL, statement TEXT NOT NULL, gone INTEGER NOT NULL, shown INTEGER NOT NULL, picture TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX picture_statement ON picture(statement, shown);
CREATE TABLE domestic(id TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE desk(id TEXT PRIMARY KEY, desk TEXT NOT NULL) WITHOUT ROWID;
-- The highest number a member released in a forum in a year.
CREATE TABLE series(forum TEXT, member TEXT, year TEXT, last INTEGER NOT NULL, PRIMARY KEY(forum, member, year)) WITHOUT ROWID;
-- Stems, see stems(): of a note under its row, of another thing under the negative of its row. The tokenizer splits at spaces: all beyond ASCII is a letter to it.
-- detail=none: where in a text a word stands nobody asks, and a third of the writing is saved.
CREATE VIRTUAL TABLE search USING fts5(text, content='', contentless_delete=1, detail=none, tokenize='ascii');
`

// indexes is what lists need; Rebuild makes them last, by sorting instead of by inserting.
const indexes = `
CREATE INDEX act_kind ON act(kind);
CREATE INDEX act_wants ON act(wants) WHERE wants IS NOT NULL;
CREATE INDEX note_at ON note(at);
CREATE INDEX note_box ON note(box, at);
CREATE INDEX note_state ON note(state, at);
CREATE INDEX note_todo ON note(side, due, since, why, handling, acted, filed) WHERE side IS NOT NULL;
CREATE INDEX thing_at ON thing(at);
CREATE INDEX thing_noun ON thing(noun, at);
CREATE INDEX todo_side ON todo(side, due, since, handling, forum, acted, filed);
CREATE INDEX thing_owed ON thing(state, labels, members, forum, handling, acted, filed) WHERE noun='commitment';
CREATE INDEX account_hash ON account(hash) WHERE hash IS NOT NULL;
`

// conn is one connection and its prepared statements. One goroutine uses it at a time.
type conn struct {
	*sqlite3.Conn
	stmts map[string]*sqlite3.Stmt
	last  lastBody
}

// connect opens a connection; pragmas set what kind of use it is for.
func connect(ctx context.Context, path string, key []byte, pragmas string) (*conn, error) {
	unlock := ""
	if key != nil {
		// Page by page, by the VFS of that name (Adiantum); the key before anything is read, and never in the file's URI.
		full, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		path = (&url.URL{Scheme: "file", Path: full, RawQuery: "vfs=adiantum"}).String()
		unlock = "PRAGMA hexkey='" + hex.EncodeToString(key) + "'"
	}
	c, err := sqlite3.OpenContext(ctx, path)
	if err != nil {
		return nil, err
	}
	err = errors.Join(c.Exec(unlock), fts5.Register(c), c.Exec(pragmas))
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &conn{Conn: c, stmts: map[string]*sqlite3.Stmt{}}, nil
}

const (
	writerPragmas = `PRAGMA page_size=8192; PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY`
	// What begins with some letters is looked up in the indexes' own lists of stems; what shows these is made before nothing is.
	readerPragmas = `PRAGMA temp_store=MEMORY; CREATE VIRTUAL TABLE temp.search_stem USING fts5vocab(main, search, instance);
		CREATE VIRTUAL TABLE temp.words_stem USING fts5vocab(main, words, instance);
		PRAGMA busy_timeout=10000; PRAGMA query_only=1; PRAGMA cache_size=-4000`
	// bulkPragmas: a crash leaves a file that nobody has opened as a book yet, see Rebuild.
	bulkPragmas = `PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-64000; PRAGMA temp_store=MEMORY; PRAGMA locking_mode=EXCLUSIVE`
)

// openWriter opens or creates the file. One transaction creates all of it, so a crash leaves an empty file,
// which the next opening fills, or a whole one.
func openWriter(ctx context.Context, path string, self jisr.MemberID, key []byte) (*conn, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // it holds verifiers of passwords
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	c, err := connect(ctx, path, key, writerPragmas)
	if errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.CORRUPT) {
		return nil, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	if err != nil {
		return nil, err
	}
	if err := c.checkSchema(self); err != nil {
		return nil, errors.Join(err, c.closeAll())
	}
	return c, nil
}

func (c *conn) checkSchema(self jisr.MemberID) error {
	var version, count int
	if err := c.one(`SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`, nil, &version, &count); err != nil {
		return err
	}
	if version == 0 && count == 0 {
		return c.create(self, tables+indexes)
	}
	if version != schemaVersion {
		return fmt.Errorf("%w (the file has version %d, this program %d)", ErrSchema, version, schemaVersion)
	}
	var whose string
	if err := c.one(`SELECT self FROM meta`, nil, &whose); err != nil {
		return err
	}
	if whose != string(self) {
		return fmt.Errorf("%w (it is the book of %s, not of %s)", ErrSchema, whose, self)
	}
	return nil
}

func (c *conn) create(self jisr.MemberID, ddl string) error {
	return c.transaction(func() error {
		if err := c.Exec(ddl + fmt.Sprintf("PRAGMA user_version=%d", schemaVersion)); err != nil {
			return err
		}
		return c.do(`INSERT INTO meta(self) VALUES(?)`, string(self))
	})
}

// transaction runs f and keeps all or nothing of what it wrote.
func (c *conn) transaction(f func() error) error {
	defer func() { c.last = lastBody{} }()
	tx, err := c.BeginImmediate()
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return nil
}

// prepare gives the statement for sql, bound to args. The caller steps it and resets it.
func (c *conn) prepare(sql string, args ...any) (*sqlite3.Stmt, error) {
	st, ok := c.stmts[sql]
	if !ok {
		var err error
		if st, _, err = c.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
		c.stmts[sql] = st
	}
	for i, arg := range args {
		if err := bind(st, i+1, arg); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// bind takes the few types that rows are made of. []byte is text, for states and acts are JSON; blob is a blob.
func bind(st *sqlite3.Stmt, i int, arg any) error {
	switch v := arg.(type) {
	case nil:
		return st.BindNull(i)
	case string:
		return st.BindText(i, v)
	case []byte:
		if v == nil {
			return st.BindNull(i)
		}
		return st.BindRawText(i, v)
	case blob:
		if v == nil {
			return st.BindNull(i)
		}
		return st.BindBlob(i, v)
	case packed:
		if v == nil {
			return st.BindNull(i)
		}
		return st.BindBlob(i, s2.Encode(nil, v))
	case bool:
		return st.BindBool(i, v)
	case int64:
		return st.BindInt64(i, v)
	case int:
		return st.BindInt(i, v)
	case key:
		if v == 0 {
			return st.BindNull(i)
		}
		return st.BindInt64(i, int64(v))
	}
	return fmt.Errorf("internal error: cannot bind %T", arg)
}

// blob is bytes that are not text.
type blob []byte

// packed is a body or a column, compressed where it is kept: records say much that repeats.
type packed []byte

func unpack(kept []byte) (packed, error) {
	if kept == nil {
		return nil, nil
	}
	return s2.Decode(nil, kept)
}

// do runs a statement that gives no rows.
func (c *conn) do(sql string, args ...any) error {
	st, err := c.prepare(sql, args...)
	if err != nil {
		return err
	}
	return st.Exec() // resets
}

// each calls row for every row. row reads columns and keeps none of their memory.
func (c *conn) each(sql string, args []any, row func(*sqlite3.Stmt) error) error {
	st, err := c.prepare(sql, args...)
	if err != nil {
		return err
	}
	for st.Step() {
		if err := row(st); err != nil {
			return errors.Join(err, st.Reset())
		}
	}
	return errors.Join(st.Err(), st.Reset())
}

// one reads the first row into dest; it fails with errNoRow when there is none.
func (c *conn) one(sql string, args []any, dest ...any) error {
	found := false
	err := c.each(sql, args, func(st *sqlite3.Stmt) error {
		if found {
			return nil
		}
		found = true
		for i, d := range dest {
			switch d := d.(type) {
			case *string:
				*d = st.ColumnText(i)
			case *int:
				*d = st.ColumnInt(i)
			case *int64:
				*d = st.ColumnInt64(i)
			case *key:
				*d = key(st.ColumnInt64(i))
			case *[]byte:
				*d = st.ColumnBlob(i, nil)
			case *packed:
				body, err := unpack(st.ColumnRawBlob(i))
				if err != nil {
					return err
				}
				*d = body
			default:
				return fmt.Errorf("internal error: cannot read into %T", d)
			}
		}
		return nil
	})
	if err == nil && !found {
		return errNoRow
	}
	return err
}

var errNoRow = errors.New("no such row")

func (c *conn) closeAll() error {
	var err error
	for _, st := range c.stmts {
		err = errors.Join(err, st.Close())
	}
	return errors.Join(err, c.Close())
}
