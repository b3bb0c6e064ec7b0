package book

import (
	"context"

	"jisr"
)

// RebuildBy is Rebuild in batches of some acts, so that one thing is met in several.
func RebuildBy(ctx context.Context, path string, self jisr.MemberID, some int, next func() ([]Said, error)) error {
	return rebuild(ctx, path, self, some, next, nil)
}
