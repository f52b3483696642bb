package kernel

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// mayUpdateRoles is the permission that somebody must keep.
const mayUpdateRoles = "kernel.roles.update"

// roleService is the roles of the portal as people change them. What it keeps in the database it puts into the policy
// that calls are decided by, on every node.
type roleService struct {
	kernelv1.UnimplementedRoleServiceServer
	db     *store.DB
	pool   *pgxpool.Pool
	policy *access.Policy
	// configured are the roles that portal.yaml speaks of.
	configured map[string]bool
	// spread tells modules' processes of a policy that has changed.
	spread func(ctx context.Context)

	mu sync.Mutex // one reload at a time, so that an old one never comes after a newer
}

var _ kernelv1.RoleServiceServer = (*roleService)(nil)

// reload puts what the database has in force.
func (s *roleService) reload(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changes, err := loadRoleChanges(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("the roles that were changed in the portal cannot be read: %w", err)
	}
	if err := s.policy.Change(grants(changes)); err != nil {
		return fmt.Errorf("roles that were changed in the portal do not fit what portal.yaml and the modules say now: %w", err)
	}
	s.spread(ctx)
	return nil
}

// adopt puts another policy, with what the database says of it, in the place of the one that is in force: no call is
// decided by something between.
func (s *roleService) adopt(ctx context.Context, next *access.Policy) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changes, err := loadRoleChanges(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("the roles that were changed in the portal cannot be read: %w", err)
	}
	if err := next.Change(grants(changes)); err != nil {
		return fmt.Errorf("roles that were changed in the portal do not fit what the modules say now: %w", err)
	}
	s.policy.Adopt(next)
	s.spread(ctx)
	return nil
}

// GetRole says what a role is.
func (s *roleService) GetRole(ctx context.Context, r *kernelv1.GetRoleRequest) (*kernelv1.GetRoleResponse, error) {
	changes, err := loadRoleChanges(ctx, s.pool)
	if err != nil {
		return nil, err
	}
	role, err := s.role(changes, r.GetId())
	if err != nil {
		return nil, err
	}
	return &kernelv1.GetRoleResponse{Role: role}, nil
}

func noSuchRole(id string) error { return status.Errorf(codes.NotFound, "there is no role %q", id) }

// find is a change of a role; ok is false when nobody changed it.
func find(changes []roleChange, id string) (c roleChange, ok bool) {
	i := slices.IndexFunc(changes, func(c roleChange) bool { return c.ID == id })
	if i < 0 {
		return roleChange{}, false
	}
	return changes[i], true
}

func (s *roleService) role(changes []roleChange, id string) (*kernelv1.Role, error) {
	role, known := s.policy.Role(id)
	if !known {
		return nil, noSuchRole(id)
	}
	change, changed := find(changes, id)
	out := &kernelv1.Role{
		Id: id, Name: id, Staff: role.Staff, Everybody: role.Base, Rights: int32(len(s.policy.Given(id))), //nolint:gosec // some dozens
		Origin:  kernelv1.RoleOrigin_ROLE_ORIGIN_PRESET,
		TitleEn: role.TitleText["en"], TitleUk: role.TitleText["uk"], TitleRu: role.TitleText["ru"],
	}
	switch {
	case change.Made:
		out.Origin = kernelv1.RoleOrigin_ROLE_ORIGIN_MADE
	case changed:
		out.Origin = kernelv1.RoleOrigin_ROLE_ORIGIN_CHANGED
	case s.configured[id]:
		out.Origin = kernelv1.RoleOrigin_ROLE_ORIGIN_CONFIGURED
	}
	return out, nil
}

// ListRoleRights lists every permission, with what the role may do by it.
func (s *roleService) ListRoleRights(ctx context.Context, r *kernelv1.ListRoleRightsRequest) (*kernelv1.ListRoleRightsResponse, error) {
	changes, err := loadRoleChanges(ctx, s.pool)
	if err != nil {
		return nil, err
	}
	rights, err := s.rights(changes, r.GetRoleId())
	if err != nil {
		return nil, err
	}
	rights = slices.DeleteFunc(rights, func(right *kernelv1.RoleRight) bool {
		return len(r.GetReaches()) > 0 && !slices.Contains(r.GetReaches(), right.GetReach()) || r.GetChanged() && !right.GetChanged()
	})
	return &kernelv1.ListRoleRightsResponse{Rights: rights}, nil
}

func (s *roleService) rights(changes []roleChange, id string) ([]*kernelv1.RoleRight, error) {
	now, err := s.policy.With(grants(changes))
	if err != nil {
		return nil, err
	}
	role, known := now.Role(id)
	if !known {
		return nil, noSuchRole(id)
	}
	change, _ := find(changes, id)
	change.Changes = nil
	others := slices.DeleteFunc(slices.Clone(changes), func(c roleChange) bool { return c.ID == id })
	if change.Made {
		others = append(others, change)
	}
	before, err := s.policy.With(grants(others))
	if err != nil {
		return nil, err
	}
	given, preset := now.Given(id), before.Given(id)
	out := []*kernelv1.RoleRight{}
	for _, p := range now.Permissions() {
		if !forSide(now, p, role.Staff) {
			continue // what is for the other side alone would only confuse
		}
		right := &kernelv1.RoleRight{RoleId: id, Permission: p.Name, Title: p.Title, Reach: reachOut(given[p.Name])}
		if given[p.Name] != preset[p.Name] {
			right.Preset, right.Changed = reachOut(preset[p.Name]), true
		}
		out = append(out, right)
	}
	return out, nil
}

// forSide tells whether a permission is for staff, or for contacts: modules propose it for some role of theirs, or one has
// it.
func forSide(p *access.Policy, permission access.Permission, staff bool) bool {
	return slices.ContainsFunc(p.Roles(), func(r access.Role) bool {
		return r.Staff == staff && (permission.Presets[r.ID] != access.None || p.Given(r.ID)[permission.Name] != access.None)
	})
}

func reachOut(r access.Reach) kernelv1.RoleReach {
	switch r {
	case access.All:
		return kernelv1.RoleReach_ROLE_REACH_ALL
	case access.Granted:
		return kernelv1.RoleReach_ROLE_REACH_GRANTED
	default:
		return kernelv1.RoleReach_ROLE_REACH_NONE
	}
}

func reachIn(r kernelv1.RoleReach) access.Reach {
	switch r {
	case kernelv1.RoleReach_ROLE_REACH_ALL:
		return access.All
	case kernelv1.RoleReach_ROLE_REACH_GRANTED:
		return access.Granted
	default:
		return access.None
	}
}

// change changes the changes, under a lock that lets one at a time do so, and puts them in force when those who act
// could give all of it themselves.
func (s *roleService) change(ctx context.Context, role string, do func(now *access.Policy, changes []roleChange) (roleChange, error)) ([]roleChange, error) {
	var changes []roleChange
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "lock table kernel.role_change in share row exclusive mode"); err != nil {
			return err
		}
		var err error
		if changes, err = loadRoleChanges(ctx, tx); err != nil {
			return err
		}
		now, err := s.policy.With(grants(changes))
		if err != nil {
			return err
		}
		wanted, err := do(now, changes)
		if err != nil {
			return err
		}
		changes = slices.DeleteFunc(changes, func(c roleChange) bool { return c.ID == role })
		if wanted.ID == "" {
			if _, err := tx.Exec(ctx, "delete from kernel.role_change where id = $1", role); err != nil {
				return err
			}
		} else {
			changes = append(changes, wanted)
			if err := saveRoleChange(ctx, tx, wanted); err != nil {
				return err
			}
		}
		next, err := s.policy.With(grants(changes))
		if err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
		if err := mayChange(access.From(ctx), role, now, next); err != nil {
			return err
		}
		return s.db.AuditOwn(ctx, tx, changesOf(role, now, next)...)
	})
	if err != nil {
		return nil, store.ErrorStatus(err)
	}
	return changes, s.reload(ctx)
}

// changesOf is what the audit log keeps: each permission by which the role opens something else than before.
func changesOf(role string, now, next *access.Policy) []store.FieldChange {
	before, after := now.Given(role), next.Given(role)
	changes := []store.FieldChange{}
	for _, p := range next.Permissions() {
		if before[p.Name] != after[p.Name] {
			changes = append(changes, store.FieldChange{Field: role + ": " + p.Name, Before: string(before[p.Name]), After: string(after[p.Name]), Staff: true})
		}
	}
	return changes
}

// mayChange refuses what would give more than who acts has, and what would leave nobody, or not them, to change it back.
func mayChange(who access.Principal, role string, now, next *access.Policy) error {
	if who.IsUser() {
		if beyond(now, who.Roles, now, role) || beyond(now, who.Roles, next, role) || strange(role, now, next) {
			return module.Refusal(codes.PermissionDenied, "", "kernel.roles.too_high", "this would be more than your own roles open: ask somebody who has it")
		}
		if reach, _ := next.Reach(who.Roles, mayUpdateRoles); reach != access.All {
			return module.Refusal(codes.FailedPrecondition, "", "kernel.roles.own_right", "you would take the right to change roles from yourself: have somebody else do it")
		}
	}
	for _, r := range next.Roles() {
		if r.Staff && next.Given(r.ID)[mayUpdateRoles] == access.All {
			return nil
		}
	}
	return module.Refusal(codes.FailedPrecondition, "", "kernel.roles.last_right", "nobody could change roles any more: give the right to another role first")
}

// beyond tells whether a role opens, in one policy, more than roles open by another. What no staff has at all is of
// contacts alone, such as reading one's own profile: giving it to contacts raises nobody.
func beyond(now *access.Policy, roles []string, in *access.Policy, role string) bool {
	of, _ := in.Role(role)
	for permission, reach := range in.Given(role) {
		own, _ := now.Reach(roles, permission)
		if own == reach || own == access.All || !of.Staff && !staffHave(now, permission) {
			continue
		}
		return true
	}
	return false
}

func staffHave(p *access.Policy, permission string) bool {
	return slices.ContainsFunc(p.Roles(), func(r access.Role) bool { return r.Staff && p.Given(r.ID)[permission] != access.None })
}

// strange tells whether a contacts' role would be given what is for staff alone.
func strange(role string, now, next *access.Policy) bool {
	if of, known := next.Role(role); !known || of.Staff {
		return false
	}
	before, after := now.Given(role), next.Given(role)
	return slices.ContainsFunc(next.Permissions(), func(p access.Permission) bool {
		return before[p.Name] == access.None && after[p.Name] != access.None && !forSide(now, p, false)
	})
}

// CreateRole makes a role after another one.
func (s *roleService) CreateRole(ctx context.Context, r *kernelv1.CreateRoleRequest) (*kernelv1.CreateRoleResponse, error) {
	titles := map[string]string{"en": r.GetTitle(), "uk": r.GetTitle(), "ru": r.GetTitle()}
	changes, err := s.change(ctx, r.GetId(), func(now *access.Policy, changes []roleChange) (roleChange, error) {
		like, known := now.Role(r.GetLike())
		if !known {
			return roleChange{}, noSuchRole(r.GetLike())
		}
		wanted := roleChange{ID: r.GetId(), Staff: like.Staff, Made: true, Titles: titles, Changes: now.Given(r.GetLike())}
		if old, ok := find(changes, r.GetId()); ok && old.Made && old.Staff == wanted.Staff && maps.Equal(old.Titles, titles) {
			return old, nil // the same again
		}
		if _, taken := now.Role(r.GetId()); taken {
			return roleChange{}, module.Refusal(codes.AlreadyExists, "id", "kernel.roles.taken", "there is a role of this id: choose another")
		}
		if strings.HasPrefix(r.GetId(), "client.") == like.Staff {
			return roleChange{}, module.Refusal(codes.InvalidArgument, "id", "kernel.roles.wrong_side", `the id of a role of contacts begins with "client.", and no other does`)
		}
		return wanted, nil
	})
	if err != nil {
		return nil, err
	}
	role, err := s.role(changes, r.GetId())
	return &kernelv1.CreateRoleResponse{Role: role}, err
}

// known is a change of a role that there is, to begin with.
func known(now *access.Policy, changes []roleChange, id string) (roleChange, error) {
	role, ok := now.Role(id)
	if !ok {
		return roleChange{}, noSuchRole(id)
	}
	c, ok := find(changes, id)
	if !ok {
		c = roleChange{ID: id, Staff: role.Staff}
	}
	c.Titles, c.Changes = maps.Clone(c.Titles), maps.Clone(c.Changes)
	if c.Titles == nil {
		c.Titles = map[string]string{}
	}
	if c.Changes == nil {
		c.Changes = map[string]access.Reach{}
	}
	return c, nil
}

// RenameRole says what people call a role.
func (s *roleService) RenameRole(ctx context.Context, r *kernelv1.RenameRoleRequest) (*kernelv1.RenameRoleResponse, error) {
	changes, err := s.change(ctx, r.GetId(), func(now *access.Policy, changes []roleChange) (roleChange, error) {
		c, err := known(now, changes, r.GetId())
		if err != nil {
			return c, err
		}
		c.Titles = map[string]string{}
		for tag, title := range map[string]string{"en": r.GetTitleEn(), "uk": r.GetTitleUk(), "ru": r.GetTitleRu()} {
			if title != "" {
				c.Titles[tag] = title
			}
		}
		if c.Made && len(c.Titles) == 0 {
			return c, module.Refusal(codes.InvalidArgument, "title_en", "kernel.roles.nameless", "a role of your own needs a name")
		}
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	role, err := s.role(changes, r.GetId())
	return &kernelv1.RenameRoleResponse{Role: role}, err
}

// ResetRole takes back what was changed about a role; twice is as once.
func (s *roleService) ResetRole(ctx context.Context, r *kernelv1.ResetRoleRequest) (*kernelv1.ResetRoleResponse, error) {
	_, err := s.change(ctx, r.GetId(), func(*access.Policy, []roleChange) (roleChange, error) { return roleChange{}, nil })
	return &kernelv1.ResetRoleResponse{}, err
}
