package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockFile is held by whoever runs a node in its directory or replaces its book. It is empty; the kernel gives the lock
// back when the process ends, however it ends, so a crash leaves nothing to clean up.
const lockFile = "running.lock"

// runAlone makes sure that no other process runs the node in dir. Verbs that only append to the ledger do not ask for it.
func runAlone(dir string) (release func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("couldn't lock the node's directory: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(fail("cli.running", "dir", dir), f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("couldn't lock the node's directory: %w", err), f.Close())
	}
	return f.Close, nil
}
