package api

import (
	"context"
	"strings"

	"tributary/api/route"
)

func (a *API) contactLabels() []route.Row {
	const labels = account + "/contacts/{contact_id}/labels"
	return []route.Row{
		route.Get(labels, route.Member, a.listContactLabels),
		route.Post(labels, route.Member, a.setContactLabels),
	}
}

func (a *API) listContactLabels(ctx context.Context, c *route.Call, in byContact) (payload[[]string], error) {
	if err := a.contactExists(ctx, c, in.ContactID); err != nil {
		return payload[[]string]{}, err
	}
	labels, err := a.Store.ContactLabels(ctx, in.ContactID)
	return payload[[]string]{labels}, err
}

type contactLabelsIn struct {
	ContactID int64 `path:"contact_id"`
	// Labels is a list; whatever else it is stands for an empty one.
	Labels any `json:"labels"`
}

func (a *API) setContactLabels(ctx context.Context, c *route.Call, in contactLabelsIn) (payload[[]string], error) {
	after, err := a.Desk.LabelContact(ctx, actor(c), c.Account.ID, in.ContactID, tags(in.Labels))
	return payload[[]string]{after}, found(err)
}

// tags reads a list of labels. Each text may hold several behind commas; quotation
// marks keep a comma inside a label.
func tags(sent any) (labels []string) {
	list, _ := sent.([]any)
	for _, one := range list {
		if text, ok := one.(string); ok {
			labels = append(labels, splitTags(text)...)
		}
	}
	return labels
}

func splitTags(text string) (labels []string) {
	add := func(label string) {
		if label = strings.TrimSpace(label); label != "" {
			labels = append(labels, label)
		}
	}
	for text != "" {
		text = strings.TrimLeft(text, " \t\r\n")
		if quote := text[:min(1, len(text))]; quote == `"` || quote == "'" {
			// Only quotation marks around a whole label count.
			if label, rest, closed := strings.Cut(text[1:], quote); closed {
				if after, _, more := strings.Cut(rest, ","); strings.TrimSpace(after) == "" {
					add(label)
					text = ""
					if more {
						text = rest[len(after)+1:]
					}
					continue
				}
			}
		}
		label, rest, _ := strings.Cut(text, ",")
		add(label)
		text = rest
	}
	return labels
}
