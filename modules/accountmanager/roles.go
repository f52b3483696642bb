package accountmanager

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// mayGive says whether who is acting may give a role, or take it: heads any, staff and directors any that contacts
// have, others only what opens no more than their own roles do.
func (m *Module) mayGive(who access.Principal, role string) bool {
	given, known := m.host.Policy.Role(role)
	if !known || given.Base {
		return false
	}
	if who.HasRole(roleHead) || who.Kind == access.Module || who.Kind == access.Kernel {
		return true
	}
	if !given.Staff && (who.Kind == access.Staff || who.HasRole(roleDirector)) {
		return true
	}
	for permission, reach := range m.host.Policy.Given(role) {
		own, _ := m.host.Policy.Reach(who.Roles, permission)
		if own == access.None || (reach == access.All && own != access.All) {
			return false
		}
	}
	return true
}

// checkGive refuses a role that does not exist on that side, or is not the caller's to give.
func (m *Module) checkGive(who access.Principal, field, role string, staff bool) error {
	given, known := m.host.Policy.Role(role)
	switch {
	case !known || given.Base || given.Staff != staff:
		return refuse(codes.InvalidArgument, field, "unknown_role", "there is no such role")
	case !m.mayGive(who, role):
		return refuse(codes.PermissionDenied, field, "role_too_high", "this role opens more than your own: ask somebody who has it")
	}
	return nil
}

// mayActUpon says whether the caller may change or block a member of staff: only whose roles they could give.
func (m *Module) mayActUpon(who access.Principal, roles []string) error {
	for _, role := range roles {
		if _, known := m.host.Policy.Role(role); known && !m.mayGive(who, role) {
			return refuse(codes.PermissionDenied, "", "role_too_high", "this person's role opens more than your own")
		}
	}
	return nil
}

// holdHeads makes everything that can add or take a head wait for its turn, until the transaction ends.
func holdHeads(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('accountmanager.heads ' || current_database(), 0))`)
	return err
}

// headsBeside counts the heads that can sign in, without one user. holdHeads comes before.
func headsBeside(ctx context.Context, tx *store.Tx, userID string) (int, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[int], `
		select count(*)::int from accountmanager.users
		where staff and 'head' = any(roles) and block_time is null and user_id is distinct from nullif($1, '')::uuid`, userID)
}

// keepAHead refuses to take the last head.
func keepAHead(ctx context.Context, tx *store.Tx, userID string) error {
	others, err := headsBeside(ctx, tx, userID)
	if err == nil && others == 0 {
		err = refuse(codes.FailedPrecondition, "", "last_head", "this is the last head who can sign in: make another one first")
	}
	return err
}

// ListRoles returns the portal's roles, each with what it may do and how many people hold it.
func (s *userService) ListRoles(ctx context.Context, _ *accountmanagerv1.ListRolesRequest) (*accountmanagerv1.ListRolesResponse, error) {
	type count struct {
		Role    string
		Holders int32
	}
	counts, err := store.Query(s.host.Self(ctx), s.host.Store, pgx.RowToStructByPos[count], `
		select role, count(*)::int from (
			select unnest(roles) as role from accountmanager.users where staff
			union all select role from accountmanager.memberships
			union all select 'client' from accountmanager.users where not staff
		) held group by role`)
	if err != nil {
		return nil, err
	}
	holders := map[string]int32{}
	for _, c := range counts {
		holders[c.Role] = c.Holders
	}
	response := &accountmanagerv1.ListRolesResponse{}
	for _, role := range s.host.Policy.Roles() {
		out := &accountmanagerv1.Role{Id: role.ID, Title: titleOf(role), Staff: role.Staff, Holders: holders[role.ID]}
		given := s.host.Policy.Given(role.ID)
		for _, permission := range s.host.Policy.Permissions() {
			if reach := given[permission.Name]; reach != access.None {
				out.Permissions = append(out.Permissions, &accountmanagerv1.RolePermission{Permission: permission.Name, Reach: string(reach)})
			}
		}
		response.Roles = append(response.Roles, out)
	}
	return response, nil
}

// titleOf is a role's key in the locale files, or an integrator's own words, in English where there are some.
func titleOf(r access.Role) string {
	if r.Title != "" && len(r.TitleText) == 0 {
		return r.Title
	}
	for _, language := range []string{"en", "uk", "ru"} {
		if text := r.TitleText[language]; text != "" {
			return text
		}
	}
	return r.ID
}
