package simulator

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Files that made-up events bring: small, and of the type that they say. Ids of
// files tell their kind, so that nothing has to be remembered.

// fileKinds are the events that bring a file; the place in the list is the digit
// of its kind in ids.
func fileKinds() []EventKind {
	return []EventKind{EventImage, EventAudio, EventVideo, EventFile, EventContact, EventSticker}
}

func fileDigit(k EventKind) string { return strconv.Itoa(max(slices.Index(fileKinds(), k), 0)) }

// fileID is a numeric id of a file.
func (s *Simulator) fileID(k EventKind) string { return "70" + fileDigit(k) + s.decimalID(100) }

// kindOfFile reads the digit after a prefix of an id.
func kindOfFile(id, prefix string) (EventKind, bool) {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok || rest == "" {
		return "", false
	}
	n := int(rest[0] - '0')
	if kinds := fileKinds(); n >= 0 && n < len(kinds) {
		return kinds[n], true
	}
	return "", false
}

// kindOfName goes by the ending of a name.
func kindOfName(name string) EventKind {
	for _, k := range fileKinds() {
		if path.Ext(name) == extension(k) {
			return k
		}
	}
	return EventImage
}

// media serves files that need no credentials, as the networks of Meta's and X's
// pictures do.
func (s *Simulator) media(c *call) { c.file(kindOfName(c.rest)) }

// file answers with the bytes of a file.
func (c *call) file(k EventKind) {
	body := content(k)
	kind := mediaType(k)
	if k == EventSticker {
		kind = "image/png"
	}
	c.w.Header().Set("Content-Type", kind)
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(body)
}

// content is the smallest thing that is recognised as what it is.
func content(k EventKind) []byte {
	switch k {
	case EventAudio:
		return append([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), bytes.Repeat([]byte{0xff, 0xfb, 0x90, 0x00}, 64)...)
	case EventVideo:
		return append([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), make([]byte, 64)...)
	case EventFile:
		return []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
	case EventContact:
		return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nN:Prado;Inês;;;\r\nFN:Inês Prado\r\nTEL;TYPE=CELL:+351912000222\r\n" +
			"EMAIL:ines@example.test\r\nEND:VCARD\r\n")
	default:
		return loaf()
	}
}

// loaf is a picture of bread, from far away.
func loaf() []byte {
	const width, height = 64, 48
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			dx, dy := float64(x-width/2)/(width/2.4), float64(y-height/2)/(height/3.2)
			c := color.RGBA{R: 245, G: 238, B: 225, A: 255}
			if dx*dx+dy*dy < 1 {
				c = color.RGBA{R: uint8(150 + y), G: uint8(90 + y), B: 50, A: 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m) // into memory: cannot fail
	return b.Bytes()
}
