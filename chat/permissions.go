package chat

import "slices"

// Permissions of a custom role, which a member with the role agent may have. Of
// the first three, which are about the conversations of the member's inboxes, the
// first that is there counts; without any the member sees no conversation.
const (
	PermissionConversations  = "conversation_manage"               // all of them
	PermissionUnassigned     = "conversation_unassigned_manage"    // the member's and nobody's
	PermissionParticipating  = "conversation_participating_manage" // the member's
	PermissionContacts       = "contact_manage"                    // nothing that an agent may not
	PermissionReports        = "report_manage"
	PermissionKnowledgeBases = "knowledge_base_manage"
)

// IsPermission tells whether there is such a permission.
func IsPermission(name string) bool {
	return slices.Contains([]string{
		PermissionConversations, PermissionUnassigned, PermissionParticipating, PermissionContacts, PermissionReports, PermissionKnowledgeBases,
	}, name)
}
