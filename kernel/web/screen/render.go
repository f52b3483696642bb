package screen

import (
	"context"
	"net/url"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Show renders a screen for GET. Errors are gRPC statuses, for the web layer's error pages.
func (s *Set) Show(ctx context.Context, e *Env, sc *Screen) (*Page, error) {
	if !e.sees(sc.Audience) {
		return nil, status.Error(codes.PermissionDenied, "this page is for others")
	}
	switch sc.Kind {
	case module.List:
		return s.list(ctx, e, sc)
	case module.Detail:
		return s.detail(ctx, e, sc)
	case module.Calendar:
		return s.calendar(ctx, e, sc, nil, nil)
	case module.ImportWizard:
		return s.importStep(ctx, e, sc)
	case module.Compare:
		if !e.may(sc.call) {
			return nil, status.Error(codes.PermissionDenied, "you may not do this")
		}
		return s.compare(ctx, e, sc, nil, nil)
	default:
		if d := e.Policy.Decide(e.Principal, sc.call.rules); !d.Allowed {
			return nil, access.Refused(d.Code, "you may not do this", sc.call.method)
		}
		return s.form(ctx, e, sc)
	}
}

// Submit takes what a reader posted to a screen.
func (s *Set) Submit(ctx context.Context, e *Env, sc *Screen, form url.Values, file *File) (*Page, error) {
	switch sc.Kind {
	case module.Form:
		return s.send(ctx, e, sc, form, file)
	case module.Compare:
		return s.decide(ctx, e, sc, form)
	case module.ImportWizard:
		return s.importPost(ctx, e, sc, form, file)
	case module.List:
		return s.exportPost(ctx, e, sc, form)
	case module.Calendar:
		return s.takeMove(ctx, e, sc, form)
	default:
		return nil, status.Error(codes.Unimplemented, "this page takes nothing")
	}
}

// File is a file that came with a form.
type File struct {
	// Field is the input that it came by.
	Field   string
	Name    string
	Content []byte
}
