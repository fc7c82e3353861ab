package thumb

import (
	"bytes"
	"encoding/binary"
	"image"
)

// exif is the orientation that a camera noted (EXIF 2.3, tag 0x0112): 1 is
// upright, 2 to 8 are turned or mirrored.
type exif int

const (
	upright          exif = 1
	mirrored         exif = 2
	halfTurn         exif = 3
	mirroredHalfTurn exif = 4
	transposed       exif = 5
	clockwise        exif = 6 // has to be turned clockwise to be upright
	transversed      exif = 7
	counterclockwise exif = 8
)

// sideways tells that width and height change places.
func (o exif) sideways() bool { return o >= transposed }

// JPEG markers (ITU T.81, table B.1).
const (
	markerAPP1 = 0xe1
	markerSOF2 = 0xc2 // a progressive picture
	markerSOS  = 0xda
)

// segments visits the segments of a JPEG up to the picture itself, until visit
// says that it has seen enough.
func segments(head []byte, visit func(marker byte, body []byte) (done bool)) {
	if !bytes.HasPrefix(head, []byte{0xff, 0xd8}) {
		return
	}
	for rest := head[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != markerSOS; {
		size := int(binary.BigEndian.Uint16(rest[2:])) + 2
		if size < 4 || size > len(rest) || visit(rest[1], rest[4:size]) {
			return
		}
		rest = rest[size:]
	}
}

// orientation reads it from the first bytes of a JPEG; upright when there is none.
func orientation(head []byte) exif {
	found := upright
	segments(head, func(marker byte, body []byte) bool {
		tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
		if ok = ok && marker == markerAPP1; ok {
			found = fromTIFF(tiff)
		}
		return ok
	})
	return found
}

// progressive tells a JPEG whose decoder keeps all coefficients until the end.
func progressive(head []byte) bool {
	found := false
	segments(head, func(marker byte, _ []byte) bool {
		found = marker == markerSOF2
		return found
	})
	return found
}

// fromTIFF finds the tag in the first directory of a TIFF header.
func fromTIFF(b []byte) exif {
	const (
		tag       = 0x0112
		header    = 8
		entrySize = 12
	)
	if len(b) < header {
		return upright
	}
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(b, []byte("MM")) {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at < header || at+2 > int64(len(b)) {
		return upright
	}
	count := int(order.Uint16(b[at:]))
	for entry := b[at+2:]; count > 0 && len(entry) >= entrySize; entry, count = entry[entrySize:], count-1 {
		if order.Uint16(entry) == tag {
			if o := exif(order.Uint16(entry[8:])); o >= upright && o <= counterclockwise {
				return o
			}
			return upright
		}
	}
	return upright
}

// turn makes a picture upright.
func (o exif) turn(m *image.NRGBA) *image.NRGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if o <= upright {
		return m
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if o.sideways() {
		out = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch o {
			case mirrored:
				tx = w - 1 - x
			case halfTurn:
				tx, ty = w-1-x, h-1-y
			case mirroredHalfTurn:
				ty = h - 1 - y
			case transposed:
				tx, ty = y, x
			case clockwise:
				tx, ty = h-1-y, x
			case transversed:
				tx, ty = h-1-y, w-1-x
			case counterclockwise:
				tx, ty = y, w-1-x
			}
			out.SetNRGBA(tx, ty, m.NRGBAAt(x, y))
		}
	}
	return out
}
