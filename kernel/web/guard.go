package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxBody is how much a post may bring: a file of 15 MiB and what goes with it.
const maxBody = 16 << 20

// maxDrained is how much of a body that is too large is read and dropped. A browser shows the answer only after it has
// sent everything; beyond this it shows that the connection broke.
const maxDrained = 8 * maxBody

// csrfCookie binds the token in a form to the browser that was given it.
const csrfCookie = "cabinet_csrf"

// csrfNonceKey holds the cookie that tokens are signed over; csrfScopeKey the module whose own pages a request is for,
// when it is.
const (
	csrfNonceKey = "csrf nonce"
	csrfScopeKey = "csrf scope"
)

// errForged is a post that did not come from one of our pages, or from one that is too old.
var errForged = status.Error(codes.PermissionDenied, "the form has expired")

// limits refuses bodies that are too large before anything reads them.
func (s *Server) limits(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.ContentLength > maxBody {
			_, _ = io.CopyN(io.Discard, r.Body, maxDrained) // who breaks off reads no answer
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxBody)
		return next(c)
	}
}

// headers say what a browser may do with our pages: nothing that did not come from here.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	policy := "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if s.secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !strings.HasPrefix(c.Request().URL.Path, s.Base+"/assets/") {
			h.Set("Cache-Control", "no-store")
		}
		return next(c)
	}
}

// recovered turns a panic into an error page, and keeps its stack for the log.
func (s *Server) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
					panic(p)
				}
				s.Log.ErrorContext(c.Request().Context(), "a page panicked", "path", c.Path(), "panic", p, "stack", string(debug.Stack()))
				err = fmt.Errorf("panic while serving %s", c.Path())
			}
		}()
		return next(c)
	}
}

// crossOrigin refuses posts that a browser says come from another site, whatever token they bring.
func (s *Server) crossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	// A proxy may not pass the name on that the browser asked for. What is no origin is refused by the configuration.
	_ = protection.AddTrustedOrigin(s.Origin)
	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return errForged
		}
		return next(c)
	}
}

// csrf gives every browser a random cookie and every form a token signed over it; a post must bring both. The token is
// signed over whom the form's reader acted as, too: a form of somebody else's does not go as one's own, nor the other way.
func (s *Server) csrf(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		nonce := ""
		if cookie, err := c.Cookie(csrfCookie); err == nil && len(cookie.Value) == 43 {
			nonce = cookie.Value
		}
		had := nonce != ""
		if !had {
			raw := make([]byte, 32)
			_, _ = rand.Read(raw) // never fails: it ends the program instead
			nonce = base64.RawURLEncoding.EncodeToString(raw)
			c.SetCookie(s.cookie(csrfCookie, nonce, time.Time{}))
		}
		c.Set(csrfNonceKey, nonce) // also for the page that says that the form was refused
		r := c.Request()
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return next(c)
		}
		if err := parseForm(r); err != nil {
			return err
		}
		given, err := base64.RawURLEncoding.DecodeString(r.FormValue("csrf"))
		scope, scoped := c.Get(csrfScopeKey).(string)
		as := guise(c)
		ok := hmac.Equal(given, s.csrfToken(nonce, "", as)) || scoped && hmac.Equal(given, s.csrfToken(nonce, scope, as))
		switch {
		case had && err == nil && ok:
			return next(c)
		case guiseOver(c) && r.URL.Path == s.href(endViewAsPath):
			return s.asThemselves(c, "/") // as was wanted
		case guiseOver(c):
			return errGuiseOver
		}
		return errForged
	}
}

// csrfToken is signed over the browser's cookie, for the whole portal or, with a scope, for one module's own pages; and over
// whom its reader acts as.
func (s *Server) csrfToken(nonce, scope, as string) []byte {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("csrf\x00" + nonce))
	if scope != "" {
		mac.Write([]byte("\x00" + scope))
	}
	if as != "" {
		mac.Write([]byte("\x00as\x00" + as))
	}
	return mac.Sum(nil)
}

// csrfFor is the token for the portal's forms or, with a scope, for those of a module's own pages. It is empty on pages
// that are shown before the reader has a cookie, and have no form.
func (s *Server) csrfFor(c echo.Context, scope string) string {
	nonce, _ := c.Get(csrfNonceKey).(string)
	if nonce == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(s.csrfToken(nonce, scope, guise(c)))
}

// parseForm reads a form of either kind; a body over the limit is said to be too large.
func parseForm(r *http.Request) error {
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(4 << 20)
	} else {
		err = r.ParseForm()
	}
	if err == nil {
		return nil
	}
	if strings.Contains(err.Error(), "too large") {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
	}
	return status.Error(codes.InvalidArgument, "the form could not be read")
}
