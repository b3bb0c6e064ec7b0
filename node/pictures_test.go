package node_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
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

// A camera says how a picture stands and where it was taken: the first is followed, and nothing of either is left.
func TestAPictureStandsUprightAndSaysNoPlace(t *testing.T) {
	const place = "33.3152 N 44.3661 E"
	stored := image.NewRGBA(image.Rect(0, 0, 64, 32)) // its upper left quarter is dark
	for y := range 32 {
		for x := range 64 {
			c := color.RGBA{255, 255, 255, 255}
			if x < 32 && y < 16 {
				c = color.RGBA{0, 0, 0, 255}
			}
			stored.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, stored, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	for o, corner := range map[byte]string{1: "upper left", 2: "upper right", 3: "lower right", 4: "lower left", 5: "upper left", 6: "upper right", 7: "lower right", 8: "lower left", 9: "upper left"} {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			tiff := []byte("MM\x00*")
			if order == binary.AppendByteOrder(binary.LittleEndian) {
				tiff = []byte("II*\x00")
			}
			tiff = order.AppendUint32(tiff, 8)
			tiff = order.AppendUint16(tiff, 1)
			for _, v := range []uint16{0x0112, 3} {
				tiff = order.AppendUint16(tiff, v)
			}
			tiff = order.AppendUint16(order.AppendUint16(order.AppendUint32(tiff, 1), uint16(o)), 0)
			exif := append(append([]byte("Exif\x00\x00"), tiff...), place...)
			file := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(exif) + 2)}, append(exif, b.Bytes()[2:]...)...)
			p, err := node.ReadPicture(file)
			if err != nil {
				t.Fatal(err)
			}
			made := p.File()
			if bytes.Contains(made, []byte("Exif")) || bytes.Contains(made, []byte(place)) {
				t.Error("it says where it was taken")
			}
			got, err := jpeg.Decode(bytes.NewReader(made))
			if err != nil {
				t.Fatal(err)
			}
			w, h := got.Bounds().Dx(), got.Bounds().Dy()
			if turned := o >= 5 && o <= 8; turned != (h > w) {
				t.Errorf("%d: %d by %d", o, w, h)
			}
			for name, at := range map[string]image.Point{"upper left": {w / 4, h / 4}, "upper right": {w * 3 / 4, h / 4}, "lower left": {w / 4, h * 3 / 4}, "lower right": {w * 3 / 4, h * 3 / 4}} {
				if r, _, _, _ := got.At(at.X, at.Y).RGBA(); (r < 0x8000) != (name == corner) {
					t.Errorf("%d: the %s is %x", o, name, r)
				}
			}
		}
	}
}

func isRefusal(err error) bool { return isKind(err, "malformed") || isKind(err, "too-long") }
