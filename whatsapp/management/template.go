package management

import (
	"cmp"
	"strings"
)

// template reads what all events of templates have. The language is written en-US in
// some of them and en_US where templates are listed.
func template(e *Event, v value, aspect string) *Template {
	t := &Template{
		ID: v.text("message_template_id"), Name: v.text("message_template_name"),
		Language: strings.ReplaceAll(v.text("message_template_language"), "-", "_"),
	}
	e.Aspect = "template/" + cmp.Or(t.ID, t.Name+"/"+t.Language) + "/" + aspect
	e.Effects.Template = t
	return t
}

func templateStatus(e *Event, v, beside value) {
	t := template(e, v, "status")
	e.Event = v.word("event")
	t.Status, t.Category = e.Event, v.word("message_template_category")
	if t.Reason = v.word("reason"); t.Reason == "NONE" {
		t.Reason = ""
	}
	info := v.object("rejection_info")
	if info == nil {
		info = beside.object("rejection_info") // it is meant to be in the value
	}
	other := v.object("other_info")
	for _, s := range []string{info.text("reason"), info.text("recommendation"), other.text("description")} {
		t.Advice = strings.TrimSpace(t.Advice + " " + s)
	}
	if t.Reason == "" {
		t.Reason = other.word("title")
	}
}

func templateQuality(e *Event, v, _ value) {
	template(e, v, "quality").Quality = v.word("new_quality_score")
}

// templateCategory comes when a category changed, and before it will: then the new
// category is the present one.
func templateCategory(e *Event, v, _ value) {
	t := template(e, v, "category")
	t.Category = v.word("new_category")
	e.Event = "changed"
	if next := v.word("correct_category"); next != "" {
		e.Event = "impending"
		t.NextCategory, t.CategoryAt = next, moment(v["category_update_timestamp"])
	}
}
