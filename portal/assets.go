package portal

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
)

//go:embed all:dist
var dist embed.FS

// assets is what the build made, held in memory as it is sent. Names carry a hash of the content, so whoever
// has a file need never ask for it again.
type assets struct {
	names Assets
	files map[string]asset // by path: "/dist/app-ABCDEFGH.css"
}

type asset struct {
	typ    string
	plain  []byte
	zipped []byte // nil where it would not be smaller
}

// readAssets fails when the build lacks what pages name: a binary without its style must not start.
func readAssets() (*assets, error) {
	raw, err := dist.ReadFile("dist/manifest.json")
	if err != nil {
		return nil, fmt.Errorf("couldn't read the manifest: %w", err)
	}
	var manifest map[string]string
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, fmt.Errorf("couldn't read the manifest: %w", err)
	}
	a := &assets{files: map[string]asset{}}
	for _, want := range []struct {
		name string
		to   *string
	}{{"app.css", &a.names.Style}, {"portal.js", &a.names.Script}, {"icons.svg", &a.names.Icons}, {"mark.svg", &a.names.Mark}} {
		if manifest[want.name] == "" {
			return nil, fmt.Errorf("couldn't find %s among the assets", want.name)
		}
		*want.to = "/dist/" + manifest[want.name]
	}
	return a, fs.WalkDir(dist, "dist", a.add)
}

func (a *assets) add(name string, d fs.DirEntry, err error) error {
	if err != nil || d.IsDir() {
		return err
	}
	b, err := dist.ReadFile(name)
	if err != nil {
		return err
	}
	f := asset{typ: mime.TypeByExtension(path.Ext(name)), plain: b}
	if path.Ext(name) == ".woff2" {
		f.typ = "font/woff2" // compressed already
	} else {
		f.zipped = zip(b)
	}
	a.files["/"+name] = f
	return nil
}

// zip compresses once, at start-up, what is sent many times; nil when that gains nothing.
func zip(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // fails for unknown levels only
	_, _ = z.Write(b)                                       // a buffer takes all
	_ = z.Close()
	if out.Len() >= len(b) {
		return nil
	}
	return out.Bytes()
}

// asset sends a file of the build.
func (s *site) asset(w http.ResponseWriter, r *http.Request) {
	f, ok := s.assets.files[r.URL.Path]
	if !ok {
		s.elsewhere(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", f.typ)
	h.Add("Vary", "Accept-Encoding")
	body := f.plain
	if f.zipped != nil && acceptsGzip(r) {
		body = f.zipped
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader has left
	}
}

// favicon answers browsers that ask for it by habit; pages name the mark themselves.
func (s *site) favicon(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, s.assets.names.Mark, http.StatusFound)
}
