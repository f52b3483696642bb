package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/live"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// livePath is where a browser is told what changed.
const livePath = "/live"

// liveHeader marks a page's asking again for itself: nobody did anything.
const liveHeader = "Cabinet-Live"

func passive(c echo.Context) bool { return c.Request().Header.Get(liveHeader) != "" }

// liveKey holds the version that a page has seen at least: the one known before anything was asked for it.
const liveKey = "live"

func (s *Server) noteVersion(c echo.Context) {
	if s.Live != nil {
		c.Set(liveKey, s.Live.Version())
	}
}

// Who is asked by the hub whose session a token is. It does not count as using it.
func Who(identity kernelv1.IdentityServiceClient) func(ctx context.Context, token string) (access.Principal, error) {
	return func(ctx context.Context, token string) (access.Principal, error) {
		ctx = access.With(ctx, access.AsKernel())
		response, err := identity.Identify(ctx, &kernelv1.IdentifyRequest{SessionToken: token, Passive: true})
		switch status.Code(err) {
		case codes.OK:
			return PrincipalOf(response.GetIdentity()), nil
		case codes.Unauthenticated, codes.InvalidArgument:
			return access.Principal{}, errors.Join(live.ErrOver, err)
		}
		return access.Principal{}, err
	}
}

// stream tells a browser what changed. Who has no session is told so without a page: a script asked.
func (s *Server) stream(c echo.Context) error {
	cookie, err := c.Cookie(s.cookieName())
	if err != nil || cookie.Value == "" || len(cookie.Value) > 256 {
		return c.NoContent(http.StatusUnauthorized)
	}
	err = s.Live.Serve(c.Response(), c.Request(), cookie.Value, s.draining)
	switch {
	case err == nil || c.Request().Context().Err() != nil:
		return nil //nolint:nilerr // who has gone is not answered
	case errors.Is(err, live.ErrOver):
		return c.NoContent(http.StatusUnauthorized)
	}
	s.Log.WarnContext(c.Request().Context(), "a stream of live updates could not be opened", "error", err)
	return c.NoContent(http.StatusServiceUnavailable)
}

// liveOf has a page refresh itself.
func (s *Server) liveOf(c echo.Context, e *screen.Env) *ui.Live {
	if s.Live == nil {
		return nil
	}
	at, _ := c.Get(liveKey).(string)
	return &ui.Live{
		Stream: s.href(livePath), At: at, Said: e.Text.T("kernel.live.said"),
		Changed: ui.Notice{
			Title: e.Text.T("kernel.live.changed"), Text: e.Text.T("kernel.live.changed_hint"), Dismiss: e.Text.T("kernel.close"),
			Action: &ui.Button{Label: e.Text.T("kernel.live.show"), Href: s.href(e.Path), Small: true},
		},
	}
}

// bellMost is the greatest number that the bell has room for.
const bellMost = 99

// bell is what waits for the reader; nil when the portal has none.
func (s *Server) bell(c echo.Context, e *screen.Env) *ui.Bell {
	b := s.Screens.Bell(c.Request().Context(), e)
	if b == nil {
		return nil
	}
	out := &ui.Bell{Label: b.Title, Href: s.href(b.Path), Live: b.Live}
	if b.Count > 0 {
		out.Count = e.Text.Number(min(b.Count, bellMost))
		if b.Count > bellMost {
			out.Count += "+"
		}
		out.Label = e.Text.Plural("kernel.layout.bell", b.Count, "title", b.Title, "n", e.Text.Number(b.Count))
	}
	return out
}
