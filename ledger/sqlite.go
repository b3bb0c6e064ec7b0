package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"
)

const (
	sqliteID      = 0x4a495352 // application_id: "JISR"
	sqliteVersion = 2          // user_version: the schema below
	sqliteReaders = 4
	sqliteBusy    = 10 * time.Second // how long another process may hold the write lock: it holds it for one group
)

// Keys of rows are one integer, so that each table is one B-tree that grows at its right edge:
// entry log<<40|index · tile log<<40|level<<36|n · content log<<48|index<<8|n · part blob<<33|offset.
const sqliteSchema = `
CREATE TABLE log (
	id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, keys BLOB NOT NULL,
	size INTEGER NOT NULL, root BLOB NOT NULL,
	checkpoint BLOB, -- newest, signed by the log for exactly size
	cosigned BLOB    -- the same with our countersignatures; NULL for our own logs
);
CREATE TABLE entry (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE tile (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE content (
	id INTEGER PRIMARY KEY, log INTEGER NOT NULL, idx INTEGER NOT NULL, n INTEGER NOT NULL,
	size INTEGER NOT NULL, rank INTEGER NOT NULL, missing INTEGER NOT NULL, blob INTEGER,
	type TEXT NOT NULL, hash BLOB NOT NULL, salt BLOB, data BLOB
);
CREATE INDEX content_missing ON content (log, id) WHERE missing = 1;
CREATE INDEX content_blob ON content (blob) WHERE blob IS NOT NULL;
CREATE TABLE blob (
	id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, held INTEGER NOT NULL, complete INTEGER NOT NULL,
	type TEXT NOT NULL, file TEXT NOT NULL, salt BLOB NOT NULL, sum BLOB NOT NULL, -- running SHA-256, then the commitment
	made INTEGER NOT NULL DEFAULT 0 -- milliseconds, when an upload began; 0: not known (before version 2, or from a backup)
);
CREATE TABLE part (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE receipt (
	id INTEGER PRIMARY KEY, log INTEGER NOT NULL, mirror TEXT NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL,
	kept INTEGER NOT NULL, missing TEXT NOT NULL, note BLOB NOT NULL, checkpoint BLOB NOT NULL
);
CREATE INDEX receipt_mirror ON receipt (log, mirror, size);
CREATE INDEX receipt_size ON receipt (log, size);
CREATE TABLE view (id INTEGER PRIMARY KEY, log INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, checkpoint BLOB NOT NULL);
CREATE INDEX view_log ON view (log, size);
CREATE TABLE evidence (
	id INTEGER PRIMARY KEY, kind TEXT NOT NULL, log TEXT NOT NULL, at INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE,
	first BLOB NOT NULL, second BLOB NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX evidence_kind ON evidence (kind, log);
`

// sqliteSteps bring a file of an older version to the next: the first one of version 1 to 2.
func sqliteSteps() []string {
	return []string{"ALTER TABLE blob ADD COLUMN made INTEGER NOT NULL DEFAULT 0"}
}

// sqliteStore is a Store in one SQLite file in WAL mode. Several processes may have it open.
type sqliteStore struct {
	path    string
	key     []byte         // of the file at rest; nil: it is plain
	writer  chan *sqliteTx // holds the one write connection while nobody writes
	readers chan *sqliteTx // holds idle read connections; nil stands for one not opened yet
}

// CreateSQLite makes the database file path, which must not exist, and opens it. The file has its name only when it
// is complete: a crash before leaves a "*.new" file that the next try replaces, a crash after leaves an empty ledger.
func CreateSQLite(ctx context.Context, path string, v *Vault) (Store, error) {
	if err := createSQLite(path, v.FileKey(filepath.Base(path))); err != nil {
		return nil, fmt.Errorf("couldn't create ledger %s: %w", path, err)
	}
	return OpenSQLite(ctx, path, v)
}

func createSQLite(path string, key []byte) error {
	tmp := path + ".new"
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(tmp + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	err = writeSchema(tmp, key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return publish(tmp, path)
}

func writeSchema(path string, key []byte) error {
	c, err := openFile(path, key)
	if err != nil {
		return err
	}
	err = c.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", sqliteID, sqliteVersion) + sqliteSchema)
	return errors.Join(err, c.Close())
}

// OpenSQLite opens what CreateSQLite made. It creates nothing: a ledger that is not where it is expected is an error, not
// the start of a second one.
func OpenSQLite(_ context.Context, path string, v *Vault) (Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("couldn't open ledger: %w", err)
	}
	s := &sqliteStore{path: path, writer: make(chan *sqliteTx, 1), readers: make(chan *sqliteTx, sqliteReaders)}
	w, err := s.connectFirst(v.FileKeys(filepath.Base(path)))
	if err != nil {
		return nil, fmt.Errorf("couldn't open ledger %s: %w", filepath.Base(path), err)
	}
	s.writer <- w
	for range sqliteReaders {
		s.readers <- nil
	}
	return s, nil
}

// connectFirst finds the key that opens the file: the newest, or the one before while a rotation has not reached it.
func (s *sqliteStore) connectFirst(keys [][]byte) (w *sqliteTx, err error) {
	for _, s.key = range keys {
		if w, err = s.connect(4_000); !errors.Is(err, sqlite3.NOTADB) {
			return w, err
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrSealed, err)
}

// connect opens one connection with a page cache of so many KiB.
func (s *sqliteStore) connect(cache int) (*sqliteTx, error) {
	c, err := openFile(s.path, s.key)
	if err != nil {
		return nil, err
	}
	t := &sqliteTx{conn: c, stmts: map[string]*sqlite3.Stmt{}}
	// synchronous=FULL: a commit has reached the disk when it returns. The WAL is carried over every 16 MB.
	err = errors.Join(c.BusyTimeout(sqliteBusy), c.Exec(fmt.Sprintf(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
		PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -%d;`, cache)))
	if err == nil {
		err = t.upgrade()
	}
	if err == nil {
		err = t.checkSchema()
	}
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// upgrade brings a file of an older version to this one, whole or not at all: a crash before the commit leaves the older
// version, which the next opening brings up again. A file that is no ledger, or of a newer version, is left as it is.
func (t *sqliteTx) upgrade() error {
	version := func() (id, v int64, err error) {
		_, err1 := t.Query("PRAGMA application_id", nil, dest(&id), nil)
		_, err2 := t.Query("PRAGMA user_version", nil, dest(&v), nil)
		return id, v, errors.Join(err1, err2)
	}
	if id, v, err := version(); err != nil || id != sqliteID || v < 1 || v >= sqliteVersion {
		return err
	}
	if err := t.conn.Exec("BEGIN IMMEDIATE"); err != nil {
		return &storeError{err}
	}
	_, v, err := version() // another process may have been first
	for ; err == nil && v < sqliteVersion; v++ {
		err = t.conn.Exec(fmt.Sprintf("%s; PRAGMA user_version = %d", sqliteSteps()[v-1], v+1))
	}
	if err == nil {
		err = t.conn.Exec("COMMIT")
	}
	if err != nil {
		return errors.Join(fmt.Errorf("couldn't bring the ledger to version %d: %w", sqliteVersion, &storeError{err}), t.rollback())
	}
	return nil
}

func (t *sqliteTx) checkSchema() error {
	var id, version int64
	if _, err := t.Query("PRAGMA application_id", nil, dest(&id), nil); err != nil {
		return err
	}
	if _, err := t.Query("PRAGMA user_version", nil, dest(&version), nil); err != nil {
		return err
	}
	if id != sqliteID || version != sqliteVersion {
		return fmt.Errorf("not a ledger of this version (id %x, version %d): %w", id, version, ErrFormat)
	}
	return nil
}

// View implements Store. The snapshot begins with the first statement.
func (s *sqliteStore) View(ctx context.Context, fn func(Tx) error) error {
	var t *sqliteTx
	select {
	case t = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.readers <- t.sound() }()
	if t == nil {
		var err error
		if t, err = s.connect(2_000); err != nil {
			return fmt.Errorf("couldn't open a reader: %w", &storeError{err})
		}
	}
	return t.view(ctx, fn)
}

// sound closes a reader that could not leave its transaction, so that the next one opens another.
func (t *sqliteTx) sound() *sqliteTx {
	if t == nil || t.conn.GetAutocommit() {
		return t
	}
	_ = t.close() // nothing was written through it
	return nil
}

func (t *sqliteTx) view(ctx context.Context, fn func(Tx) error) error {
	t.conn.SetInterrupt(ctx)
	defer t.conn.SetInterrupt(context.Background())
	err := t.conn.Exec("BEGIN")
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("couldn't begin to read: %w", &storeError{err})
	}
	err = fn(t)
	t.conn.SetInterrupt(context.Background())
	if e := t.conn.Exec("ROLLBACK"); e != nil && err == nil {
		err = fmt.Errorf("couldn't end reading: %w", &storeError{e})
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // it was interrupted
	}
	return err
}

// Update implements Store. A crash before the commit returns leaves nothing of fn, or all of it; after, all of it.
func (s *sqliteStore) Update(ctx context.Context, fn func(Tx) error) (bool, error) {
	var t *sqliteTx
	select {
	case t = <-s.writer:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { s.writer <- t }()
	if err := errors.Join(t.rollback(), t.conn.Exec("BEGIN IMMEDIATE")); err != nil { // rollback: of one that failed to
		return false, fmt.Errorf("couldn't begin to write: %w", &storeError{err})
	}
	if err := fn(t); err != nil {
		return false, errors.Join(err, t.rollback())
	}
	if err := t.conn.Exec("COMMIT"); err != nil {
		return true, errors.Join(fmt.Errorf("couldn't commit: %w", &storeError{err}), t.rollback())
	}
	return true, nil
}

// rollback gives up the transaction unless the database has done so itself, as after a full disk.
func (t *sqliteTx) rollback() error {
	if t.conn.GetAutocommit() {
		return nil
	}
	return t.conn.Exec("ROLLBACK")
}

// Close implements Store.
func (s *sqliteStore) Close() error {
	var errs []error
	for range sqliteReaders {
		if t := <-s.readers; t != nil {
			errs = append(errs, t.close())
		}
	}
	errs = append(errs, (<-s.writer).close())
	return errors.Join(errs...)
}

// sqliteTx is a connection with its prepared statements. One transaction uses it at a time.
type sqliteTx struct {
	conn  *sqlite3.Conn
	stmts map[string]*sqlite3.Stmt // the statements of this package: a few dozen
}

func (t *sqliteTx) close() error {
	var errs []error
	for _, s := range t.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, t.conn.Close())...)
}

func (t *sqliteTx) prepare(query string, args []any) (*sqlite3.Stmt, error) {
	s, ok := t.stmts[query]
	if !ok {
		var err error
		if s, _, err = t.conn.PrepareFlags(query, sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
		t.stmts[query] = s
	}
	for i, a := range args {
		if err := bind(s, i+1, a); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func bind(s *sqlite3.Stmt, i int, a any) error {
	switch v := a.(type) {
	case int64:
		return s.BindInt64(i, v)
	case string:
		return s.BindText(i, v)
	case []byte:
		if v == nil {
			return s.BindNull(i)
		}
		return s.BindBlob(i, v)
	case nil:
		return s.BindNull(i)
	}
	return fmt.Errorf("internal error: an argument of type %T", a)
}

// Exec implements Tx.
func (t *sqliteTx) Exec(query string, args ...any) (int64, error) {
	s, err := t.prepare(query, args)
	if err != nil {
		return 0, &storeError{err}
	}
	if err := s.Exec(); err != nil {
		return 0, &storeError{err}
	}
	return t.conn.Changes(), nil
}

// Query implements Tx.
func (t *sqliteTx) Query(query string, args, dest []any, row func() error) (n int, err error) {
	s, err := t.prepare(query, args)
	if err != nil {
		return 0, &storeError{err}
	}
	defer func() {
		if e := s.Reset(); e != nil && err == nil {
			err = &storeError{e}
		}
	}()
	for s.Step() {
		n++
		for i, d := range dest {
			column(s, i, d)
		}
		if row == nil {
			return n, nil
		}
		if err := row(); err != nil {
			return n, err
		}
	}
	if err := s.Err(); err != nil {
		return n, &storeError{err}
	}
	return n, nil
}

func column(s *sqlite3.Stmt, i int, d any) {
	switch v := d.(type) {
	case *int64:
		*v = s.ColumnInt64(i)
	case *string:
		*v = s.ColumnText(i)
	case *[]byte:
		*v = s.ColumnBlob(i, nil)
		if *v == nil && s.ColumnType(i) != sqlite3.NULL {
			*v = []byte{}
		}
	}
}
