// Package sniff finds out what a file is and what it may be called.
package sniff

import (
	"mime"
	"path"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// HeadSize is how many of a file's first bytes ContentType wants to see.
const HeadSize = 3072

// Binary is the content type of what nobody knows.
const Binary = "application/octet-stream"

const plain = "text/plain"

// ContentType is the MIME type of a file, without parameters: by what is in it
// where that says something, else as declared by who sent it, else by the name's
// extension. head are the file's first bytes, up to HeadSize of them.
//
// What was declared or named only ever makes a type more exact: text that is
// called text/html stays text, because what executes in a browser must look like
// it, and a picture is a picture whatever it is called.
func ContentType(head []byte, declared, filename string) string {
	declared = mediaType(declared)
	if len(head) == 0 {
		return first(declared, byName(filename))
	}
	found := mimetype.Detect(head)
	kind := canonical(mediaType(found.String()))
	for _, told := range []string{declared, byName(filename)} {
		if told == kind || told == "" || told == Binary {
			continue
		}
		if told = canonical(told); refines(found, kind, told) {
			return told
		}
	}
	return kind
}

// refines tells whether told is a kind of what was found, and not of what a
// browser would run.
func refines(found *mimetype.MIME, kind, told string) bool {
	switch {
	case Active(told):
		return false
	case kind == Binary:
		// Formats without a mark of their own: MP3 without tags, AMR, old
		// documents. But pictures and videos always have one.
		return !strings.HasPrefix(told, "image/")
	case kind == plain:
		return strings.HasPrefix(told, "text/") || told == "application/json" || strings.HasSuffix(told, "+json")
	case sameContainer(kind, told):
		return true
	}
	// The detector's own tree: a ZIP that is said to be a word processor's document.
	if m := mimetype.Lookup(told); m != nil {
		for p := m.Parent(); p != nil; p = p.Parent() {
			if p.Is(found.String()) && !p.Is(Binary) {
				return true
			}
		}
	}
	return false
}

// containers are formats that hold sound alone or sound with pictures, and cannot
// be told apart by their first bytes.
var containers = [][]string{
	{"video/webm", "audio/webm", "video/x-matroska"},
	{"application/ogg", "audio/ogg", "video/ogg", "audio/opus"},
	{"video/mp4", "audio/mp4", "audio/x-m4a", "audio/m4a", "video/quicktime", "video/x-m4v", "audio/aac"},
	{"video/3gpp", "audio/3gpp", "video/3gpp2"},
	{"audio/mpeg", "audio/mp3", "video/mpeg"},
	{"audio/amr", "audio/amr-wb"},
}

func sameContainer(a, b string) bool {
	return slices.ContainsFunc(containers, func(c []string) bool { return slices.Contains(c, a) && slices.Contains(c, b) })
}

// aliases are spellings of one type.
var aliases = map[string]string{
	"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png", "image/x-ms-bmp": "image/bmp", "image/x-bmp": "image/bmp",
	"audio/mp3": "audio/mpeg", "audio/x-mpeg": "audio/mpeg", "audio/x-wav": "audio/wav", "audio/wave": "audio/wav",
	"application/x-pdf": "application/pdf", "text/x-vcard": "text/vcard",
}

func canonical(t string) string {
	if known, ok := aliases[t]; ok {
		return known
	}
	return t
}

// Active tells the types that run code in a browser's page: HTML, SVG, XML, scripts.
func Active(contentType string) bool {
	t := mediaType(contentType)
	switch t {
	case "text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/javascript",
		"application/javascript", "application/ecmascript", "text/ecmascript", "application/x-shockwave-flash", "application/wasm", "text/xsl":
		return true
	}
	return strings.HasSuffix(t, "+xml")
}

// Inline tells whether a browser may show a file of this type by itself: picture,
// sound, film and PDF, and nothing that could run code in the page's name.
func Inline(contentType string) bool {
	t := mediaType(contentType)
	if Active(t) {
		return false
	}
	major, _, _ := strings.Cut(t, "/")
	return major == "image" || major == "audio" || major == "video" || t == "application/pdf"
}

// FileType is the kind of attachment that clients are shown for a content type:
// "image", "audio", "video" or "file".
func FileType(contentType string) string {
	switch t := mediaType(contentType); t {
	case "image/jpeg", "image/png", "image/gif", "image/bmp", "image/webp":
		return "image"
	case "video/ogg", "video/mp4", "video/webm", "video/quicktime":
		return "video"
	default:
		if strings.HasPrefix(t, "audio/") {
			return "audio"
		}
		return "file"
	}
}

// Extension is the usual one of a content type with its point; empty when there
// is none.
func Extension(contentType string) string {
	m := mimetype.Lookup(mediaType(contentType))
	if m == nil {
		return ""
	}
	return m.Extension()
}

// mediaType is a content type in lower case without parameters; empty when it is
// none.
func mediaType(s string) string {
	t, _, err := mime.ParseMediaType(s)
	if err != nil {
		t, _, _ = strings.Cut(s, ";")
		t = strings.ToLower(strings.TrimSpace(t))
	}
	major, minor, ok := strings.Cut(t, "/")
	if !ok || !token(major) || !token(minor) || len(t) > 127 {
		return ""
	}
	return t
}

func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$&-^_.+", r)
	})
}

// names are extensions whose type must not depend on the machine's table.
var names = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".bmp": "image/bmp",
	".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".3gp": "video/3gpp",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg", ".m4a": "audio/mp4", ".aac": "audio/aac",
	".amr": "audio/amr", ".wav": "audio/wav", ".pdf": "application/pdf", ".csv": "text/csv", ".txt": plain, ".md": "text/markdown",
	".json": "application/json", ".vcf": "text/vcard", ".ics": "text/calendar", ".zip": "application/zip",
	".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text", ".rtf": "text/rtf",
}

func byName(filename string) string { return names[strings.ToLower(path.Ext(filename))] }

func first(list ...string) string {
	for _, t := range list {
		if t != "" {
			return canonical(t)
		}
	}
	return Binary
}
