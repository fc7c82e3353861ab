package all_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tributary/channels/channeltest"
)

// labels are the rows in words.
var labels = map[string]string{
	"signature":       "unproven requests refused",
	"batch":           "every event of a batch",
	"de-duplication":  "a repeated delivery changes nothing",
	"text":            "text",
	"media":           "image, audio, video, file",
	"location":        "location",
	"contact card":    "contact card",
	"sticker":         "sticker",
	"reaction":        "reaction added, removed",
	"reply":           "reply to a message",
	"edit":            "edit",
	"delete":          "delete, unsend",
	"choice":          "button, list, quick reply, postback",
	"form":            "form, order",
	"referral":        "ad or link that led here",
	"story":           "story mention, story reply",
	"echo":            "message written in the provider's own app",
	"delivered":       "delivered",
	"read":            "read",
	"failed":          "failed, with the reason",
	"typing":          "typing",
	"opt-out":         "opt-out, opt-in, block",
	"unsupported":     "anything else is shown as unsupported",
	"profile":         "name and picture of the contact",
	"send text":       "text",
	"send attachment": "attachment",
	"send several":    "several attachments",
	"send choice":     "choices (input_select)",
	"send reply":      "reply to a message",
	"send template":   "template",
	"presence":        "typing, mark as read",
	"split":           "long text is split",
	"retry":           "transient failures are tried again",
	"re-authorise":    "asks for a new authorisation",
	"window":          "messaging window",
}

const preamble = `# What each channel can do

<!-- Written by: go test ./channels/all -run TestCapabilities -update. The same test fails when this file is out of date. -->

Every cell is derived from what the drivers were seen to do: from the events that
they decode from the recorded requests in their ` + "`testdata`" + `, from the calls that they
make for the recorded replies, and from their answers to the contract's questions
(does it know a messaging window, what does it make of a 503). Nothing here was
filled in by hand.

Websites, mail addresses and voice numbers are no columns yet: such an inbox can be
connected and changed, but its traffic is not carried. What an agent writes to a
website is stored and shown; in the other two it fails, with that reason.

● it can, and the words say in which form. ○ not yet, see below. – the provider has nothing of the kind.
`

// render writes the document.
func render(found []channeltest.Capabilities) []byte {
	var b bytes.Buffer
	b.WriteString(preamble)
	inbound, outbound := channeltest.Rows()
	renderTable(&b, "From the customer", inbound, found)
	renderTable(&b, "To the customer", outbound, found)
	if len(differences) > 0 {
		b.WriteString("\n## Where it differs from the plan\n\n")
	}
	for _, place := range slices.Sorted(maps.Keys(differences)) {
		channel, row, _ := strings.Cut(place, ": ")
		fmt.Fprintf(&b, "- %s, %s: %s.\n", channel, labels[row], differences[place])
	}
	b.WriteString("\n## What shows it\n\nOne proof of each cell: a case file of the driver, or the question that it answered.\n")
	for i, c := range columns {
		fmt.Fprintf(&b, "\n### %s\n\n| capability | shown by |\n|---|---|\n", c.Title)
		for _, part := range []struct {
			way  string
			rows []string
		}{{"in", inbound}, {"out", outbound}} {
			for _, row := range part.rows {
				if e := found[i][row]; e != nil {
					fmt.Fprintf(&b, "| %s: %s | %s |\n", part.way, labels[row], e.Proofs[0])
				}
			}
		}
	}
	return b.Bytes()
}

func renderTable(b *bytes.Buffer, title string, rows []string, found []channeltest.Capabilities) {
	fmt.Fprintf(b, "\n## %s\n\n| |", title)
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", c.Title)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |", labels[row])
		for i := range columns {
			fmt.Fprintf(b, " %s |", cell(columns[i].Title, row, found[i][row]))
		}
		b.WriteByte('\n')
	}
}

// worded are the rows whose facets say more than the row does.
var worded = []string{"media", "sticker", "choice", "form", "story", "opt-out", "profile", "send choice", "presence"}

// cell is one cell: a mark, and the facets where they are not simply all.
func cell(channel, row string, e *channeltest.Evidence) string {
	if e == nil {
		if _, planned := differences[channel+": "+row]; planned {
			return "○"
		}
		return "–"
	}
	facets := strings.Join(e.Facets, ", ")
	switch {
	case row == "failed" && !slices.Contains(e.Facets, "later"):
		return "● on sending"
	case facets == "", !slices.Contains(worded, row), row == "media" && len(e.Facets) == 4, row == "sticker" && facets != "text":
		return "●"
	}
	return "● " + facets
}
