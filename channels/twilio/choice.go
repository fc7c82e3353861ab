package twilio

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	contentapi "github.com/twilio/twilio-go/rest/content/v1"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Limits of a question with options ("twilio/quick-reply", "twilio/list-picker",
// 2026; the title of a button is WhatsApp's, "Interactive reply buttons messages").
// Three buttons is what WhatsApp takes without having approved the template, which
// within the window it need not. What a character is no page says: lengths are
// counted in UTF-16 units, which is never too few.
const (
	maxButtons     = 3
	maxRows        = 10
	maxButtonTitle = 20
	maxRowTitle    = 24
	maxListButton  = 20
	maxOptionID    = 200
	maxQuestion    = 1024
	// maxLines is ours: each arrangement of lines is a template of its own.
	maxLines = 6
)

// Kinds of the parts that carry options.
const (
	kindButtons = "buttons"
	kindList    = "list"
)

const (
	formListPicker = "twilio/list-picker"
	// choicePrefix begins the names of the templates that are made here. The
	// number changes with what choice.request makes.
	choicePrefix   = "tributary_choice_"
	choiceVersion  = "v1_"
	choiceLanguage = "en" // of the template, whose words are variables
)

// choice is a question with options as Twilio takes it: a content template and its
// variables. The words are all variables, so that one template for each number of
// options and arrangement of lines serves every question of an account; nothing
// that agents or contacts write becomes a template. Lines are variables of their
// own because Twilio refuses line breaks within a variable (error 21656; "Using
// variables with Content Templates", 31 July 2026).
type choice struct {
	kind   string
	lines  []line
	items  []chat.Item
	button string // opens the list
}

// line is one line of a question; apart: an empty one stands before it.
type line struct {
	text  string
	apart bool
}

func newChoice(ch *channels.Channel, p chat.Part) *choice {
	return &choice{kind: p.Kind, lines: linesOf(p.Text), items: p.Items, button: channels.Clip(choose(ch), maxListButton, channels.UTF16)}
}

// choose opens a list, and stands where a question has no text.
func choose(ch *channels.Channel) string { return ch.Locale.Say(wording.CustomerChooseItem.Text()) }

// options drops what cannot be shown and completes the rest.
func options(items []chat.Item) []chat.Item {
	var out []chat.Item
	for _, it := range items {
		title, value := strings.Join(strings.Fields(it.Title), " "), strings.TrimSpace(it.Value)
		it.Title = cmp.Or(title, strings.Join(strings.Fields(value), " "))
		it.Value = cmp.Or(value, title)
		if it.Title != "" {
			out = append(out, it)
		}
	}
	return out
}

// kindOf is how WhatsApp can show the options; empty: only as text, because there
// are too many, one is too long, or two are alike, which WhatsApp refuses.
func kindOf(items []chat.Item) string {
	if len(items) == 0 || len(items) > maxRows {
		return ""
	}
	kind := kindButtons
	if len(items) > maxButtons {
		kind = kindList
	}
	titles, ids := map[string]bool{}, map[string]bool{}
	for _, it := range items {
		length := channels.UTF16(it.Title)
		if length > maxRowTitle || channels.UTF16(it.Value) > maxOptionID || titles[it.Title] || ids[it.Value] || tidy(it.Value) != it.Value {
			return ""
		}
		if length > maxButtonTitle {
			kind = kindList
		}
		titles[it.Title], ids[it.Value] = true, true
	}
	return kind
}

// question cuts content into the texts to send ahead, and what stands above the
// options; empty: there is no text.
func question(text string) (ahead []string, above string) {
	pieces := channels.Split(text, maxQuestion, channels.UTF16)
	if len(pieces) == 0 {
		return nil, ""
	}
	ahead, lines := pieces[:len(pieces)-1:len(pieces)-1], linesOf(pieces[len(pieces)-1])
	cut := len(lines) - maxLines
	if cut <= 0 {
		return ahead, joined(lines)
	}
	for i := cut; i < len(lines); i++ {
		if lines[i].apart { // rather between paragraphs
			cut = i
			break
		}
	}
	return append(ahead, joined(lines[:cut])), joined(lines[cut:])
}

func linesOf(text string) []line {
	var out []line
	apart := false
	for raw := range strings.SplitSeq(text, "\n") {
		one := strings.TrimRight(tidy(raw), " ")
		if strings.TrimSpace(one) == "" {
			apart = len(out) > 0
			continue
		}
		out = append(out, line{one, apart})
		apart = false
	}
	return out
}

func joined(lines []line) string {
	var b strings.Builder
	for i, l := range lines {
		b.WriteString(l.gap(i))
		b.WriteString(l.text)
	}
	return b.String()
}

// gap is what stands before the line with index i.
func (l line) gap(i int) string {
	switch {
	case i == 0:
		return ""
	case l.apart:
		return "\n\n"
	}
	return "\n"
}

var wide = regexp.MustCompile(` {5,}`)

// tidy makes of a line what a variable may hold: neither tabs nor more than four
// spaces in a row ("21656: The ContentVariables Parameter is invalid").
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return wide.ReplaceAllString(s, "    ")
}

// name is the friendly name of the template: kind, number of options, and one
// letter for each line, l for a line and p for the first one of a paragraph.
func (c *choice) name() string {
	var b strings.Builder
	b.WriteString(choicePrefix + choiceVersion + c.kind + "_" + strconv.Itoa(len(c.items)) + "_")
	for _, l := range c.lines {
		if l.apart {
			b.WriteByte('p')
		} else {
			b.WriteByte('l')
		}
	}
	return b.String()
}

// form is the content type of the template.
func (c *choice) form() string {
	if c.kind == kindList {
		return formListPicker
	}
	return formQuickReply
}

// values are the variables: the lines first, then title and id of each option, and
// what is written on the button of a list.
func (c *choice) values() []string {
	var out []string
	for _, l := range c.lines {
		out = append(out, l.text)
	}
	for _, it := range c.items {
		out = append(out, it.Title, it.Value)
	}
	if c.kind == kindList {
		out = append(out, c.button)
	}
	return out
}

// request describes the template.
func (c *choice) request() contentapi.ContentCreateRequest {
	samples := map[string]string{} // what Twilio's console shows in the variables' places
	variable := func(sample string) string {
		key := strconv.Itoa(len(samples) + 1)
		samples[key] = sample
		return "{{" + key + "}}"
	}
	var body strings.Builder
	for i, l := range c.lines {
		body.WriteString(l.gap(i) + variable("Line "+strconv.Itoa(i+1)))
	}
	out := contentapi.ContentCreateRequest{FriendlyName: c.name(), Language: choiceLanguage}
	if c.kind == kindList {
		list := &contentapi.TwilioListPicker{Body: body.String()}
		for i := range c.items {
			n := strconv.Itoa(i + 1)
			list.Items = append(list.Items, contentapi.ListItem{Item: variable("Option " + n), Id: variable("option-" + n)})
		}
		list.Button = variable("Choose an item")
		out.Types.TwilioListPicker = list
	} else {
		buttons := &contentapi.TwilioQuickReply{Body: body.String()}
		for i := range c.items {
			n := strconv.Itoa(i + 1)
			buttons.Actions = append(buttons.Actions, contentapi.QuickReplyAction{
				Type: contentapi.QUICKREPLYACTIONTYPE_QUICK_REPLY, Title: variable("Option " + n), Id: variable("option-" + n),
			})
		}
		out.Types.TwilioQuickReply = buttons
	}
	out.Variables = samples
	return out
}

// variables are the values as Twilio takes them.
func (c *choice) variables() (string, error) {
	values := map[string]string{}
	for i, v := range c.values() {
		values[strconv.Itoa(i+1)] = v
	}
	return contentVariables(values)
}

// text is the question with its options to answer by hand.
func (c *choice) text() string { return numbered(joined(c.lines), c.items) }

// numbered is a text with options as a numbered list.
func numbered(text string, items []chat.Item) string {
	var b strings.Builder
	b.WriteString(text)
	for i, it := range items {
		if i == 0 && b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString("\n" + strconv.Itoa(i+1) + ". " + it.Title)
	}
	return b.String()
}

// contentVariables writes the variables of a content.
func contentVariables(values map[string]string) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(values); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()), nil
}
