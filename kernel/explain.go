package kernel

import (
	"context"
	"fmt"
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
	db     *store.DB
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
