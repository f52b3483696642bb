package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

// sessionCookie holds the session's token and nothing else. hostPrefix stands before names of cookies behind https.
const (
	sessionCookie = "cabinet_session"
	hostPrefix    = "__Host-"
)

const visitorKey = "visitor"

// visitor is who asks for a page.
type visitor struct {
	identity  *kernelv1.Identity // nil when nobody is signed in
	principal access.Principal
	token     string
	// ended is set when a session came that is no more.
	ended bool
}

func visitorOf(c echo.Context) *visitor {
	if v, ok := c.Get(visitorKey).(*visitor); ok {
		return v
	}
	return &visitor{}
}

func (s *Server) cookieName() string { return s.hostCookie(sessionCookie) }

// hostCookie is a cookie's name behind https, where it keeps other hosts of the domain from setting the cookie.
func (s *Server) hostCookie(name string) string {
	// The __Host- prefix asks for the path "/", which a portal below a path shares with its site; then it is left off.
	if s.secure() && s.Base == "" {
		return hostPrefix + name
	}
	return name
}

func (s *Server) cookie(name, value string, expires time.Time) *http.Cookie {
	path := s.Base
	if path == "" {
		path = "/"
	}
	return &http.Cookie{
		Name: name, Value: value, Path: path, Expires: expires, Secure: s.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// identify finds out who is acting and puts them into the request's context.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v := &visitor{}
		c.Set(visitorKey, v)
		s.noteVersion(c)
		cookie, err := c.Cookie(s.cookieName())
		if err != nil || cookie.Value == "" || len(cookie.Value) > 256 {
			return next(c)
		}
		response, err := s.identity.Identify(s.asKernel(c), &kernelv1.IdentifyRequest{SessionToken: cookie.Value, Passive: passive(c)})
		switch status.Code(err) {
		case codes.OK:
		case codes.Unauthenticated, codes.InvalidArgument:
			v.ended = true
			return next(c)
		default:
			return err // not to be taken for "signed out": the reader would lose the session for a moment's trouble
		}
		v.identity, v.token = response.GetIdentity(), cookie.Value
		v.principal = PrincipalOf(v.identity)
		v.principal.Place = place(c)
		s.noteGuise(c)
		// What speaks to people says it in the language of the page.
		ctx := metadata.AppendToOutgoingContext(c.Request().Context(), "accept-language", s.text(c).Language())
		c.SetRequest(c.Request().WithContext(access.With(ctx, v.principal)))
		return next(c)
	}
}

// PrincipalOf is who acts when a signed-in user does.
func PrincipalOf(id *kernelv1.Identity) access.Principal {
	p := access.Principal{
		Kind: access.Contact, UserID: id.GetUserId(), SessionID: id.GetSessionId(), Name: id.GetName(),
		Roles: id.GetRoles(), ActingFor: id.GetActingClientId(),
	}
	if proved := id.GetProofTime(); proved != nil {
		p.Proved = proved.AsTime()
	}
	if id.GetStaff() {
		p.Kind, p.ActingFor = access.Staff, ""
	}
	if p.ActedBy = id.GetActedById(); p.ActedBy != "" {
		p.MayWrite, p.Proved = id.GetMayWrite(), time.Time{}
	}
	return p
}

// signedIn lets in those who are signed in, and sends the others to sign in and back.
func (s *Server) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v := visitorOf(c)
		if v.identity != nil {
			return next(c)
		}
		if v.ended {
			c.SetCookie(s.cookie(s.cookieName(), "", time.Unix(1, 0)))
		}
		if c.Request().Method != http.MethodGet {
			return status.Error(codes.Unauthenticated, "the session has ended")
		}
		query := url.Values{"to": {c.Request().URL.RequestURI()}}
		if v.ended {
			query.Set("ended", "1")
		}
		return c.Redirect(http.StatusSeeOther, s.href("/sign-in?")+query.Encode())
	}
}
