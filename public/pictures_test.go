package public_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"jisr"
	"jisr/node"
)

// photograph is a JPEG with a place and a camera in it, as telephones write them (EXIF, APP1).
func photograph(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("Exif\x00\x00"), "GPS 33.3152 44.3661 CAMERA-OF-SOMEBODY"...)
	app1 := append([]byte{0xff, 0xe1, byte((len(exif) + 2) >> 8), byte(len(exif) + 2)}, exif...)
	return append(append(append([]byte{}, b.Bytes()[:2]...), app1...), b.Bytes()[2:]...)
}

// bomb is a PNG of a few bytes that says it is very large.
func bomb() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))) // into memory
	raw := b.Bytes()
	binary.BigEndian.PutUint32(raw[16:], 60_000)
	binary.BigEndian.PutUint32(raw[20:], 60_000)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	return raw
}

func TestAPictureIsMadeAnewAndSaysWhatItShows(t *testing.T) {
	w, h, id, secret := houses(t, "نص")
	at := "/public/ar/statements/iq-sy/" + id.Name()
	file := photograph(t, 3200, 1000)
	if !bytes.Contains(file, []byte("CAMERA-OF-SOMEBODY")) {
		t.Fatal("the photograph of the test says nothing of its camera")
	}
	picture, err := node.ReadPicture(file)
	if err != nil {
		t.Fatal(err)
	}
	by := w.Official("iq", "spokes", jisr.Spokesperson)
	show := func(alt jisr.Text, of jisr.ThingID) (jisr.ThingID, error) {
		done, err := w.Node("iq").Do(t.Context(), by, node.ShowPicture{Forum: w.Forum, Statement: of, Alt: alt, Picture: picture})
		return done.Thing, err
	}
	if _, err := show(jisr.Text{"ar": "سد"}, id); err == nil {
		t.Error("a picture without a text in every language")
	}
	if _, err := w.Node("iq").Do(t.Context(), by, node.ShowPicture{Forum: w.Forum, Statement: id, Alt: jisr.Text{"ar": "سد", "en": "A dam"}}); err == nil {
		t.Error("no picture was shown")
	}
	shown, err := show(jisr.Text{"ar": `سد "حديثة" <b>`, "en": "The Haditha dam"}, id)
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := show(jisr.Text{"ar": "سر", "en": "Secret"}, secret)
	if err != nil {
		t.Fatal(err)
	}
	page := get(site(t, w.Node("iq"), true), at).Body.String()
	url := "/public/pictures/iq-sy/" + id.Name() + "/" + shown.Name()
	if !strings.Contains(page, `<img src="`+url+`" alt="سد &#34;حديثة&#34; &lt;b&gt;" width="1600" height="500"`) {
		t.Errorf("the page does not show the picture with its text: %s", page)
	}
	got := get(h, url)
	if got.Code != 200 || got.Header().Get("Content-Type") != "image/jpeg" || got.Header().Get("X-Content-Type-Options") != "nosniff" || got.Body.Len() > jisr.MaxPicture {
		t.Errorf("the picture: %d %v, %d bytes", got.Code, got.Header(), got.Body.Len())
	}
	if bytes.Contains(got.Body.Bytes(), []byte("CAMERA")) || bytes.Contains(got.Body.Bytes(), []byte("Exif")) {
		t.Error("the picture says where or by whom it was taken")
	}
	for name, path := range map[string]string{"of what is not public": "/public/pictures/iq-sy/" + secret.Name() + "/" + hidden.Name(), "of another statement": "/public/pictures/iq-sy/" + id.Name() + "/" + hidden.Name(),
		"that is none": "/public/pictures/iq-sy/" + id.Name() + "/iq-x"} {
		if got := get(h, path); got.Code != 404 {
			t.Errorf("a picture %s: %d", name, got.Code)
		}
	}
	if _, err := w.Node("iq").Do(t.Context(), by, node.WithdrawPicture{ID: shown}); err != nil {
		t.Fatal(err)
	}
	fresh := site(t, w.Node("iq"), true)
	if got := get(fresh, url); got.Code != 404 || strings.Contains(get(fresh, at).Body.String(), "<img") {
		t.Errorf("after it was withdrawn: %d", got.Code)
	}
}

func TestFilesThatAreNoPictures(t *testing.T) {
	var noise bytes.Buffer
	img := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	img.Set(1, 1, color.NRGBA{1, 2, 3, 0})
	if err := png.Encode(&noise, img); err != nil {
		t.Fatal(err)
	}
	if _, err := node.ReadPicture(noise.Bytes()); err != nil {
		t.Errorf("a PNG that can be seen through: %v", err)
	}
	for name, file := range map[string][]byte{"nothing": nil, "a page": []byte("<html><script>"), "a drawing with script": []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>`),
		"a bomb": bomb(), "a JPEG that ends": photograph(t, 10, 10)[:200], "a GIF": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "a huge file": make([]byte, node.MaxPictureFile+1)} {
		if _, err := node.ReadPicture(file); err == nil {
			t.Errorf("%s is taken for a picture", name)
		}
	}
}
