package route

import (
	"slices"
	"strings"

	"tributary/chat"
)

// Policy says who may call a route, once it is known who calls.
type Policy string

// Policies. The empty policy is refused when routes are mounted, so that no
// route is open by oversight.
const (
	// Public needs nobody to be signed in.
	Public Policy = "public"
	// SignedIn is for any user, outside accounts.
	SignedIn Policy = "signed_in"
	// Member is for every member of the account, and for bots where the row
	// admits them.
	Member Policy = "member"
	// Admin is for administrators of the account.
	Admin Policy = "administrator"
	// Platform is for platform apps.
	Platform Policy = "platform"
	// Console is for super admins who are signed in to the operators' console.
	Console Policy = "super_admin"
	// Operator is for super admins by the API, outside accounts.
	Operator Policy = "operator"
)

const permissionPrefix = "permission:"

// Permission is for administrators and for members whose custom role has the
// named permission, for example "report_manage".
func Permission(name string) Policy { return Policy(permissionPrefix + name) }

// String is the policy's name as `tributary routes` prints it.
func (p Policy) String() string { return strings.TrimPrefix(string(p), permissionPrefix) }

func (p Policy) valid() bool {
	switch p {
	case Public, SignedIn, Member, Admin, Platform, Console, Operator:
		return true
	}
	name, ok := strings.CutPrefix(string(p), permissionPrefix)
	return ok && name != ""
}

// allows decides after the caller and the account have been established.
func (p Policy) allows(c *Call) bool {
	switch p {
	case Public, SignedIn, Platform, Console:
		return true // that the caller is of the right kind was checked before
	case Member:
		return c.Membership.Role != "" || c.Bot != nil
	case Admin:
		return c.Membership.Role == chat.RoleAdministrator
	case Operator:
		return c.User.Operator
	}
	return c.Can(p.String())
}

// Can tells whether the caller is an administrator of the account or has a
// custom role with that permission.
func (c *Call) Can(permission string) bool {
	if c.Membership.Role == chat.RoleAdministrator {
		return true
	}
	return c.Membership.CustomRoleID != 0 && slices.Contains(c.Membership.Permissions, permission)
}
