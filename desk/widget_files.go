package desk

import (
	"slices"
	"strings"

	"tributary/chat"
	"tributary/files"
)

// What visitors of a website can be sent (contract 02 §2.3).
const maxWidgetFile = 40 << 20

var widgetDocuments = []string{
	"text/csv", "text/plain", "text/rtf", "application/json", "application/pdf", "application/zip", "application/x-7z-compressed",
	"application/vnd.rar", "application/x-tar", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/rtf",
	"application/vnd.oasis.opendocument.text", "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

// checkWidgetFiles refuses what a website does not show.
func checkWidgetFiles(list []files.File) error {
	for _, f := range list {
		kind, _, _ := strings.Cut(f.ContentType, ";")
		class, _, _ := strings.Cut(kind, "/")
		switch {
		case f.Size > maxWidgetFile:
			return chat.Unprocessable("Validation failed: Attachments file size is too big")
		case class != "image" && class != "video" && class != "audio" && !slices.Contains(widgetDocuments, kind):
			return chat.Unprocessable("Validation failed: Attachments file type not supported")
		}
	}
	return nil
}
