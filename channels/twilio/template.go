package twilio

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const defaultLanguage = "en"

// contentTemplate is one entry of the synchronised list.
type contentTemplate struct {
	SID       string         `json:"content_sid"`
	Name      string         `json:"friendly_name"`
	Language  string         `json:"language"`
	Status    string         `json:"status"`
	Variables map[string]any `json:"variables"`
}

// parseTemplates reads {"templates": […]}; entries that cannot be read are left
// out.
func parseTemplates(raw json.RawMessage) []contentTemplate {
	var list struct {
		Templates []json.RawMessage `json:"templates"`
	}
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var out []contentTemplate
	for _, one := range list.Templates {
		var t contentTemplate
		if json.Unmarshal(one, &t) == nil {
			out = append(out, t)
		}
	}
	return out
}

// content gives the template that template_params {name, language,
// processed_params or parameters} names, and its variables as JSON.
func content(cfg *Config, params map[string]any) (sid, variables string, err error) {
	name, language := str(params["name"]), str(params["language"])
	if language == "" {
		language = defaultLanguage
	}
	i := slices.IndexFunc(cfg.templates, func(t contentTemplate) bool {
		return t.Name == name && t.SID != "" && strings.EqualFold(t.Language, language) && strings.EqualFold(t.Status, "approved")
	})
	if name == "" || i < 0 {
		return "", "", refusal(wording.FailureTemplateUnknown.Text())
	}
	t := &cfg.templates[i]
	values, err := variablesOf(params)
	if err != nil {
		return "", "", err
	}
	for key := range t.Variables {
		if values[key] == "" {
			return "", "", refusal(wording.FailureTemplateParameter.Text())
		}
	}
	if len(values) == 0 {
		return t.SID, "", nil
	}
	if variables, err = contentVariables(values); err != nil {
		return "", "", refusal(wording.FailureTemplateParameter.Text()) // texts always encode
	}
	return t.SID, variables, nil
}

// variablesOf reads either form: a map of values, or WhatsApp's components,
// numbered from 1 with the media link of the header first.
func variablesOf(params map[string]any) (map[string]string, error) {
	values := map[string]string{}
	switch processed := params["processed_params"].(type) {
	case map[string]any:
		if body, ok := processed["body"].(map[string]any); ok {
			processed = body
		}
		for _, key := range slices.Sorted(maps.Keys(processed)) {
			values[key] = str(processed[key])
		}
	case []any:
		for i, v := range processed {
			values[strconv.Itoa(i+1)] = str(v)
		}
	default:
		for _, v := range componentValues(params["parameters"]) {
			values[strconv.Itoa(len(values)+1)] = v
		}
	}
	for _, v := range values {
		if v == "" {
			return nil, refusal(wording.FailureTemplateParameter.Text())
		}
	}
	return values, nil
}

func componentValues(v any) []string {
	var header, body []string
	components, _ := v.([]any)
	for _, one := range components {
		component, _ := one.(map[string]any)
		parameters, _ := component["parameters"].([]any)
		for _, p := range parameters {
			parameter, _ := p.(map[string]any)
			media, _ := parameter[str(parameter["type"])].(map[string]any)
			switch strings.ToLower(str(component["type"])) {
			case "header":
				if media != nil {
					header = append(header, str(media["link"]))
				}
			case "body":
				body = append(body, str(parameter["text"]))
			}
		}
	}
	return append(header, body...)
}

// str is a scalar as text.
func str(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(channels.Clean(v))
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
