package accountmanager

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// GetUserRoles says which roles a user holds: what Identify would say of them when they were signed in and acted for the
// client.
func (s *identityService) GetUserRoles(ctx context.Context, r *kernelv1.GetUserRolesRequest) (*kernelv1.GetUserRolesResponse, error) {
	type row struct {
		Staff, Blocked bool
		Roles          []string
		// InClients are a contact's roles in the clients asked about, Suspended whether none of these can be acted for.
		InClients []string
		Suspended bool
	}
	found, err := store.Query(s.host.Self(ctx), s.host.Store, pgx.RowToStructByPos[row], `
		select u.staff, u.block_time is not null, u.roles, coalesce(c.roles, '{}'), coalesce(c.suspended, false)
		from accountmanager.users u
		left join lateral (
			select array_agg(distinct m.role) as roles, bool_and(k.suspended) as suspended
			from accountmanager.memberships m join accountmanager.client_copies k using (client_id)
			where m.user_id = u.user_id and (m.client_id = nullif($2, '')::uuid or $2 = '')
		) c on not u.staff
		where u.user_id = $1`, r.GetUserId(), r.GetClientId())
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, errNoUser
	}
	one := found[0]
	if one.Staff {
		return &kernelv1.GetUserRolesResponse{Staff: true, Roles: one.Roles, Blocked: one.Blocked}, nil
	}
	roles := slices.Concat([]string{roleClient}, one.InClients)
	return &kernelv1.GetUserRolesResponse{Roles: roles, Blocked: one.Blocked || one.Suspended}, nil
}
