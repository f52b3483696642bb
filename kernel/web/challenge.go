package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// challengeCookie holds the token of a sign-in that waits for its second factor.
const challengeCookie = "cabinet_challenge"

// challenge leads to the page that asks for the second factor.
func (s *Server) challenge(c echo.Context, token, to string) error {
	c.SetCookie(s.cookie(challengeCookie, token, time.Time{}))
	return c.Redirect(http.StatusSeeOther, s.href("/sign-in/code?to="+url.QueryEscape(to)))
}

// waiting is the token of the sign-in that waits in this browser; empty when none does.
func (s *Server) waiting(c echo.Context) string {
	cookie, err := c.Cookie(challengeCookie)
	if err != nil || len(cookie.Value) > 256 {
		return ""
	}
	return cookie.Value
}

// signInEnded leads back to the beginning.
func (s *Server) signInEnded(c echo.Context, to string) error {
	c.SetCookie(s.cookie(challengeCookie, "", time.Unix(1, 0)))
	return c.Redirect(http.StatusSeeOther, s.href("/sign-in?ended=1&to="+url.QueryEscape(to)))
}

func (s *Server) codePage(c echo.Context) error {
	return s.codeForm(c, http.StatusOK, screen.LocalPath(c.QueryParam("to")), "")
}

// codeForm asks for what whoever waits can show: a code, a passkey, or either.
func (s *Server) codeForm(c echo.Context, code int, to, wrong string, notices ...ui.Notice) error {
	text := s.text(c)
	box := ui.GateBox{Title: text.T("kernel.factor.ask"), Lead: text.T("kernel.factor.ask_lead"), Notices: notices, After: s.backToSignIn(c)}
	box.Form = &ui.Form{
		Action: s.href("/sign-in/code"), CSRF: s.csrfFor(c, ""), FullWidth: true, Hidden: []ui.Hidden{{Name: "to", Value: to}},
		Sections: []ui.FormSection{{Fields: []ui.Field{{
			Name: "code", Label: text.T("kernel.factor.code"), Hint: text.T("kernel.factor.recovery_hint"), Autocomplete: "one-time-code",
			Required: true, Autofocus: true, MaxLength: 64, Error: wrong,
		}}}},
		Submit: ui.Button{Label: text.T("kernel.sign_in.submit"), Busy: text.T("kernel.form.busy")},
	}
	waits := s.waiting(c)
	if waits == "" {
		return s.signInEnded(c, to)
	}
	begun, err := s.identity.StartPasskeySignIn(s.asKernel(c), &kernelv1.StartPasskeySignInRequest{Browser: s.browser(c), ChallengeToken: waits})
	switch {
	case status.Code(err) == codes.NotFound:
		return s.signInEnded(c, to)
	case err != nil || len(begun.GetOptions()) == 0:
		return s.gate(c, code, box) // a code will do
	}
	form := s.passkeyForm(c, "/sign-in/code/passkey", begun.GetOptions(), begun.GetCeremony(), ui.Hidden{Name: "to", Value: to})
	form.Submit.Full, form.Or = true, text.T("kernel.sign_in.or")
	if !begun.GetCode() {
		box.Lead, box.Form = text.T("kernel.passkey.ask_lead"), nil
		form.Or, form.Submit.Kind, form.Unable = "", ui.ButtonPrimary, text.T("kernel.passkey.unable")
	}
	box.Content = ui.PasskeyForm(form)
	return s.gate(c, code, box)
}

// finishSignIn takes the second factor.
func (s *Server) finishSignIn(c echo.Context) error {
	text, to, code := s.text(c), screen.LocalPath(c.FormValue("to")), strings.TrimSpace(c.FormValue("code"))
	waits := s.waiting(c)
	if waits == "" {
		return s.signInEnded(c, to)
	}
	if code == "" {
		return s.codeForm(c, http.StatusUnprocessableEntity, to, text.T("kernel.form.required"))
	}
	in, err := s.identity.FinishSignIn(s.asKernel(c), &kernelv1.FinishSignInRequest{ChallengeToken: waits, Code: code, Origin: origin(c)})
	switch status.Code(err) {
	case codes.OK:
		c.SetCookie(s.cookie(challengeCookie, "", time.Unix(1, 0)))
		s.startSession(c, in.GetSessionToken(), in.GetExpireTime(), in.GetKeep())
		return c.Redirect(http.StatusSeeOther, s.below(to))
	case codes.Unauthenticated, codes.InvalidArgument:
		return s.codeForm(c, http.StatusUnprocessableEntity, to, text.T("kernel.factor.wrong"))
	case codes.ResourceExhausted:
		return s.codeForm(c, http.StatusTooManyRequests, to, text.T("kernel.sign_in.locked")+retryAfter(c, text, err))
	case codes.NotFound:
		return s.signInEnded(c, to)
	case codes.PermissionDenied, codes.FailedPrecondition:
		return s.codeForm(c, http.StatusForbidden, to, text.T("kernel.sign_in.blocked"))
	}
	return err
}
