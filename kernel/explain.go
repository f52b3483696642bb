package kernel

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/store"
)

// accessService answers questions about rights from the policy that calls are decided by, so that the answer cannot
// differ from what would happen.
type accessService struct {
	kernelv1.UnimplementedAccessServiceServer
	router *call.Router
	policy *access.Policy
	// identity tells what roles a user holds.
	identity kernelv1.IdentityServiceClient
	db       *store.DB
}

var _ kernelv1.AccessServiceServer = (*accessService)(nil)

// someClient stands for the client that a contact in a question acts for, where the question names none.
const someClient = "00000000-0000-0000-0000-000000000001"

// ExplainAccess says why somebody may, or may not, call a method, and whose rows they would see.
func (s *accessService) ExplainAccess(ctx context.Context, r *kernelv1.ExplainAccessRequest) (*kernelv1.ExplainAccessResponse, error) {
	if _, ok := s.router.Descriptor(r.GetMethod()); !ok {
		return nil, status.Errorf(codes.NotFound, "no module of this portal provides %s: write a method as /package.Service/Method", r.GetMethod())
	}
	who := access.Principal{Kind: access.Contact, UserID: r.GetUserId(), Roles: r.GetRoles(), ActingFor: r.GetClientId()}
	switch {
	case r.GetStaff():
		who.Kind, who.ActingFor = access.Staff, ""
	case who.ActingFor == "":
		who.ActingFor = someClient
	}
	decision, reason := s.router.Explain(who, r.GetMethod())
	response := &kernelv1.ExplainAccessResponse{
		Allowed: decision.Allowed, Reason: reason, Permission: decision.Permission, Role: decision.Role, Reach: reachName(decision.Reach),
	}
	if r.GetUserId() == "" || r.GetClientId() == "" {
		return response, nil
	}
	granted, err := s.db.GrantedBy(ctx, r.GetUserId(), r.GetClientId())
	if err != nil {
		return nil, err
	}
	response.GrantedBy = granted
	if decision.Allowed && decision.Reach == access.Granted {
		if len(granted) == 0 {
			response.Reason += "; this client was not granted to the user, so its rows are not seen"
		} else {
			response.Reason += fmt.Sprintf("; this client was granted by %s", strings.Join(granted, ", "))
		}
	}
	return response, nil
}

func reachName(r access.Reach) string {
	if r == access.None {
		return "none"
	}
	return string(r)
}

// ListUserRights says of every permission whether a person may do what it opens, and why.
func (s *accessService) ListUserRights(ctx context.Context, r *kernelv1.ListUserRightsRequest) (*kernelv1.ListUserRightsResponse, error) {
	response := &kernelv1.ListUserRightsResponse{}
	if r.GetUserId() == "" {
		return response, nil
	}
	who, err := s.identity.GetUserRoles(access.With(ctx, access.AsKernel()), &kernelv1.GetUserRolesRequest{UserId: r.GetUserId(), ClientId: r.GetClientId()})
	if err != nil {
		return nil, err
	}
	var granted []string
	if r.GetClientId() != "" {
		if granted, err = s.db.GrantedBy(ctx, r.GetUserId(), r.GetClientId()); err != nil {
			return nil, err
		}
	}
	for _, p := range s.policy.Permissions() {
		if !forSide(s.policy, p, who.GetStaff()) {
			continue
		}
		right := &kernelv1.UserRight{Permission: p.Name, Title: p.Title}
		reach, role := s.policy.Reach(who.GetRoles(), p.Name)
		switch {
		case reach == access.None:
			right.Answer = kernelv1.AccessAnswer_ACCESS_ANSWER_NO_ROLE
		case who.GetBlocked():
			right.Answer, right.Role = kernelv1.AccessAnswer_ACCESS_ANSWER_BLOCKED, role
		case reach == access.All:
			right.Answer, right.Role = kernelv1.AccessAnswer_ACCESS_ANSWER_ALL, role
		case r.GetClientId() != "" && len(granted) == 0:
			right.Answer, right.Role = kernelv1.AccessAnswer_ACCESS_ANSWER_OTHER_CLIENTS, role
		default:
			right.Answer, right.Role = kernelv1.AccessAnswer_ACCESS_ANSWER_GRANTED, role
			for _, module := range granted {
				right.Grounds = append(right.Grounds, module+".grants")
			}
		}
		if len(r.GetAnswers()) == 0 || slices.Contains(r.GetAnswers(), right.GetAnswer()) {
			response.Rights = append(response.Rights, right)
		}
	}
	return response, nil
}
