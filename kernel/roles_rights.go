package kernel

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

// SetRoleRight says what a role may do by one permission.
func (s *roleService) SetRoleRight(ctx context.Context, r *kernelv1.SetRoleRightRequest) (*kernelv1.SetRoleRightResponse, error) {
	rights, err := s.setRights(ctx, r.GetRoleId(), []*kernelv1.RightToSet{{Permission: r.GetPermission(), Reach: r.GetReach()}})
	if err != nil || len(rights) == 0 {
		return &kernelv1.SetRoleRightResponse{}, err
	}
	return &kernelv1.SetRoleRightResponse{Right: rights[0]}, nil
}

// SetRoleRights says what a role may do by several permissions, by all of them or none.
func (s *roleService) SetRoleRights(ctx context.Context, r *kernelv1.SetRoleRightsRequest) (*kernelv1.SetRoleRightsResponse, error) {
	rights, err := s.setRights(ctx, r.GetRoleId(), r.GetRights())
	if err != nil {
		return nil, err
	}
	return &kernelv1.SetRoleRightsResponse{Rights: rights}, nil
}

func (s *roleService) setRights(ctx context.Context, role string, wanted []*kernelv1.RightToSet) ([]*kernelv1.RoleRight, error) {
	changes, err := s.change(ctx, role, func(now *access.Policy, changes []roleChange) (roleChange, error) {
		c, err := known(now, changes, role)
		if err != nil {
			return c, err
		}
		for _, w := range wanted {
			if !slices.ContainsFunc(now.Permissions(), func(p access.Permission) bool { return p.Name == w.GetPermission() }) {
				return c, status.Errorf(codes.InvalidArgument, "there is no permission %q", w.GetPermission())
			}
			c.Changes[w.GetPermission()] = reachIn(w.GetReach())
		}
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	rights, err := s.rights(changes, role)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rights, func(right *kernelv1.RoleRight) bool {
		return !slices.ContainsFunc(wanted, func(w *kernelv1.RightToSet) bool { return w.GetPermission() == right.GetPermission() })
	}), nil
}

// GetAccessMatrix puts the roles of a side beside each other.
func (s *roleService) GetAccessMatrix(ctx context.Context, r *kernelv1.GetAccessMatrixRequest) (*kernelv1.GetAccessMatrixResponse, error) {
	changes, err := loadRoleChanges(ctx, s.pool)
	if err != nil {
		return nil, err
	}
	out := &kernelv1.GetAccessMatrixResponse{}
	rows := map[string]*kernelv1.AccessMatrixRow{}
	for _, one := range s.policy.Roles() {
		if one.Staff != r.GetStaff() {
			continue
		}
		role, err := s.role(changes, one.ID)
		if err != nil {
			return nil, err
		}
		rights, err := s.rights(changes, one.ID)
		if err != nil {
			return nil, err
		}
		out.Roles = append(out.Roles, role)
		for _, right := range rights {
			row := rows[right.GetPermission()]
			if row == nil {
				row = &kernelv1.AccessMatrixRow{Permission: right.GetPermission(), Title: right.GetTitle()}
				rows[right.GetPermission()] = row
				out.Rows = append(out.Rows, row)
			}
			row.Rights = append(row.Rights, right)
		}
	}
	return out, nil
}
