package sniff_test

import (
	"archive/zip"
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"unicode/utf8"

	"tributary/internal/sniff"
)

func encoded(t *testing.T, f func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	ogg  = "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead\x01\x01"
	mp4  = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
)

func TestContentType(t *testing.T) {
	t.Parallel()
	picture := image.NewGray(image.Rect(0, 0, 2, 2))
	asPNG := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture) })
	asJPEG := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture, nil) })
	asGIF := encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, picture, nil) })
	archive := encoded(t, func(b *bytes.Buffer) error {
		z := zip.NewWriter(b)
		w, err := z.Create("readme")
		if err == nil {
			_, err = w.Write([]byte("x"))
		}
		if err != nil {
			return err
		}
		return z.Close()
	})
	for name, c := range map[string]struct{ head, declared, file, want string }{
		"PNG":                           {asPNG, "", "", "image/png"},
		"PNG declared as HTML":          {asPNG, "text/html", "a.html", "image/png"},
		"PNG named JPEG":                {asPNG, "image/jpeg", "a.jpg", "image/png"},
		"JPEG in another spelling":      {asJPEG, "image/pjpeg", "", "image/jpeg"},
		"GIF":                           {asGIF, "application/octet-stream", "a", "image/gif"},
		"HTML declared as a picture":    {"<!DOCTYPE html><script>alert(1)</script>", "image/png", "a.png", "text/html"},
		"SVG":                           {`<svg xmlns="http://www.w3.org/2000/svg"/>`, "image/png", "a.png", "image/svg+xml"},
		"text declared as HTML":         {"hello", "text/html; charset=utf-8", "a.html", "text/plain"},
		"text declared as SVG":          {"hello", "image/svg+xml", "a.svg", "text/plain"},
		"text declared as a picture":    {"hello", "image/png", "a.png", "text/plain"},
		"bytes declared as a picture":   {"\x00\x01\x02\x03", "image/png", "a.png", "application/octet-stream"},
		"CSV by its name":               {"a,b", "", "a.csv", "text/csv"},
		"vCard":                         {"BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n", "", "", "text/vcard"},
		"vCard in another spelling":     {"\nBEGIN:VCARD\n", "text/x-vcard; charset=utf-8", "", "text/vcard"},
		"PDF":                           {"%PDF-1.7\n", "", "x", "application/pdf"},
		"voice message":                 {ogg, "audio/ogg; codecs=opus", "", "audio/ogg"},
		"film":                          {mp4, "", "", "video/mp4"},
		"sound in the film's container": {mp4, "audio/mp4", "", "audio/mp4"},
		"QuickTime":                     {mp4, "video/quicktime", "", "video/quicktime"},
		"AMR":                           {"#!AMR\n", "", "", "audio/amr"},
		"MP3 without tags, by its name": {"\x01\x02\x03\x00", "", "a.mp3", "audio/mpeg"},
		"archive":                       {archive, "", "", "application/zip"},
		"document by declaration":       {archive, docx, "", docx},
		"archive declared as a film":    {archive, "video/mp4", "a.mp4", "application/zip"},
		"empty, declared":               {"", "Text/CSV; x=y", "", "text/csv"},
		"empty, named":                  {"", "", "a.PDF", "application/pdf"},
		"empty":                         {"", "", "", "application/octet-stream"},
		"nonsense declared":             {"\x00\x01", "nonsense\r\nX: y", "", "application/octet-stream"},
	} {
		if got := sniff.ContentType([]byte(c.head), c.declared, c.file); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestFileType(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{
		"image/jpeg": "image", "IMAGE/PNG": "image", "image/gif": "image", "image/bmp": "image", "image/webp": "image",
		"image/svg+xml": "file", "image/tiff": "file", "image/heic": "file",
		"video/ogg": "video", "video/mp4": "video", "video/webm": "video", "video/quicktime": "video", "video/3gpp": "file",
		"audio/ogg; codecs=opus": "audio", "audio/whatever": "audio", "application/pdf": "file", "": "file", "audio": "file",
	} {
		if got := sniff.FileType(contentType); got != want {
			t.Errorf("%q: got %s, want %s", contentType, got, want)
		}
	}
}

func TestInline(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]bool{
		"image/png": true, "audio/ogg": true, "video/mp4": true, "application/pdf": true,
		"image/svg+xml": false, "text/html": false, "application/xhtml+xml": false, "text/plain": false, "application/zip": false,
		"image/x+xml": false, "": false, "IMAGE/SVG+XML; charset=x": false,
	} {
		if got := sniff.Inline(contentType); got != want {
			t.Errorf("%q: got %v, want %v", contentType, got, want)
		}
	}
}

func TestExtension(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{"image/jpeg": ".jpg", "audio/ogg; codecs=opus": ".oga", "application/pdf": ".pdf", "x/y": "", "": ""} {
		if got := sniff.Extension(contentType); got != want {
			t.Errorf("%q: got %q, want %q", contentType, got, want)
		}
	}
}

func TestFilename(t *testing.T) {
	t.Parallel()
	for claimed, want := range map[string]string{
		"photo.jpg": "photo.jpg", "../../etc/passwd": "passwd", `C:\Users\x\doc.pdf`: "doc.pdf", "a/b/": "b", "  a b.txt ": "a b.txt",
		"a\r\nX: y\x00.png": "aX: y.png", "résumé 履歴書.pdf": "résumé 履歴書.pdf", "gpj\u202eexe.jpg": "gpjexe.jpg", "": "file", "..": "file",
		".": "file", "...": "file", "/": "file", "\x01\x02": "file", ".htaccess": ".htaccess", "a\xff.png": "a.png", "👩\u200d🚀.png": "👩\u200d🚀.png",
		strings.Repeat("a", 300) + ".png": strings.Repeat("a", 251) + ".png", strings.Repeat("é", 200) + ".png": strings.Repeat("é", 125) + ".png",
		"a." + strings.Repeat("b", 300): "a." + strings.Repeat("b", 253),
	} {
		if got := sniff.Filename(claimed, "file"); got != want {
			t.Errorf("%q: got %q, want %q", claimed, got, want)
		}
	}
}

func FuzzFilename(f *testing.F) {
	for _, s := range []string{"a.png", "../x", "\u202e", strings.Repeat("é", 300), "a\\b", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, claimed string) {
		got := sniff.Filename(claimed, "file")
		if got == "" || got == "." || got == ".." || len(got) > 255 || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\\x00\r\n\u202e") {
			t.Errorf("%q became %q", claimed, got)
		}
		if again := sniff.Filename(got, "file"); again != got {
			t.Errorf("%q became %q, and that %q", claimed, got, again)
		}
	})
}
