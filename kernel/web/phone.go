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

// phoneCookie holds the phone to which this browser asked for a code.
const phoneCookie = "cabinet_phone"

// asked is what it holds, sealed: numbers do not lie about in browsers.
type asked struct {
	Phone string
	// Again is when another code can be sent, as far as this browser knows; Until when it has to begin anew.
	Again, Until time.Time
}

// askedFor is what it is sealed for.
const askedFor = "phone sign-in"

// longestPhone is that of the contract, in characters.
const longestPhone = 64

func (s *Server) phoneRoutes(pages *echo.Group) {
	pages.GET("/sign-in/phone", s.phonePage)
	pages.POST("/sign-in/phone", s.sendCode)
	pages.GET("/sign-in/phone/code", s.phoneCodePage)
	pages.POST("/sign-in/phone/code", s.finishPhone)
}

// phonePage asks for a phone, to which a code is sent.
func (s *Server) phonePage(c echo.Context) error {
	to := screen.LocalPath(c.QueryParam("to"))
	if visitorOf(c).identity != nil {
		return c.Redirect(http.StatusSeeOther, s.below(to))
	}
	if !s.options(c).GetPhone() {
		return &pageError{status: http.StatusNotFound, key: "kernel.error.not_found"}
	}
	return s.phoneForm(c, http.StatusOK, "", to, "")
}

func (s *Server) phoneForm(c echo.Context, code int, phone, to, wrong string) error {
	text := s.text(c)
	form := &ui.Form{
		Action: s.href("/sign-in/phone"), CSRF: s.csrfFor(c, ""), FullWidth: true, Hidden: []ui.Hidden{{Name: "to", Value: to}},
		Sections: []ui.FormSection{{Fields: []ui.Field{{
			Kind: ui.FieldTel, Name: "phone", Label: text.T("kernel.phone_code.phone"), Value: phone, Autocomplete: "tel", Required: true, Autofocus: true, MaxLength: longestPhone, Error: wrong,
		}}}},
		Submit: ui.Button{Label: text.T("kernel.phone_code.send"), Busy: text.T("kernel.form.busy")},
	}
	return s.gate(c, code, ui.GateBox{
		Title: text.T("kernel.phone_code.title"), Lead: text.T("kernel.phone_code.lead"), Form: form, After: s.backToSignIn(c),
	})
}

// sendCode has a code sent, and answers alike whether anybody has the phone.
func (s *Server) sendCode(c echo.Context) error {
	text, to, phone := s.text(c), screen.LocalPath(c.FormValue("to")), strings.TrimSpace(c.FormValue("phone"))
	if c.FormValue("again") != "" {
		var before asked
		if !s.sealed(c, phoneCookie, askedFor, &before) {
			return c.Redirect(http.StatusSeeOther, s.phoneHref("/sign-in/phone", to))
		}
		if s.Now().Before(before.Again) {
			return s.phoneCodeForm(c, http.StatusTooManyRequests, before, to, "")
		}
		phone = before.Phone
	}
	if !strings.ContainsAny(phone, "0123456789") || strings.ContainsRune(phone, '@') || len([]rune(phone)) > longestPhone {
		return s.phoneForm(c, http.StatusUnprocessableEntity, phone, to, text.T("kernel.violation.phone"))
	}
	sent, err := s.identity.StartPhoneSignIn(s.asKernel(c), &kernelv1.StartPhoneSignInRequest{Phone: phone, Origin: origin(c)})
	switch status.Code(err) {
	case codes.OK:
	case codes.InvalidArgument:
		return s.phoneForm(c, http.StatusUnprocessableEntity, phone, to, text.T("kernel.violation.phone"))
	case codes.ResourceExhausted:
		return s.phoneForm(c, http.StatusTooManyRequests, phone, to, text.T("kernel.sign_in.locked")+retryAfter(c, text, err))
	case codes.FailedPrecondition, codes.Unimplemented:
		return &pageError{status: http.StatusNotFound, key: "kernel.error.not_found"}
	default:
		return err
	}
	now := s.Now()
	// Longer than the code works: who is late is told so, and can ask for another.
	a := asked{Phone: phone, Again: now.Add(seconds(sent.GetWaitSeconds())), Until: now.Add(4 * seconds(sent.GetLifeSeconds()))}
	if err := s.setSealed(c, phoneCookie, askedFor, a, a.Until); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, s.phoneHref("/sign-in/phone/code", to))
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

func (s *Server) phoneHref(path, to string) string {
	return s.href(path) + "?" + url.Values{"to": {to}}.Encode()
}

// phoneCodePage asks for the code.
func (s *Server) phoneCodePage(c echo.Context) error {
	to := screen.LocalPath(c.QueryParam("to"))
	var a asked
	if !s.sealed(c, phoneCookie, askedFor, &a) || !s.Now().Before(a.Until) {
		return c.Redirect(http.StatusSeeOther, s.phoneHref("/sign-in/phone", to))
	}
	return s.phoneCodeForm(c, http.StatusOK, a, to, "")
}

func (s *Server) phoneCodeForm(c echo.Context, code int, a asked, to, wrong string) error {
	text := s.text(c)
	form := &ui.Form{
		Action: s.href("/sign-in/phone/code"), CSRF: s.csrfFor(c, ""), FullWidth: true, Hidden: []ui.Hidden{{Name: "to", Value: to}},
		Sections: []ui.FormSection{{Fields: []ui.Field{
			{Kind: ui.FieldCode, Name: "code", Label: text.T("kernel.phone_code.code"), Autocomplete: "one-time-code", Required: true, Autofocus: true, MaxLength: 16, Error: wrong},
			{Name: "keep", Label: text.T("kernel.sign_in.keep"), Kind: ui.FieldCheckbox},
		}}},
		Submit: ui.Button{Label: text.T("kernel.sign_in.submit"), Busy: text.T("kernel.form.busy")},
		Others: []ui.Button{{
			Label: text.T("kernel.phone_code.again"), Name: "again", Value: "1", Action: s.href("/sign-in/phone"), Kind: ui.ButtonQuiet, Full: true, SkipChecks: true,
		}},
	}
	var notices []ui.Notice
	if wait := a.Again.Sub(s.Now()); code == http.StatusTooManyRequests && wrong == "" && wait > 0 {
		notices = append(notices, ui.Notice{Tone: ui.ToneInfo, Icon: "clock", Title: text.Plural("kernel.phone_code.wait", int64((wait+time.Second-1)/time.Second))})
	}
	others := ui.Buttons([]ui.Button{
		{Label: text.T("kernel.phone_code.other"), Href: s.phoneHref("/sign-in/phone", to), Kind: ui.ButtonQuiet},
		{Label: text.T("kernel.forgot.back"), Href: s.phoneHref("/sign-in", to), Kind: ui.ButtonQuiet},
	})
	return s.gate(c, code, ui.GateBox{
		Title: text.T("kernel.phone_code.title"), Lead: text.T("kernel.phone_code.sent", "phone", a.Phone), Notices: notices,
		Form: form, After: others,
	})
}

// finishPhone takes the code.
func (s *Server) finishPhone(c echo.Context) error {
	text, to, code := s.text(c), screen.LocalPath(c.FormValue("to")), strings.TrimSpace(c.FormValue("code"))
	var a asked
	if !s.sealed(c, phoneCookie, askedFor, &a) || !s.Now().Before(a.Until) {
		return c.Redirect(http.StatusSeeOther, s.phoneHref("/sign-in/phone", to))
	}
	if code == "" {
		return s.phoneCodeForm(c, http.StatusUnprocessableEntity, a, to, text.T("kernel.form.required"))
	}
	keep := c.FormValue("keep") != ""
	in, err := s.identity.FinishPhoneSignIn(s.asKernel(c), &kernelv1.FinishPhoneSignInRequest{Phone: a.Phone, Code: code, Keep: keep, Origin: origin(c)})
	switch status.Code(err) {
	case codes.OK:
		c.SetCookie(s.cookie(s.hostCookie(phoneCookie), "", time.Unix(1, 0)))
		if in.GetChallengeToken() != "" {
			return s.challenge(c, in.GetChallengeToken(), to)
		}
		s.startSession(c, in.GetSessionToken(), in.GetExpireTime(), keep)
		return c.Redirect(http.StatusSeeOther, s.below(to))
	case codes.Unauthenticated, codes.InvalidArgument:
		return s.phoneCodeForm(c, http.StatusUnprocessableEntity, a, to, text.T("kernel.phone_code.wrong"))
	case codes.ResourceExhausted:
		return s.phoneCodeForm(c, http.StatusTooManyRequests, a, to, text.T("kernel.sign_in.locked")+retryAfter(c, text, err))
	case codes.PermissionDenied:
		return s.phoneCodeForm(c, http.StatusForbidden, a, to, text.T("kernel.sign_in.blocked"))
	case codes.FailedPrecondition:
		return &pageError{status: http.StatusNotFound, key: "kernel.error.not_found"}
	}
	return err
}
