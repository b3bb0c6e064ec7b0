package node_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"jisr/node"
)

// FuzzPicture: whatever is given as a picture, it becomes one within its bounds or is refused.
func FuzzPicture(f *testing.F) {
	var a, b bytes.Buffer
	if err := jpeg.Encode(&a, image.NewGray(image.Rect(0, 0, 9, 5)), nil); err != nil {
		f.Fatal(err)
	}
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 5, 9))); err != nil {
		f.Fatal(err)
	}
	f.Add(a.Bytes())
	f.Add(b.Bytes())
	f.Add([]byte("GIF89a"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 4<<10 {
			return // the bounds of large ones are the decoders' own
		}
		if c, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil && c.Width*c.Height > 1_000_000 {
			return // allowed, and slow
		}
		_, err := node.ReadPicture(file)
		if err != nil && !isRefusal(err) {
			t.Errorf("neither a picture nor refused: %v", err)
		}
	})
}

func isRefusal(err error) bool { return isKind(err, "malformed") || isKind(err, "too-long") }
