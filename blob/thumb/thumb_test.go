package thumb_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"
	"testing/iotest"

	"golang.org/x/image/bmp"

	"tributary/blob/thumb"
)

// picture is red on the left and blue on the right.
func picture(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{R: 255, A: 255}
			if x >= w/2 {
				c = color.NRGBA{B: 255, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func encode(t *testing.T, f func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t *testing.T, m image.Image) []byte {
	return encode(t, func(w io.Writer) error { return jpeg.Encode(w, m, nil) })
}

func asPNG(t *testing.T, m image.Image) []byte {
	return encode(t, func(w io.Writer) error { return png.Encode(w, m) })
}

func decode(t *testing.T, p thumb.Picture) image.Image {
	t.Helper()
	m, format, err := image.Decode(bytes.NewReader(p.Bytes))
	if err != nil || "image/"+format != p.ContentType {
		t.Fatalf("thumbnail %s: decoded as %s, %v", p.ContentType, format, err)
	}
	if m.Bounds().Dx() != p.Width || m.Bounds().Dy() != p.Height {
		t.Errorf("thumbnail is %v, said %d x %d", m.Bounds().Size(), p.Width, p.Height)
	}
	return m
}

// near tells whether a colour is red or blue enough.
func near(c color.Color, red bool) bool {
	r, _, b, _ := c.RGBA()
	if red {
		return r > 0xc000 && b < 0x4000
	}
	return b > 0xc000 && r < 0x4000
}

// webp2x1 is a lossless WebP of 1 x 1 pixel.
const webp1x1 = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="

func TestFormats(t *testing.T) {
	t.Parallel()
	webp, err := base64.StdEncoding.DecodeString(webp1x1)
	if err != nil {
		t.Fatal(err)
	}
	clear := picture(600, 400)
	clear.SetNRGBA(0, 0, color.NRGBA{})
	for x := range 100 {
		for y := range 100 {
			clear.SetNRGBA(x, y, color.NRGBA{})
		}
	}
	for name, c := range map[string]struct {
		file          []byte
		contentType   string
		width, height int
	}{
		"JPEG":         {asJPEG(t, picture(1000, 500)), "image/jpeg", 250, 125},
		"PNG":          {asPNG(t, picture(500, 1000)), "image/jpeg", 250, 500},
		"transparency": {asPNG(t, clear), "image/png", 250, 167},
		"GIF":          {encode(t, func(w io.Writer) error { return gif.Encode(w, picture(300, 300), nil) }), "image/jpeg", 250, 250},
		"BMP":          {encode(t, func(w io.Writer) error { return bmp.Encode(w, picture(251, 10)) }), "image/jpeg", 250, 10},
		"WebP":         {webp, "image/png", 1, 1},
		"small":        {asPNG(t, picture(100, 80)), "image/jpeg", 100, 80},
		"a strip":      {asPNG(t, picture(2000, 2)), "image/jpeg", 250, 1},
		"a long strip": {asPNG(t, picture(4, 5000)), "image/jpeg", 1, 1000},
		"one pixel":    {asPNG(t, picture(1, 1)), "image/jpeg", 1, 1},
	} {
		p, err := thumb.Make(t.Context(), iotest.HalfReader(bytes.NewReader(c.file)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.ContentType != c.contentType || p.Width != c.width || p.Height != c.height {
			t.Errorf("%s: got %s %d x %d, want %s %d x %d", name, p.ContentType, p.Width, p.Height, c.contentType, c.width, c.height)
		}
		decode(t, p)
	}
	p, err := thumb.Make(t.Context(), bytes.NewReader(asJPEG(t, picture(1000, 500))))
	if err != nil {
		t.Fatal(err)
	}
	if m := decode(t, p); !near(m.At(20, 60), true) || !near(m.At(230, 60), false) {
		t.Errorf("left %v, right %v, want red and blue", m.At(20, 60), m.At(230, 60))
	}
}

// noted adds to a JPEG what a camera notes about how it was held.
func noted(file []byte, orientation uint16, order binary.AppendByteOrder, mark string) []byte {
	tiff := append([]byte(mark), order.AppendUint32(order.AppendUint16(nil, 42), 8)...)
	tiff = order.AppendUint16(tiff, 2)
	tiff = append(tiff, order.AppendUint32(order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, 0x010f), 2), 1), 0)...)
	tiff = append(tiff, order.AppendUint16(order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, 0x0112), 3), 1), orientation)...)
	tiff = append(tiff, 0, 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return append(append(append(bytes.Clone(file[:2]), segment...), body...), file[2:]...)
}

func TestOrientation(t *testing.T) {
	t.Parallel()
	file := asJPEG(t, picture(800, 400))
	// Where red is in the upright picture.
	for orientation, side := range []string{"left", "left", "right", "right", "left", "top", "top", "bottom", "bottom", "left"} {
		for _, order := range []struct {
			order binary.AppendByteOrder
			mark  string
		}{{binary.LittleEndian, "II"}, {binary.BigEndian, "MM"}} {
			turned := noted(file, uint16(orientation), order.order, order.mark)
			p, err := thumb.Make(t.Context(), bytes.NewReader(turned))
			if err != nil {
				t.Fatal(err)
			}
			m := decode(t, p)
			w, h := m.Bounds().Dx(), m.Bounds().Dy()
			red, ok := map[string]image.Point{"left": {10, h / 2}, "right": {w - 10, h / 2}, "top": {w / 2, 10}, "bottom": {w / 2, h - 10}}[side]
			if !ok || w != 250 || !near(m.At(red.X, red.Y), true) || !near(m.At(w-1-red.X, h-1-red.Y), false) {
				t.Errorf("orientation %d: %d x %d, at %v %v, want red on the %s", orientation, w, h, red, m.At(red.X, red.Y), side)
			}
			width, height, ok := thumb.Size(turned)
			wantW, wantH := 800, 400
			if side == "top" || side == "bottom" {
				wantW, wantH = 400, 800
			}
			if !ok || width != wantW || height != wantH {
				t.Errorf("orientation %d: Size %d x %d, %v, want %d x %d", orientation, width, height, ok, wantW, wantH)
			}
		}
	}
}

// bomb is a PNG of a few bytes that claims to be large.
func bomb(w, h uint32) []byte {
	chunk := func(name string, body []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		b = append(append(b, name...), body...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 8, 6, 0, 0, 0))...)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	whole := asPNG(t, picture(300, 300))
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":   {nil, thumb.ErrFormat},
		"text":      {[]byte("hello"), thumb.ErrFormat},
		"SVG":       {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), thumb.ErrFormat},
		"cut short": {whole[:len(whole)/2], thumb.ErrFormat},
		"head only": {[]byte("\xff\xd8\xff"), thumb.ErrFormat},
		"bomb":      {bomb(100_000, 100_000), thumb.ErrTooLarge},
		"overflow":  {bomb(0x7fffffff, 0x7fffffff), thumb.ErrFormat},
		// 5000 x 5000 would do for a baseline picture.
		"progressive": {[]byte("\xff\xd8\xff\xc2\x00\x11\x08\x13\x88\x13\x88\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00\xff\xda\x00\x02"), thumb.ErrTooLarge},
		"too long":    {bomb(1, 0x7fffffff), thumb.ErrTooLarge},
	} {
		if _, err := thumb.Make(t.Context(), bytes.NewReader(c.file)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	for _, head := range [][]byte{nil, []byte("hello"), []byte("\xff\xd8\xff"), []byte("\x89PNG\r\n\x1a\n")} {
		if w, h, ok := thumb.Size(head); ok {
			t.Errorf("%q is said to be %d x %d", head, w, h)
		}
	}
}

func TestStops(t *testing.T) {
	t.Parallel()
	file := asPNG(t, picture(300, 300))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := thumb.Make(ctx, bytes.NewReader(file)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	gone := errors.New("gone")
	if _, err := thumb.Make(t.Context(), io.MultiReader(bytes.NewReader(file[:100]), iotest.ErrReader(gone))); !errors.Is(err, gone) {
		t.Errorf("got %v, want %v", err, gone)
	}
}

func FuzzMake(f *testing.F) {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, picture(8, 8), nil)
	f.Add(noted(b.Bytes(), 6, binary.BigEndian, "MM"))
	f.Add(bomb(10, 10))
	webp, _ := base64.StdEncoding.DecodeString(webp1x1)
	f.Add(webp)
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := thumb.Make(t.Context(), bytes.NewReader(file))
		if err == nil && (p.Width > thumb.Width || p.Width < 1 || len(p.Bytes) == 0) {
			t.Errorf("%d x %d, %d bytes", p.Width, p.Height, len(p.Bytes))
		}
		thumb.Size(file)
	})
}
