// Package thumb makes small pictures of pictures.
package thumb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	scale "golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// What Make reports of pictures that it cannot or will not read.
var (
	// ErrFormat says that the bytes are no picture in a known format.
	ErrFormat = errors.New("thumb: not a picture that can be read")
	// ErrTooLarge says that the picture would take too much memory.
	ErrTooLarge = errors.New("thumb: picture too large")
)

// Size of a thumbnail in pixels. A picture that is less wide stays as wide as it is.
const (
	Width     = 250
	maxHeight = 4 * Width
)

// maxDecoded is what decoding a picture may take, in bytes: 64 megapixels of a
// photograph, 48 of a drawing with transparency.
const maxDecoded = 192 << 20

// maxHead is how many bytes of a picture Make reads to find its size: photographs
// begin with what the camera has to say, a preview included.
const maxHead = 1 << 20

const quality = 82

// Picture is a thumbnail.
type Picture struct {
	Bytes         []byte
	ContentType   string // image/jpeg, or image/png where there is transparency
	Width, Height int    // pixels
}

// format is one that can be read.
type format struct {
	magic  string // '?' stands for any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var formats = []format{
	{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"GIF8?a", gif.DecodeConfig, gif.Decode}, // the first picture of an animation
	{"RIFF????WEBPVP8", webp.DecodeConfig, webp.Decode},
	{"BM????\x00\x00\x00\x00", bmp.DecodeConfig, bmp.Decode},
}

func formatOf(head []byte) (format, bool) {
	for _, f := range formats {
		if len(head) < len(f.magic) {
			continue
		}
		same := true
		for i := range len(f.magic) {
			same = same && (f.magic[i] == '?' || f.magic[i] == head[i])
		}
		if same {
			return f, true
		}
	}
	return format{}, false
}

// Size tells the width and height of a picture from its first bytes, as it is
// seen: turned as the camera noted. ok is false when they are not a picture's.
func Size(head []byte) (width, height int, ok bool) {
	f, ok := formatOf(head)
	if !ok {
		return 0, 0, false
	}
	c, err := f.config(bytes.NewReader(head))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return 0, 0, false
	}
	if orientation(head).sideways() {
		return c.Height, c.Width, true
	}
	return c.Width, c.Height, true
}

// Make reads a picture and makes its thumbnail, Width pixels wide. It reads no
// more than it needs, refuses what would take too much memory before it takes it,
// and stops when ctx ends.
func Make(ctx context.Context, r io.Reader) (Picture, error) {
	in := &reader{ctx: ctx, r: r}
	head, err := io.ReadAll(io.LimitReader(in, maxHead))
	if err != nil {
		return Picture{}, fmt.Errorf("thumb: read: %w", err)
	}
	f, ok := formatOf(head)
	if !ok {
		return Picture{}, ErrFormat
	}
	c, err := f.config(bytes.NewReader(head))
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return Picture{}, ErrFormat
	}
	if int64(c.Width)*int64(c.Height) > maxDecoded/depth(c.ColorModel, progressive(head)) {
		return Picture{}, ErrTooLarge
	}
	whole, err := f.decode(io.MultiReader(&reader{ctx: ctx, r: bytes.NewReader(head)}, in))
	switch {
	case ctx.Err() != nil:
		return Picture{}, fmt.Errorf("thumb: decode: %w", ctx.Err())
	case in.err != nil:
		return Picture{}, fmt.Errorf("thumb: read: %w", in.err)
	case err != nil:
		return Picture{}, ErrFormat
	}
	return encode(orientation(head).turn(shrink(whole, orientation(head))))
}

// depth is how many bytes a pixel takes at most while it is decoded.
func depth(m color.Model, progressive bool) int64 {
	const coefficients = 12 // of three components, 32 bits each
	if progressive {
		return coefficients + 3
	}
	switch m {
	case color.GrayModel:
		return 1
	case color.YCbCrModel, color.Gray16Model:
		return 3
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

// shrink scales a picture so that it is Width wide once it has been turned.
func shrink(m image.Image, o exif) *image.NRGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	limitW, limitH := Width, maxHeight
	if o.sideways() {
		limitW, limitH = limitH, limitW
	}
	by := min(1, float64(limitW)/float64(w), float64(limitH)/float64(h))
	out := image.NewNRGBA(image.Rect(0, 0, max(1, int(float64(w)*by+0.5)), max(1, int(float64(h)*by+0.5))))
	if out.Rect.Size() == m.Bounds().Size() {
		draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Src)
		return out
	}
	scale.CatmullRom.Scale(out, out.Rect, m, m.Bounds(), draw.Src, nil)
	return out
}

func encode(m *image.NRGBA) (Picture, error) {
	p := Picture{ContentType: "image/jpeg", Width: m.Rect.Dx(), Height: m.Rect.Dy()}
	var b bytes.Buffer
	var err error
	if m.Opaque() {
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	} else {
		p.ContentType = "image/png"
		err = png.Encode(&b, m)
	}
	if err != nil {
		return Picture{}, fmt.Errorf("thumb: encode: %w", err)
	}
	p.Bytes = b.Bytes()
	return p, nil
}

// reader stops when ctx ends and remembers why the source failed: decoders hide it.
type reader struct {
	ctx context.Context //nolint:containedctx // one picture's
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
