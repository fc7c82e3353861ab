// Package api is the account API: one file for each resource in the URL, each
// with its rows, its typed input and output, and its handlers in the order list,
// get, create, update, delete. Reads go to the store, whatever touches several
// tables or raises events goes through the desk.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/files"
	"tributary/operator"
	"tributary/store"
	"tributary/whatsapp"
)

// Deps is what the API works with.
type Deps struct {
	Store *store.Store
	Desk  *desk.Desk
	Files *files.Service
	// WhatsApp looks after WhatsApp numbers.
	WhatsApp *whatsapp.Engine
	// Queue tells whether the queue answers.
	Queue func(ctx context.Context) error
	// Operator is what super admins do.
	Operator *operator.Service
	// Setting reads an installation setting by its environment name.
	Setting func(name string) string
	// HTTP calls services that the operator has chosen.
	HTTP *http.Client
	// SignupOpen tells whether anybody may make an account; nil: nobody may.
	SignupOpen func() bool
	// ConversationsPerPage is CONVERSATION_RESULTS_PER_PAGE; 0: 25.
	ConversationsPerPage int
	// Beside are the routes that others mount beside the API's: its description has
	// them, too.
	Beside []route.Row
}

// API serves the account API.
type API struct {
	Deps
	description func() ([]byte, error) // made when it is first asked for
}

// New makes the API.
func New(d Deps) *API {
	if d.ConversationsPerPage == 0 {
		d.ConversationsPerPage = 25
	}
	if d.SignupOpen == nil {
		d.SignupOpen = func() bool { return false }
	}
	a := &API{Deps: d}
	a.description = sync.OnceValues(func() ([]byte, error) { return Describe(slices.Concat(d.Beside, a.Rows()), false) })
	return a
}

// account is the prefix of everything inside an account.
const account = "/api/v1/accounts/{account_id}"

// Rows are all routes of the API.
func (a *API) Rows() []route.Row {
	return slices.Concat(
		a.info(),
		a.swagger(),
		a.files(),
		a.sessions(),
		a.sessionPasswords(),
		a.signUps(),
		a.omniauth(),
		a.saml(),
		a.profile(),
		a.mfa(),
		a.accounts(),
		a.agents(),
		a.teams(),
		a.customRoles(),
		a.agentBots(),
		a.assignmentPolicies(),
		a.capacityPolicies(),
		a.inboxes(),
		a.inboxTemplates(),
		a.inboxMembers(),
		a.webhookStatus(),
		a.facebookPages(),
		a.auditLogs(),
		a.webhooks(),
		a.whatsapp(),
		a.twilioChannels(),
		a.contacts(),
		a.search(),
		a.contactInboxes(),
		a.contactLabels(),
		a.contactNotes(),
		a.conversations(),
		a.conversationFilters(),
		a.contactFilters(),
		a.contactFiles(),
		a.customAttributes(),
		a.customFilters(),
		a.conversationActions(),
		a.conversationChanges(),
		a.conversationPeople(),
		a.conversationFiles(),
		a.messages(),
		a.publicInboxes(),
		a.publicContacts(),
		a.publicConversations(),
		a.publicMessages(),
		a.messageStatus(),
		a.notifications(),
		a.notificationSettings(),
		a.notificationSubscriptions(),
		a.platformUsers(),
		a.platformAccounts(),
		a.platformBots(),
		a.installation(),
		a.superAdminSession(),
		a.superAdmin(),
		a.superAdminApps(),
		a.superAdminUsers(),
		a.superAdminAccounts(),
		a.labels(),
		a.cannedResponses(),
		a.keptUploads(),
		a.macros(),
		a.automationRules(),
		a.bulkActions(),
		a.operator(),
	)
}

// none is the input of routes that read nothing.
type none struct{}

// object is a stored JSON object as it is shown.
func object(stored string) json.RawMessage {
	if stored == "" {
		return json.RawMessage("{}")
	}
	return json.RawMessage(stored)
}

// members decodes a stored JSON object.
func members(stored string) map[string]any {
	m := map[string]any{}
	_ = json.Unmarshal([]byte(stored), &m) // not an object: no members
	return m
}

// found turns the store's "no such row" into 404 and passes other errors on.
func found(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return chat.NotFound()
	}
	return err
}
