package node

import (
	"bytes"
	"encoding/binary"
	"image"
	"slices"
)

// maxSegments is how many segments of a JPEG are looked through, and entries of its EXIF.
const maxSegments = 64

// orientation is how a picture is to be turned to stand upright, as a camera noted it in the file (Exif 2.32 section 4.6.5, tag 0x0112): 1
// to 8. What is not there, or not as it should be, is 1: it stands as it is.
func orientation(file []byte) int {
	if len(file) < 4 || file[0] != 0xff || file[1] != 0xd8 {
		return 1
	}
	at := 2
	for range maxSegments {
		if at+4 > len(file) || file[at] != 0xff {
			return 1
		}
		long := int(binary.BigEndian.Uint16(file[at+2:]))
		if long < 2 || at+2+long > len(file) || file[at+1] == 0xda { // the picture itself begins
			return 1
		}
		segment := file[at+4 : at+2+long]
		if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok && file[at+1] == 0xe1 {
			return turned(tiff)
		}
		at += 2 + long
	}
	return 1
}

// turned reads the first directory of a TIFF (TIFF 6.0 section 2).
func turned(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II*\x00")) {
		order = binary.LittleEndian
	} else if !bytes.HasPrefix(tiff, []byte("MM\x00*")) {
		return 1
	}
	if len(tiff) < 8 {
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range min(int(order.Uint16(tiff[at:])), maxSegments) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x0112 {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// upright turns a picture as its orientation says.
func upright(from *image.RGBA, orientation int) *image.RGBA {
	w, h := from.Rect.Dx(), from.Rect.Dy()
	if orientation <= 1 || orientation > 8 {
		return from
	}
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	right, below := slices.Contains([]int{2, 3, 7, 8}, orientation), slices.Contains([]int{3, 4, 6, 7}, orientation) // where column and row begin
	to := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			fx, fy := x, y
			if orientation >= 5 { // rows and columns change places
				fx, fy = y, x
			}
			if right {
				fx = w - 1 - fx
			}
			if below {
				fy = h - 1 - fy
			}
			to.SetRGBA(x, y, from.RGBAAt(fx, fy))
		}
	}
	return to
}
