package accountmanager

import "github.com/opencabinet/cabinet/kernel/access"

// The roles that every portal has. Integrators add their own in portal.yaml.
const (
	roleHead       = "head"
	roleManager    = "manager"
	roleClient     = "client" // every contact's
	roleDirector   = "client.director"
	roleAccountant = "client.accountant"
	roleContact    = "client.manager"
	roleBranch     = "branch-manager"
)

const (
	mayReadUsers         = "accountmanager.users.read"
	mayUpdateUsers       = "accountmanager.users.update"
	mayBlockUsers        = "accountmanager.users.block"
	mayEndSessions       = "accountmanager.sessions.end"
	mayResetFactors      = "accountmanager.factors.reset"
	mayDeliver           = "accountmanager.letters.deliver"
	mayReadStaff         = "accountmanager.staff.read"
	mayInviteStaff       = "accountmanager.staff.invite"
	mayReadRoles         = "accountmanager.roles.read"
	mayReadInvitations   = "accountmanager.invitations.read"
	mayInvite            = "accountmanager.invitations.create"
	mayReadMemberships   = "accountmanager.memberships.read"
	mayUpdateMemberships = "accountmanager.memberships.update"
	mayImpersonate       = "accountmanager.users.impersonate"
	mayActAs             = "accountmanager.users.act_as"
	mayReadActing        = "accountmanager.impersonations.read"
	mayAdmit             = "accountmanager.admissions.make"
)

func roles() []access.Role {
	return []access.Role{
		{ID: roleHead, Staff: true, Title: "accountmanager.roles.head"},
		{ID: roleManager, Staff: true, Title: "accountmanager.roles.manager"},
		{ID: roleClient, Base: true, Title: "accountmanager.roles.client"},
		{ID: roleDirector, Title: "accountmanager.roles.client_director"},
		{ID: roleAccountant, Title: "accountmanager.roles.client_accountant"},
		{ID: roleContact, Title: "accountmanager.roles.client_manager"},
		{ID: roleBranch, Staff: true, Title: "accountmanager.roles.branch_manager"},
	}
}

// permissions and the roles that have them. People who can sign in are looked after by heads; a manager lets the
// contacts of their own clients in, and so does a client's director.
func permissions() []access.Permission {
	heads := map[string]access.Reach{roleHead: access.All}
	staff := map[string]access.Reach{roleHead: access.All, roleManager: access.Granted, roleBranch: access.Granted}
	rights := map[string]access.Reach{roleHead: access.All, roleManager: access.Granted, roleBranch: access.Granted, roleDirector: access.Granted}
	declare := func(name, title string, presets map[string]access.Reach) access.Permission {
		return access.Permission{Name: name, Title: "accountmanager.permissions." + title, Presets: presets}
	}
	return []access.Permission{
		declare(mayReadUsers, "users_read", heads),
		declare(mayUpdateUsers, "users_update", heads),
		declare(mayBlockUsers, "users_block", heads),
		declare(mayEndSessions, "sessions_end", heads),
		declare(mayResetFactors, "factors_reset", heads),
		declare(mayDeliver, "letters_deliver", nil), // no role's: modules alone
		declare(mayReadStaff, "staff_read", staff),
		declare(mayInviteStaff, "staff_invite", heads),
		declare(mayReadRoles, "roles_read", heads),
		declare(mayReadInvitations, "invitations_read", rights),
		declare(mayInvite, "invitations_create", rights),
		declare(mayReadMemberships, "memberships_read", rights),
		declare(mayUpdateMemberships, "memberships_update", rights),
		declare(mayImpersonate, "impersonation_look", staff),
		declare(mayActAs, "impersonation_act", nil), // no role's unless the integrator gives it
		declare(mayReadActing, "impersonation_read", heads),
		declare(mayAdmit, "admissions_make", nil), // no role's: modules alone
	}
}
