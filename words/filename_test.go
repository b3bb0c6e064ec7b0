package words_test

import (
	"mime"
	"strings"
	"testing"

	"jisr/words"
)

func TestDownload(t *testing.T) {
	for name, want := range map[string]string{
		"a.csv":                `attachment; filename="a.csv"; filename*=UTF-8''a.csv`,
		"../../etc/passwd":     `attachment; filename="passwd"; filename*=UTF-8''passwd`,
		`C:\temp\a b.txt`:      `attachment; filename="a b.txt"; filename*=UTF-8''a%20b.txt`,
		"a\"; x=\"b":           `attachment; filename="a__ x=_b"; filename*=UTF-8''a_%3B%20x%3D_b`,
		".bashrc":              `attachment; filename="bashrc"; filename*=UTF-8''bashrc`,
		"\u202efdp.exe":        `attachment; filename="fdp.exe"; filename*=UTF-8''fdp.exe`,
		"":                     `attachment; filename="attachment-3"; filename*=UTF-8''attachment-3`,
		"..":                   `attachment; filename="attachment-3"; filename*=UTF-8''attachment-3`,
		"a\r\nSet-Cookie: x=y": `attachment; filename="aSet-Cookie_ x=y"; filename*=UTF-8''aSet-Cookie_%20x%3Dy`,
		"\xff\xfe":             `attachment; filename="attachment-3"; filename*=UTF-8''attachment-3`,
		"مذكرة.pdf":            `attachment; filename="_____.pdf"; filename*=UTF-8''%D9%85%D8%B0%D9%83%D8%B1%D8%A9.pdf`,
	} {
		if got := words.Download(name, "attachment-3"); got != want {
			t.Errorf("%q: %s\nwant %s", name, got, want)
		}
	}
}

// FuzzDownload: whatever somebody called a file, the header is one line, and the name leads nowhere.
func FuzzDownload(f *testing.F) {
	for _, s := range []string{"a.csv", "../x", "a\r\nb: c", "\u202efdp.exe", "مذكرة.pdf", `"; filename="b`, "\xff", "..", "% ;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		how, params, err := mime.ParseMediaType(words.Download(name, "attachment-1"))
		if saved := params["filename"]; err != nil || how != "attachment" || saved == "" || saved[0] == '.' || strings.ContainsAny(saved, "/\\\"\r\n\x00\u202e") {
			t.Errorf("%q is offered as %q (%v)", name, words.Download(name, "attachment-1"), err)
		}
	})
}
