package nodetest

import (
	"os"
	"path/filepath"
)

// readLetter reads a member's letter of credence from where node.Create puts it, as an operator hands it over.
func readLetter(dir string) ([]byte, error) {
	return os.ReadFile(filepath.Join(dir, "letter.credence"))
}
