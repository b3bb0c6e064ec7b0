package ledger

import "context"

// Store is a database the ledger keeps everything in: SQLite now, PostgreSQL for several replicas of a node later.
//
// It is trusted to keep what it was given and to lose nothing it acknowledged. It is not trusted with the truth of a log: whoever
// changes a row breaks a hash that others have signed. It holds contents, so whoever reads it reads them; it holds no keys.
type Store interface {
	// View calls fn with one consistent snapshot. It runs beside writers and never waits for them.
	View(ctx context.Context, fn func(Tx) error) error
	// Update calls fn in a serialisable write transaction, alone among all processes. When it returns nil, what fn wrote survives a
	// crash and a loss of power. When fn fails nothing of it is left. When the commit itself fails, the caller
	// cannot know, and must read before it decides anew; begun says that the commit was tried.
	Update(ctx context.Context, fn func(Tx) error) (begun bool, err error)
	// Close waits for transactions under way.
	Close() error
}

// Tx runs statements in the SQL that SQLite and PostgreSQL share: parameters $1, $2, … in the order of their first use, INSERT …
// ON CONFLICT, SAVEPOINT. Its errors mean the store failed.
type Tx interface {
	// Exec runs a statement and returns how many rows it changed. Arguments are int64, string, []byte or nil.
	Exec(query string, args ...any) (int64, error)
	// Query puts each row into dest (*int64, *string or *[]byte, which the callee allocates anew) and calls row, which
	// must not use the Tx. A nil row stops after the first. It returns the number of rows seen.
	Query(query string, args, dest []any, row func() error) (int, error)
}

// args and dest make calls of Query readable.
func args(a ...any) []any { return a }
func dest(d ...any) []any { return d }

// one reads a single row, and ErrNotFound if there is none.
func one(tx Tx, query string, args, dest []any) error {
	n, err := tx.Query(query, args, dest, nil)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// exec runs a statement whose count does not matter.
func exec(tx Tx, query string, args ...any) error {
	_, err := tx.Exec(query, args...)
	return err
}
