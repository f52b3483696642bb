package call

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
)

// maxDepth is how many calls may lie within each other. Modules that call each other without end would otherwise
// overflow the stack, which no recover catches.
const maxDepth = 64

// admitted is a call that may go on.
type admitted struct {
	method    *method
	principal access.Principal // as the provider sees it
	decision  access.Decision
	depth     int
	// restricted calls are for readers who are not on the business's side: fields for staff are closed to them.
	restricted bool
	// policy is the one that let the call in: it says also what its reader sees masked.
	policy *access.Policy
}

// admit fills a when the call may go on; of one that is refused, who called what. Its errors are statuses.
func (r *Router) admit(ctx context.Context, name string, a *admitted) error {
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	if access.InTx(ctx) {
		return status.Errorf(codes.FailedPrecondition,
			"never call another module while holding a transaction: call %s before it begins or after it ends", name)
	}
	s := r.state.Load()
	m, ok := s.methods[name]
	if !ok {
		var err error
		if m, err = s.chosen(ctx, name); err != nil {
			return err
		}
	}
	who := access.From(ctx)
	a.method, a.principal = m, who
	depth := depthOf(ctx) + 1
	if depth > maxDepth {
		return status.Errorf(codes.ResourceExhausted, "calls lie %d deep within each other, through %s: modules must not call each other in circles",
			depth, strings.Join(who.Via, " > "))
	}
	if caller := callerOf(who); !s.mayCall(caller, m) {
		return refusal(codes.PermissionDenied, notRequired(caller, m), access.Decision{
			Method: name, Permission: m.rules.Permission, Code: access.NotRequired,
		})
	}
	decision := s.policy.Decide(acting(who), m.rules)
	if !decision.Allowed {
		return refused(decision)
	}
	if m.rules.Proof > 0 {
		if err := access.CheckProof(who, m.rules.Method, m.rules.Proof, r.options.Clock()); err != nil {
			return err
		}
	}
	a.decision, a.depth, a.policy = decision, depth, s.policy
	switch who.Kind {
	case access.Staff, access.Module, access.Kernel:
	default:
		a.restricted = true
	}
	if len(who.Via) == 0 {
		a.principal.Via = m.via // most calls: made once, and like all of a principal never changed
	} else {
		a.principal.Via = append(slices.Clip(who.Via), m.module) // never into the array of the caller's principal
	}
	return nil
}

// callerOf names the module that is calling; empty for the kernel's edges.
func callerOf(who access.Principal) string {
	if n := len(who.Via); n > 0 {
		return who.Via[n-1]
	}
	if who.Kind == access.Module {
		return cmp.Or(who.Name, "without a name")
	}
	return ""
}

// acting is the principal that is decided about. What a module calls while it serves the kernel, it calls as itself:
// the kernel's own right ends with its own call.
func acting(who access.Principal) access.Principal {
	if who.Kind == access.Kernel {
		if caller := callerOf(who); caller != "" && caller != KernelModule {
			return access.AsModule(caller)
		}
	}
	return who
}

// mayCall tells whether a module may call a method at all, whoever it does it for.
func (s *state) mayCall(caller string, m *method) bool {
	if caller == "" || caller == KernelModule || caller == m.module {
		return true
	}
	_, ok := s.requires[caller][m.service]
	return ok
}

func notRequired(caller string, m *method) string {
	return fmt.Sprintf("module %s may not call %s: add %q to what its manifest requires", caller, m.rules.Method, m.service)
}

// missing says what the portal lacks for a method.
func (s *state) missing(name string) string {
	service, rest, ok := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	if !ok || !strings.HasPrefix(name, "/") {
		return fmt.Sprintf("%q is no method: write it as \"/package.Service/Method\"", name)
	}
	if _, provided := s.services[service]; provided {
		return fmt.Sprintf("%s has no method %s", service, rest)
	}
	return "no module of this portal provides " + service
}

func refused(d access.Decision) error {
	switch d.Code {
	case access.NotSignedIn:
		return refusal(codes.Unauthenticated, "sign in to call "+d.Method, d)
	case access.NotForContact:
		return refusal(codes.PermissionDenied, d.Method+" is for staff", d)
	case access.NotForUsers:
		return refusal(codes.PermissionDenied, d.Method+" is called by the kernel alone", d)
	case access.NotForPeople:
		return refusal(codes.PermissionDenied, d.Method+" is called by modules alone", d)
	case access.ViewOnly:
		return refusal(codes.PermissionDenied, "you look at what another sees, and "+d.Method+" changes something", d)
	case access.NotAsAnother:
		return refusal(codes.PermissionDenied, d.Method+" is for the user alone, and for nobody who acts as them", d)
	case access.NoClient:
		return refusal(codes.PermissionDenied, "you act for no client now, and "+d.Method+" is about one", d)
	default:
		return refusal(codes.PermissionDenied, fmt.Sprintf("you lack the permission %s, which %s asks for", d.Permission, d.Method), d)
	}
}

// refusal is a status whose reason programs can read.
func refusal(code codes.Code, text string, d access.Decision) error {
	info := &errdetails.ErrorInfo{Reason: string(d.Code), Domain: "cabinet", Metadata: map[string]string{"method": d.Method}}
	if d.Permission != "" {
		info.Metadata["permission"] = d.Permission
	}
	s := status.New(code, text)
	if detailed, err := s.WithDetails(info); err == nil {
		s = detailed
	}
	return s.Err()
}
