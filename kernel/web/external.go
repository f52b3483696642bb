package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// externalCookie holds a sign-in that was begun at a provider, so that the same browser ends it.
const externalCookie = "cabinet_external"

// externalLasts is how long such a sign-in may take.
const externalLasts = 10 * time.Minute

// begun is such a sign-in. It goes to the browser and back sealed.
type begun struct {
	Provider, Flow, To string
	Until              time.Time
}

// begunFor is what it is sealed for.
const begunFor = "external sign-in"

// longestTo is how long an address may be to come back to: a cookie holds 4 kB.
const longestTo = 1024

func (s *Server) externalRoutes(pages *echo.Group) {
	// A link and no form: our own forms lead nowhere else, by the policy of our pages.
	pages.GET("/sign-in/with/:provider", s.startExternal)
	pages.GET("/sign-in/with/:provider/back", s.finishExternal)
}

// externalBack is where a provider sends the browser back to.
func (s *Server) externalBack(provider string) string {
	return s.Origin + s.href("/sign-in/with/"+url.PathEscape(provider)+"/back")
}

// startExternal sends the browser to a provider.
func (s *Server) startExternal(c echo.Context) error {
	to, provider := screen.LocalPath(c.QueryParam("to")), c.Param("provider")
	if len(to) > longestTo {
		to = "/"
	}
	if visitorOf(c).identity != nil {
		return c.Redirect(http.StatusSeeOther, s.below(to))
	}
	start, err := s.identity.StartExternalSignIn(s.asKernel(c), &kernelv1.StartExternalSignInRequest{
		ProviderId: provider, RedirectUri: s.externalBack(provider), Origin: origin(c),
	})
	if err != nil {
		return s.externalFailed(c, provider, to, err)
	}
	b := begun{Provider: provider, Flow: start.GetFlowToken(), To: to, Until: s.Now().Add(externalLasts)}
	if err := s.setSealed(c, externalCookie, begunFor, b, b.Until); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, start.GetAuthorizeUrl())
}

// finishExternal takes what the provider sent the browser back with. What was begun is over, whatever comes of it.
func (s *Server) finishExternal(c echo.Context) error {
	var b begun
	ok := s.sealed(c, externalCookie, begunFor, &b)
	c.SetCookie(s.cookie(s.hostCookie(externalCookie), "", time.Unix(1, 0)))
	provider, text := c.Param("provider"), s.text(c)
	if !ok || b.Provider != provider || !s.Now().Before(b.Until) {
		return s.externalFailed(c, provider, "/", status.Error(codes.Unauthenticated, "this browser has begun no sign-in"))
	}
	if c.QueryParam("error") != "" || c.QueryParam("code") == "" {
		return s.externalNotice(c, http.StatusForbidden, b.To, ui.Notice{
			Tone: ui.ToneInfo, Title: text.T("kernel.external.declined", "provider", s.providerTitle(c, provider)), Text: text.T("kernel.external.declined_hint"),
		})
	}
	in, err := s.identity.FinishExternalSignIn(s.asKernel(c), &kernelv1.FinishExternalSignInRequest{
		ProviderId: provider, FlowToken: b.Flow, RedirectUri: s.externalBack(provider), Origin: origin(c),
		State: c.QueryParam("state"), Code: c.QueryParam("code"), Issuer: c.QueryParam("iss"),
	})
	if err != nil {
		return s.externalFailed(c, provider, b.To, err)
	}
	if in.GetChallengeToken() != "" {
		return s.challenge(c, in.GetChallengeToken(), b.To)
	}
	s.startSession(c, in.GetSessionToken(), in.GetExpireTime(), false)
	return c.Redirect(http.StatusSeeOther, s.below(b.To))
}

// externalFailed says on the page of sign-in why a provider let nobody in.
func (s *Server) externalFailed(c echo.Context, provider, to string, err error) error {
	text := s.text(c)
	switch status.Code(err) {
	case codes.Unauthenticated, codes.InvalidArgument:
		return s.externalNotice(c, http.StatusForbidden, to, ui.Notice{
			Tone: ui.ToneWarn, Title: text.T("kernel.external.again"), Text: text.T("kernel.external.again_hint"),
		})
	case codes.PermissionDenied, codes.FailedPrecondition:
		said := screen.Said(text, err)
		if said == "" {
			said = text.T("kernel.sign_in.blocked")
		}
		return s.externalNotice(c, http.StatusForbidden, to, ui.Notice{Tone: ui.ToneBad, Title: text.T("kernel.external.refused"), Text: said})
	case codes.ResourceExhausted:
		return s.externalNotice(c, http.StatusTooManyRequests, to, ui.Notice{
			Tone: ui.ToneBad, Title: text.T("kernel.sign_in.locked"), Text: retryAfter(c, text, err),
		})
	case codes.Unavailable, codes.DeadlineExceeded:
		return s.externalNotice(c, http.StatusServiceUnavailable, to, ui.Notice{
			Tone: ui.ToneWarn, Icon: "plug", Title: text.T("kernel.external.away", "provider", s.providerTitle(c, provider)), Text: text.T("kernel.external.away_hint"),
		})
	case codes.NotFound, codes.Unimplemented:
		return &pageError{status: http.StatusNotFound, key: "kernel.error.not_found"}
	}
	return err
}

// externalNotice is the page of sign-in with a notice. What came in the address stays out of its links.
func (s *Server) externalNotice(c echo.Context, code int, to string, notice ui.Notice) error {
	r := c.Request().Clone(c.Request().Context())
	r.URL = &url.URL{Path: s.href("/sign-in"), RawQuery: url.Values{"to": {to}}.Encode()}
	c.SetRequest(r)
	return s.signInForm(c, code, "", "", to, []ui.Notice{notice})
}

// providerTitle is what people call a provider.
func (s *Server) providerTitle(c echo.Context, id string) string {
	for _, p := range s.options(c).GetProviders() {
		if p.GetId() == id {
			return p.GetTitle()
		}
	}
	return id
}

// setSealed gives the browser something that it can neither read nor make up.
func (s *Server) setSealed(c echo.Context, name, purpose string, what any, until time.Time) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	sealed, err := s.secrets.Seal(purpose, text)
	if err != nil {
		return err
	}
	c.SetCookie(s.cookie(s.hostCookie(name), base64.RawURLEncoding.EncodeToString(sealed), until))
	return nil
}

// sealed reads it back.
func (s *Server) sealed(c echo.Context, name, purpose string, what any) bool {
	cookie, err := c.Cookie(s.hostCookie(name))
	if err != nil {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return false
	}
	text, err := s.secrets.Open(purpose, raw)
	return err == nil && json.Unmarshal(text, what) == nil
}
