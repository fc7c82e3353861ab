package wacloud

import (
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Limits of template parameters.
const (
	maxParameter = 1000
	maxMediaURL  = 2000
	maxCoupon    = 15
)

const defaultLanguage = "en"

// template is one entry of the provider's list of templates.
type template struct {
	Name       text                `json:"name"`
	Language   text                `json:"language"`
	Status     text                `json:"status"`
	Format     text                `json:"parameter_format"` // POSITIONAL | NAMED
	Namespace  text                `json:"namespace"`        // 360dialog
	Components []templateComponent `json:"components"`
}

type templateComponent struct {
	Type   text `json:"type"`
	Format text `json:"format"`
	Text   text `json:"text"`
}

// parseTemplates reads the synchronised list; an object ({}) or nothing means
// that there was no synchronisation yet.
func parseTemplates(raw json.RawMessage) ([]template, bool) {
	if trimmed := strings.TrimSpace(string(raw)); !strings.HasPrefix(trimmed, "[") {
		return nil, false
	}
	var list []template
	lenient(raw, &list)
	return list, true
}

func (t *template) component(kind string) *templateComponent {
	for i := range t.Components {
		if strings.EqualFold(string(t.Components[i].Type), kind) {
			return &t.Components[i]
		}
	}
	return &templateComponent{}
}

// find gives the approved template of that name; without a language the first.
func (c *Config) find(name, language string) *template {
	for i := range c.templates {
		t := &c.templates[i]
		if string(t.Name) == name && strings.EqualFold(string(t.Status), "approved") &&
			(language == "" || strings.EqualFold(string(t.Language), language)) {
			return t
		}
	}
	return nil
}

// buildTemplate is the template object of a call, made of template_params
// {name, language, namespace, processed_params}. Until the first
// synchronisation the parameters are taken as they are; afterwards the template
// must be on the list and approved.
func buildTemplate(cfg *Config, params map[string]any) (map[string]any, error) {
	name, language := str(params["name"]), str(params["language"])
	known := cfg.find(name, language)
	if name == "" || cfg.synced && known == nil {
		return nil, refusal(wording.FailureTemplateInvalid.Text())
	}
	if known == nil {
		known = &template{}
	}
	language = firstOf(language, string(known.Language), defaultLanguage)
	components, err := buildComponents(known, params["processed_params"])
	if err != nil {
		return nil, err
	}
	out := map[string]any{"name": name, "language": map[string]any{"policy": "deterministic", "code": language}}
	if len(components) > 0 {
		out["components"] = components
	}
	if namespace := firstOf(str(params["namespace"]), string(known.Namespace)); namespace != "" && cfg.Provider != ProviderCloud {
		out["namespace"] = namespace
	}
	return out, nil
}

// buildComponents reads the parameters by component, or the two older forms: a
// list, or one flat object, of the body's values.
func buildComponents(t *template, processed any) ([]any, error) {
	header, body, buttons := any(nil), processed, any(nil)
	if m, ok := processed.(map[string]any); ok && byComponent(m) {
		header, body, buttons = m["header"], m["body"], m["buttons"]
	}
	var out []any
	add := func(component map[string]any, err error) error {
		if component != nil {
			out = append(out, component)
		}
		return err
	}
	if err := add(headerComponent(t, header)); err != nil {
		return nil, err
	}
	parameters, err := textParameters(body, t, string(t.component("body").Text))
	if err != nil {
		return nil, err
	}
	if len(parameters) > 0 {
		out = append(out, map[string]any{"type": "body", "parameters": parameters})
	}
	taps, err := buttonComponents(buttons)
	if err != nil {
		return nil, err
	}
	return append(out, taps...), nil
}

func byComponent(m map[string]any) bool {
	for _, key := range []string{"header", "body", "footer", "buttons"} {
		switch m[key].(type) {
		case map[string]any, []any:
			return true
		}
	}
	return false
}

func headerComponent(t *template, v any) (map[string]any, error) {
	schema := t.component("header")
	m, _ := v.(map[string]any)
	format := strings.ToLower(string(schema.Format))
	media := format == "image" || format == "video" || format == "document"
	if _, given := m["media_url"]; given || media {
		return mediaHeader(m, format)
	}
	parameters, err := textParameters(v, t, string(schema.Text))
	if err != nil || len(parameters) == 0 {
		return nil, err
	}
	return map[string]any{"type": "header", "parameters": parameters}, nil
}

func mediaHeader(m map[string]any, format string) (map[string]any, error) {
	kind, link := firstOf(strings.ToLower(str(m["media_type"])), format), str(m["media_url"])
	if link == "" {
		return nil, refusal(wording.FailureTemplateParameter.Text())
	}
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(link) > maxMediaURL {
		return nil, refusal(wording.FailureTemplateMediaURL.Text())
	}
	file := map[string]any{"link": link}
	switch kind {
	case "image", "video":
	case "document":
		if name := str(m["media_name"]); name != "" {
			file["filename"] = name
		}
	default:
		return nil, refusal(wording.FailureTemplateMediaType.Text())
	}
	return map[string]any{"type": "header", "parameters": []any{map[string]any{"type": kind, kind: file}}}, nil
}

var placeholder = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// textParameters are the values of a text in their order. A blank one would
// shift those after it, so it is refused.
func textParameters(v any, t *template, schema string) ([]any, error) {
	values := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		values = v
	case []any:
		for i, one := range v {
			values[strconv.Itoa(i+1)] = one
		}
	}
	keys, named := order(values, strings.EqualFold(string(t.Format), "named"))
	for _, p := range placeholder.FindAllStringSubmatch(schema, -1) {
		if _, given := values[p[1]]; !given {
			return nil, refusal(wording.FailureTemplateParameter.Text())
		}
	}
	var out []any
	for i, key := range keys {
		if n, err := strconv.Atoi(key); err == nil && !named && n != i+1 {
			return nil, refusal(wording.FailureTemplateParameter.Text())
		}
		parameter, err := textParameter(values[key])
		if err != nil {
			return nil, err
		}
		if named {
			parameter["parameter_name"] = key
		}
		out = append(out, parameter)
	}
	return out, nil
}

// order sorts positions by number and names by name.
func order(values map[string]any, named bool) ([]string, bool) {
	keys := slices.Sorted(maps.Keys(values))
	for _, key := range keys {
		if _, err := strconv.Atoi(key); err != nil {
			named = true
		}
	}
	if !named {
		slices.SortFunc(keys, func(a, b string) int {
			x, _ := strconv.Atoi(a) // a number, see above
			y, _ := strconv.Atoi(b)
			return x - y
		})
	}
	return keys, named
}

// textParameter is one value; objects of type currency and date_time pass.
func textParameter(v any) (map[string]any, error) {
	if m, ok := v.(map[string]any); ok {
		if kind := str(m["type"]); kind == "currency" || kind == "date_time" {
			return maps.Clone(m), nil
		}
	}
	value := sanitize(str(v))
	if value == "" {
		return nil, refusal(wording.FailureTemplateParameter.Text())
	}
	return map[string]any{"type": "text", "text": value}, nil
}

// buttonComponents keeps the position of each button, counted from 0.
func buttonComponents(v any) ([]any, error) {
	list, _ := v.([]any)
	if m, ok := v.(map[string]any); ok {
		keys, _ := order(m, false)
		for _, key := range keys {
			list = append(list, m[key])
		}
	}
	var out []any
	for i, one := range list {
		m, ok := one.(map[string]any)
		if !ok {
			continue
		}
		kind, value := strings.ToLower(firstOf(str(m["type"]), "url")), sanitize(str(m["parameter"]))
		var parameter map[string]any
		switch {
		case value == "" && kind == "quick_reply":
			continue // the payload is optional
		case value == "":
			return nil, refusal(wording.FailureTemplateParameter.Text())
		case kind == "quick_reply":
			parameter = map[string]any{"type": "payload", "payload": value}
		case kind == "copy_code" && channels.Runes(value) > maxCoupon:
			return nil, refusal(wording.FailureCouponTooLong.With("limit", strconv.Itoa(maxCoupon)))
		case kind == "copy_code":
			parameter = map[string]any{"type": "coupon_code", "coupon_code": value}
		default:
			parameter = map[string]any{"type": "text", "text": value}
		}
		out = append(out, map[string]any{"type": "button", "sub_type": kind, "index": i, "parameters": []any{parameter}})
	}
	return out, nil
}

// sanitize removes what could break out of the text and shortens it.
func sanitize(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>"'`, r) {
			return -1
		}
		return r
	}, channels.Clean(s))
	return channels.Clip(strings.TrimSpace(s), maxParameter, channels.Runes)
}

// str is a scalar as text.
func str(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	return ""
}

func refusal(why wording.Text) *channels.SendError {
	return &channels.SendError{Class: chat.Permanent, Code: "template", Say: why}
}
