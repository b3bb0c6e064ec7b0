package node

import (
	"context"
	"os"
	"path/filepath"
)

// CreatePlain makes a directory as nodes were before encryption at rest.
func CreatePlain(ctx context.Context, dir string, c Config) error {
	if err := os.MkdirAll(filepath.Join(dir, dirKeys), 0o700); err != nil {
		return err
	}
	return create(ctx, dir, c, nil)
}
