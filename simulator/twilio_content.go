package simulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Twilio's Content API and what the Messages API makes of a content ("Content API
// public endpoints", "twilio/quick-reply", "twilio/list-picker", "Using variables
// with Content Templates", errors 21654 to 21658, 92002, 92003; 2026). Where Twilio's
// pages name no code for a refusal it is 20001 for a content, and for a message
// 63005, which WhatsApp's own refusals have.

// Limits of a content within the customer service window.
const (
	contentBody     = 1024
	contentButtons  = 3 // without WhatsApp's approval
	contentActions  = 10
	contentRows     = 10
	contentButton   = 20
	contentRow      = 24
	contentDetail   = 72
	contentOptionID = 200
	contentVariable = 1600
	contentNames    = 100
)

const (
	quickReply = "twilio/quick-reply"
	listPicker = "twilio/list-picker"
)

// Choice is an option that a contact is offered.
type Choice struct {
	ID    string // comes back as Event.Payload
	Title string // comes back as Event.Text
}

// twilioContent is a content template as Twilio keeps it.
type twilioContent struct {
	SID       string                     `json:"sid"`
	Account   string                     `json:"account_sid"`
	Name      string                     `json:"friendly_name"`
	Language  string                     `json:"language"`
	Variables map[string]string          `json:"variables"`
	Types     map[string]json.RawMessage `json:"types"`
	Created   string                     `json:"date_created"`
	Updated   string                     `json:"date_updated"`
	URL       string                     `json:"url"`
}

// twilioContents are the templates that were made over the API.
type twilioContents struct {
	mu      sync.Mutex
	made    []json.RawMessage // the newest first
	refusal int
}

// form is a content type, as far as the stand-in knows it: buttons or a list.
type form struct {
	Body    string `json:"body"`
	Button  string `json:"button"`
	Actions []struct {
		Type  string `json:"type"`
		ID    string `json:"id"`
		Title string `json:"title"`
	} `json:"actions"`
	Items []struct {
		ID     string `json:"id"`
		Title  string `json:"item"`
		Detail string `json:"description"`
	} `json:"items"`
}

// RefuseContents makes Twilio answer calls of the Content API with status, such as
// 403 for an API key without the permission; 0: it serves again.
func (c *Channel) RefuseContents(status int) {
	c.contents.mu.Lock()
	defer c.contents.mu.Unlock()
	c.contents.refusal = status
}

// Contents are the names of the content templates that were made over Twilio's API,
// the newest first.
func (c *Channel) Contents() []string {
	names := []string{}
	for _, raw := range c.contents.list() {
		var t twilioContent
		_ = json.Unmarshal(raw, &t) // it was encoded here
		names = append(names, t.Name)
	}
	return names
}

// DeleteContents deletes those templates, as their owner may in Twilio's console.
func (c *Channel) DeleteContents() {
	c.contents.mu.Lock()
	defer c.contents.mu.Unlock()
	c.contents.made = nil
}

func (t *twilioContents) list() []json.RawMessage {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.made)
}

func (t *twilioContents) add(raw json.RawMessage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.made = slices.Insert(t.made, 0, raw)
}

// all are these templates and those of SetTemplates.
func (c *Channel) all() []json.RawMessage {
	list := c.contents.list()
	if others := c.templates.Load(); others != nil {
		list = append(list, *others...)
	}
	return list
}

// content finds a template of the account.
func (c *Channel) content(sid string) (raw json.RawMessage, t *twilioContent, approved bool) {
	made := len(c.contents.list())
	for i, raw := range c.all() {
		t := &twilioContent{}
		if json.Unmarshal(raw, t) == nil && t.SID == sid {
			return raw, t, i >= made
		}
	}
	return nil, nil, false
}

// twilioContent serves /v1/Content and what is below it.
func (s *Simulator) twilioContent(c *call, ch *Channel, sid string) {
	ch.contents.mu.Lock()
	refusal := ch.contents.refusal
	ch.contents.mu.Unlock()
	switch {
	case refusal == http.StatusForbidden:
		c.json(refusal, twilioFault(70051, refusal, "Authorization failed"))
	case refusal != 0:
		c.json(refusal, twilioFault(20500, refusal, http.StatusText(refusal)))
	case sid == "" && c.r.Method == http.MethodGet:
		s.twilioContents(c, ch)
	case sid == "" && c.r.Method == http.MethodPost:
		s.twilioMake(c, ch)
	default:
		raw, _, _ := ch.content(sid)
		if raw == nil || c.r.Method != http.MethodGet {
			c.json(http.StatusNotFound, twilioFault(20404, http.StatusNotFound, "The requested resource was not found"))
			return
		}
		c.json(http.StatusOK, raw)
	}
}

// twilioContents lists contents, 50 at a time unless the caller says otherwise. Pages
// are found by their token only.
func (s *Simulator) twilioContents(c *call, ch *Channel) {
	const usual, most = 50, 1000
	size, err := strconv.Atoi(c.query.Get("PageSize"))
	if err != nil || size < 1 || size > most {
		size = usual
	}
	page, after := 0, 0
	if number, start, ok := strings.Cut(strings.TrimPrefix(c.query.Get("PageToken"), "DN"), "-"); ok {
		page, _ = strconv.Atoi(number) // anything else is the beginning
		after, _ = strconv.Atoi(start)
	}
	all := ch.all()
	after = min(max(after, 0), len(all))
	end := min(after+size, len(all))
	meta := map[string]any{"page": page, "page_size": size, "key": "contents", "next_page_url": nil}
	if end < len(all) {
		query := c.query
		query.Set("Page", strconv.Itoa(page+1))
		query.Set("PageToken", "DN"+strconv.Itoa(page+1)+"-"+strconv.Itoa(end))
		meta["next_page_url"] = s.base + c.r.URL.Path + "?" + query.Encode()
	}
	c.json(http.StatusOK, map[string]any{"contents": all[after:end], "meta": meta})
}

// twilioMake takes a new content.
func (s *Simulator) twilioMake(c *call, ch *Channel) {
	t := &twilioContent{}
	if err := json.Unmarshal(c.body, t); err != nil {
		c.json(http.StatusBadRequest, twilioFault(20001, http.StatusBadRequest, "The body is no content"))
		return
	}
	if code, text := t.wrong(); code != 0 {
		c.json(http.StatusBadRequest, twilioFault(code, http.StatusBadRequest, text))
		return
	}
	t.SID, t.Account, t.Created = s.hexID("HX"), ch.account, time.Now().UTC().Format(time.RFC3339)
	t.Updated, t.URL = t.Created, "https://content.twilio.com/v1/Content/"+t.SID
	raw, err := json.Marshal(t)
	if err != nil {
		c.json(http.StatusBadRequest, twilioFault(20001, http.StatusBadRequest, "The body is no content"))
		return
	}
	ch.contents.add(raw)
	c.json(http.StatusCreated, json.RawMessage(raw))
}

// wrong is why Twilio does not take a content.
func (t *twilioContent) wrong() (code int, text string) {
	switch {
	case t.Language == "":
		return 92003, "Invalid language. Language is required"
	case len(t.Variables) > contentNames:
		return 92002, "Invalid variables. The max amount of variables allowed is 100"
	case len(t.Types) == 0:
		return 20001, "Types are required"
	}
	for name, raw := range t.Types {
		if name != quickReply && name != listPicker {
			continue
		}
		f, err := readForm(raw)
		if err != nil {
			return 20001, "Invalid " + name
		}
		if text := f.incomplete(name); text != "" {
			return 20001, text
		}
		if text := f.tooLong(name); text != "" {
			return 20001, text
		}
		for _, key := range f.variables() {
			if t.Variables[key] == "" {
				return 20001, "There is no sample of the variable " + key
			}
		}
	}
	return 0, ""
}

func readForm(raw json.RawMessage) (*form, error) {
	f := &form{}
	err := json.Unmarshal(raw, f)
	return f, err
}

// texts are the places for words.
func (f *form) texts() []*string {
	out := []*string{&f.Body, &f.Button}
	for i := range f.Actions {
		out = append(out, &f.Actions[i].ID, &f.Actions[i].Title)
	}
	for i := range f.Items {
		out = append(out, &f.Items[i].ID, &f.Items[i].Title, &f.Items[i].Detail)
	}
	return out
}

var placeholder = regexp.MustCompile(`\{\{\s*(\w{1,16})\s*\}\}`)

// variables are the names of the placeholders.
func (f *form) variables() []string {
	var out []string
	for _, text := range f.texts() {
		for _, m := range placeholder.FindAllStringSubmatch(*text, -1) {
			out = append(out, m[1])
		}
	}
	return out
}

// incomplete says what is missing or too many.
func (f *form) incomplete(name string) string {
	if f.Body == "" {
		return name + ": body is required"
	}
	if name == quickReply {
		if len(f.Actions) == 0 || len(f.Actions) > contentActions {
			return "Between 1 and 10 actions are required"
		}
		for _, a := range f.Actions {
			if a.Title == "" || a.Type != "" && a.Type != "QUICK_REPLY" {
				return "An action needs a title and the type QUICK_REPLY"
			}
		}
		return ""
	}
	if f.Button == "" || len(f.Items) == 0 || len(f.Items) > contentRows {
		return "A button and between 1 and 10 items are required"
	}
	for _, i := range f.Items {
		if i.Title == "" || i.ID == "" {
			return "An item needs an id and a title"
		}
	}
	return ""
}

// tooLong says which text is longer than its place.
func (f *form) tooLong(name string) string {
	over := func(text string, limit int) bool { return units(text) > limit }
	if over(f.Body, contentBody) {
		return "Body cannot exceed 1024 characters"
	}
	if name == listPicker && over(f.Button, contentButton) {
		return "Button cannot exceed 20 characters"
	}
	for _, a := range f.Actions {
		if over(a.Title, contentButton) || over(a.ID, contentOptionID) {
			return "Quick reply title cannot exceed 20 characters, its id 200"
		}
	}
	for _, i := range f.Items {
		switch {
		case over(i.Title, contentRow):
			return "Item cannot exceed 24 characters"
		case over(i.ID, contentOptionID):
			return "Item id cannot exceed 200 characters"
		case over(i.Detail, contentDetail):
			return "Item description cannot exceed 72 characters"
		}
	}
	return ""
}

// choices are the options; alike: WhatsApp does not take them.
func (f *form) choices() (list []Choice, alike bool) {
	titles, ids := map[string]bool{}, map[string]bool{}
	for _, a := range f.Actions {
		list = append(list, Choice{ID: a.ID, Title: a.Title})
		alike = alike || titles[a.Title]
		titles[a.Title] = true
	}
	for _, i := range f.Items {
		list = append(list, Choice{ID: i.ID, Title: i.Title})
		alike = alike || ids[i.ID]
		ids[i.ID] = true
	}
	return list, alike
}

// units is the length of a text as Twilio measures it, in UTF-16.
func units(text string) (n int) {
	for _, r := range text {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

// twilioRender makes a message of ContentSid and ContentVariables; a code other than
// 0 says why not. A content of another type than those two is sent as "template" and
// its SID.
func (s *Simulator) twilioRender(c *call, ch *Channel, m *sending) (code int, text string) {
	sid, given := c.form.Get("ContentSid"), c.form.Get("ContentVariables")
	if sid == "" {
		if given != "" {
			return 21654, "A ContentSid must be specified if ContentVariables are provided."
		}
		return 0, ""
	}
	_, t, approved := ch.content(sid)
	if t == nil {
		return 21655, "The ContentSid is invalid."
	}
	values, code, text := t.values(given)
	if code != 0 {
		return code, text
	}
	m.text = "template " + sid
	for _, name := range []string{listPicker, quickReply} {
		raw, ok := t.Types[name]
		if !ok {
			continue
		}
		f, err := readForm(raw)
		if err != nil {
			return 21655, "The ContentSid is invalid."
		}
		return f.render(name, values, approved, m)
	}
	return 0, ""
}

// values are the variables of a message, with the samples in the places of those
// that are not given.
func (t *twilioContent) values(given string) (values map[string]string, code int, text string) {
	const invalid = "The Content Variables parameter is invalid."
	values = map[string]string{}
	maps.Copy(values, t.Variables)
	if given == "" {
		return values, 0, ""
	}
	var list map[string]*string
	if json.Unmarshal([]byte(given), &list) != nil {
		return nil, 21656, invalid
	}
	for key, v := range list {
		switch {
		case v == nil || *v == "" || strings.Contains(*v, "{{"):
			return nil, 21656, invalid
		case units(*v) > contentVariable:
			return nil, 21658, "A variable cannot exceed 1600 characters"
		}
		values[key] = *v
	}
	return values, 0, ""
}

var spoilt = regexp.MustCompile(`[\n\r\t]| {5}`)

// render fills in the variables.
func (f *form) render(name string, values map[string]string, approved bool, m *sending) (code int, text string) {
	for _, key := range placeholder.FindAllStringSubmatch(f.Body, -1) {
		if spoilt.MatchString(values[key[1]]) {
			return 21656, "The Content Variables parameter is invalid."
		}
	}
	for _, place := range f.texts() {
		*place = placeholder.ReplaceAllStringFunc(*place, func(found string) string {
			return values[placeholder.FindStringSubmatch(found)[1]]
		})
	}
	if text := f.tooLong(name); text != "" {
		return 21658, text
	}
	list, alike := f.choices()
	switch {
	case alike:
		return 63005, "The channel did not accept the given content: options are alike"
	case name == quickReply && len(list) > contentButtons && !approved:
		return 63005, "The channel did not accept the given content: more than three buttons"
	}
	m.text, m.choices = f.Body, list
	return 0, ""
}
