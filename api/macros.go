package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) macros() []route.Row {
	const macros = account + "/macros"
	refused := actionRefusal{}
	return []route.Row{
		route.Get(macros, route.Member, a.listMacros),
		route.Get(macros+"/{id}", route.Member, a.showMacro).Answers(http.StatusNotFound),
		route.Post(macros, route.Member, a.createMacro).Answers(http.StatusUnprocessableEntity, refused),
		route.Patch(macros+"/{id}", route.Member, a.updateMacro).Answers(http.StatusUnprocessableEntity, refused),
		route.Delete(macros+"/{id}", route.Member, a.deleteMacro),
		route.Post(macros+"/{id}/execute", route.Member, a.executeMacro),
	}
}

// actionRefusal says what is wrong with a macro or a rule, by its parts.
type actionRefusal struct {
	Error map[string][]string `json:"error"`
}

// Shape implements route.Shaped: an object of lists, or the text of other refusals.
func (actionRefusal) Shape() any {
	return route.Schema{"type": "object"}
}

// partly collects what is wrong with the parts of a macro or a rule.
type partly map[string][]string

func (p partly) add(part, text string) { p[part] = append(p[part], text) }

func (p partly) err() error {
	if len(p) == 0 {
		return nil
	}
	return &route.Problem{Status: http.StatusUnprocessableEntity, Body: actionRefusal{p}}
}

// name checks a name that must be there.
func (p partly) name(name string) {
	if strings.TrimSpace(name) == "" {
		p.add("name", validate.Blank)
	}
	if utf8.RuneCountInString(name) > validate.ShortText {
		p.add("name", "is too long (maximum is 255 characters)")
	}
}

// actionOut is an action of a macro or a rule.
type actionOut struct {
	Name   string          `json:"action_name"`
	Params json.RawMessage `json:"action_params" schema:"array"`
}

func actionsOut(stored string) []actionOut {
	var out []actionOut
	_ = json.Unmarshal([]byte(stored), &out) // ours
	return out
}

// actionsIn reads actions: unknown names and what is no list of actions are noted. What
// is stored is the list without what nobody reads, and the blobs that are sent.
func actionsIn(raw json.RawMessage, known []string, unsupported string, wrong partly) (stored string, blobs []int64) {
	blobs = []int64{}
	var list []struct {
		Name   json.RawMessage `json:"action_name"`
		Params json.RawMessage `json:"action_params"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		wrong.add("actions", validate.Invalid)
		return "[]", blobs
	}
	out := make([]desk.Action, len(list))
	var unknown []string
	for i, sent := range list {
		var name string
		if json.Unmarshal(sent.Name, &name) != nil || !slices.Contains(known, name) {
			unknown = append(unknown, name)
			continue
		}
		params := sent.Params
		switch {
		case len(params) == 0 || string(params) == "null":
			params = json.RawMessage("[]")
		case params[0] != '[':
			params = slices.Concat([]byte{'['}, params, []byte{']'})
		}
		out[i] = desk.Action{Name: name, Params: params}
		if name == desk.ActionSendAttachment {
			blobs = append(blobs, out[i].Numbers()...)
		}
	}
	if unknown != nil {
		wrong.add("actions", unsupported+" "+strings.Join(unknown, ",")+" not supported.")
		return "[]", blobs
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		wrong.add("actions", validate.Invalid)
	}
	return strings.TrimSpace(b.String()), blobs
}

// unsent words a refusal of files.
func unsent(err error) error {
	if desk.NotUploaded(err) {
		return partly{"actions": {"The attachment was not uploaded."}}.err()
	}
	return err
}

// macroOut is a macro.
type macroOut struct {
	ID         int64          `json:"id"`
	Name       string         `json:"name"`
	Visibility string         `json:"visibility"`
	CreatedBy  *agentOut      `json:"created_by,omitempty"`
	UpdatedBy  *agentOut      `json:"updated_by,omitempty"`
	AccountID  int64          `json:"account_id"`
	Actions    []actionOut    `json:"actions"`
	Files      []macroFileOut `json:"files,omitempty"`
}

// keptFileOut is a file that a macro or a rule sends.
type keptFileOut struct {
	ID        int64  `json:"id"`
	FileType  string `json:"file_type"` // MIME
	AccountID int64  `json:"account_id"`
	FileURL   string `json:"file_url"`
	BlobID    int64  `json:"blob_id"`
	Filename  string `json:"filename"`
}

type macroFileOut struct {
	MacroID int64 `json:"macro_id"`
	keptFileOut
}

func (a *API) newKeptFileOut(f store.KeptFile, accountID int64) keptFileOut {
	return keptFileOut{
		ID: f.ID, FileType: f.ContentType, AccountID: accountID, FileURL: a.Files.URL(f.BlobID, f.Filename), BlobID: f.BlobID, Filename: f.Filename,
	}
}

// visibilities are in the order of their stored numbers.
var visibilities = []string{"personal", "global"}

func (a *API) newMacrosOut(ctx context.Context, accountID int64, list []store.MacroRow) ([]macroOut, error) {
	keys := make([]int64, len(list))
	var users []int64
	for i, m := range list {
		keys[i] = m.ID
		for _, id := range []*int64{m.CreatedByID, m.UpdatedByID} {
			if id != nil {
				users = append(users, *id)
			}
		}
	}
	people, err := a.Store.Agents(ctx, accountID, users)
	if err != nil {
		return nil, err
	}
	kept, err := a.Store.KeptFiles(ctx, store.KeptByMacro, keys)
	if err != nil {
		return nil, err
	}
	person := func(id *int64) *agentOut {
		if id == nil {
			return nil
		}
		u, ok := people[*id]
		if !ok {
			return nil
		}
		out := a.newAgentOut(ctx, accountID, u)
		return &out
	}
	out := make([]macroOut, len(list))
	for i, m := range list {
		out[i] = macroOut{
			ID: m.ID, Name: m.Name, Visibility: nameAt(visibilities, m.Visibility), CreatedBy: person(m.CreatedByID), UpdatedBy: person(m.UpdatedByID),
			AccountID: m.AccountID, Actions: actionsOut(m.Actions),
		}
		for _, f := range kept[m.ID] {
			out[i].Files = append(out[i].Files, macroFileOut{m.ID, a.newKeptFileOut(f, m.AccountID)})
		}
	}
	return out, nil
}

func (a *API) listMacros(ctx context.Context, c *route.Call, _ none) (payload[[]macroOut], error) {
	list, err := a.Store.Macros(ctx, c.Account.ID, c.User.ID)
	if err != nil {
		return payload[[]macroOut]{}, err
	}
	out, err := a.newMacrosOut(ctx, c.Account.ID, list)
	return payload[[]macroOut]{out}, err
}

func (a *API) macroPayload(ctx context.Context, accountID, id int64) (payload[macroOut], error) {
	m, err := a.Store.Macro(ctx, accountID, id)
	if err != nil {
		return payload[macroOut]{}, found(err)
	}
	out, err := a.newMacrosOut(ctx, accountID, []store.MacroRow{m})
	if err != nil {
		return payload[macroOut]{}, err
	}
	return payload[macroOut]{out[0]}, nil
}

func authorOf(c *route.Call, m store.MacroRow) bool {
	return m.CreatedByID != nil && *m.CreatedByID == c.User.ID
}

// mayRun refuses macros that are somebody else's.
func mayRun(c *route.Call, m store.MacroRow) error {
	if m.Visibility == store.MacroGlobal || authorOf(c, m) {
		return nil
	}
	return route.Refused()
}

func (a *API) showMacro(ctx context.Context, c *route.Call, in byID) (payload[macroOut], error) {
	m, err := a.Store.Macro(ctx, c.Account.ID, in.ID)
	if found(err) != err { //nolint:errorlint // whether it is the one that found knows
		return payload[macroOut]{}, &route.Problem{Status: http.StatusNotFound}
	}
	if err == nil {
		err = mayRun(c, m)
	}
	if err != nil {
		return payload[macroOut]{}, err
	}
	return a.macroPayload(ctx, c.Account.ID, in.ID)
}

type macroIn struct {
	Name       route.Opt[string]          `json:"name"`
	Visibility route.Opt[string]          `json:"visibility"`
	Actions    route.Opt[json.RawMessage] `json:"actions"`
}

// apply changes m by what was sent.
func (in macroIn) apply(c *route.Call, m *desk.MacroChange) error {
	wrong := partly{}
	in.Name.Apply(&m.Name)
	wrong.name(m.Name)
	if kind, ok := in.Visibility.Get(); ok {
		n, known := listed(visibilities, kind)
		if !known {
			wrong.add("visibility", validate.NotListed)
		}
		m.Visibility = n
	}
	if !c.Admin() {
		m.Visibility = store.MacroPersonal
	}
	if actions, ok := in.Actions.Get(); ok {
		m.Actions = string(actions)
	}
	m.Actions, m.Files = actionsIn(json.RawMessage(m.Actions), desk.MacroActions, "Macro execution actions", wrong)
	m.UpdatedByID = &c.User.ID
	return wrong.err()
}

func (a *API) createMacro(ctx context.Context, c *route.Call, in macroIn) (payload[macroOut], error) {
	m := desk.MacroChange{MacroRow: store.MacroRow{AccountID: c.Account.ID, CreatedByID: &c.User.ID, Actions: "[]"}}
	if err := in.apply(c, &m); err != nil {
		return payload[macroOut]{}, err
	}
	id, err := a.Desk.CreateMacro(ctx, actor(c), m)
	if err != nil {
		return payload[macroOut]{}, unsent(err)
	}
	return a.macroPayload(ctx, c.Account.ID, id)
}

type updateMacroIn struct {
	ID int64 `path:"id"`
	macroIn
}

func (a *API) updateMacro(ctx context.Context, c *route.Call, in updateMacroIn) (payload[macroOut], error) {
	err := a.Desk.ChangeMacro(ctx, actor(c), c.Account.ID, in.ID, func(m *desk.MacroChange) error {
		if !authorOf(c, m.MacroRow) && (m.Visibility != store.MacroGlobal || !c.Admin()) {
			return route.Refused()
		}
		return in.apply(c, m)
	})
	if err != nil {
		return payload[macroOut]{}, found(unsent(err))
	}
	return a.macroPayload(ctx, c.Account.ID, in.ID)
}

func (a *API) deleteMacro(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteMacro(ctx, actor(c), c.Account.ID, in.ID, func(m store.MacroRow) error {
		if !authorOf(c, m) && (m.Visibility != store.MacroGlobal || !c.Admin() || m.CreatedByID != nil) {
			return route.Refused()
		}
		return nil
	}))
}

type executeMacroIn struct {
	ID            int64 `path:"id"`
	Conversations any   `json:"conversation_ids"` // display ids
}

func (a *API) executeMacro(ctx context.Context, c *route.Call, in executeMacroIn) (route.Empty, error) {
	m, err := a.Store.Macro(ctx, c.Account.ID, in.ID)
	if err != nil {
		return route.Empty{}, found(err)
	}
	if err := mayRun(c, m); err != nil {
		return route.Empty{}, err
	}
	list, err := displayIDs(in.Conversations)
	if err != nil {
		return route.Empty{}, chat.Unprocessable("conversation_ids is invalid")
	}
	return route.Empty{}, a.Desk.RunMacro(ctx, c.Account.ID, m.ID, c.User.ID, list)
}

// displayIDs reads the numbers of conversations, or of one: numbers or texts. Each is
// given once.
func displayIDs(sent any) ([]int64, error) {
	list, several := sent.([]any)
	if !several && sent != nil {
		list = []any{sent}
	}
	out := make([]int64, 0, len(list))
	known := map[int64]bool{}
	for _, v := range list {
		text, _ := v.(string)
		if number, ok := v.(json.Number); ok {
			text = number.String()
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, validate.Fail("ids", validate.Invalid)
		}
		if !known[id] {
			known[id] = true
			out = append(out, id)
		}
	}
	return out, nil
}
