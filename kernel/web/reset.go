package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// forgotPage asks for a login, to which a link is sent.
func (s *Server) forgotPage(c echo.Context) error {
	return s.forgotForm(c, http.StatusOK, c.QueryParam("login"), "")
}

func (s *Server) forgotForm(c echo.Context, code int, login, wrong string) error {
	text := s.text(c)
	form := &ui.Form{
		Action: s.href("/forgot-password"), CSRF: s.csrfFor(c, ""), FullWidth: true,
		Sections: []ui.FormSection{{Fields: []ui.Field{{
			Name: "login", Label: text.T("kernel.sign_in.login"), Value: login, Autocomplete: "username", Required: true, Autofocus: true, MaxLength: 254, Error: wrong,
		}}}},
		Submit: ui.Button{Label: text.T("kernel.forgot.submit"), Busy: text.T("kernel.form.busy")},
	}
	return s.gate(c, code, ui.GateBox{
		Title: text.T("kernel.forgot.title"), Lead: text.T("kernel.forgot.lead"), Form: form, After: s.backToSignIn(c),
	})
}

// forgot answers alike whether anybody has the login.
func (s *Server) forgot(c echo.Context) error {
	text, login := s.text(c), strings.TrimSpace(c.FormValue("login"))
	if login == "" {
		return s.forgotForm(c, http.StatusUnprocessableEntity, login, text.T("kernel.form.required"))
	}
	_, err := s.identity.StartPasswordReset(s.asKernel(c), &kernelv1.StartPasswordResetRequest{Login: login, Origin: origin(c)})
	switch status.Code(err) {
	case codes.OK, codes.InvalidArgument:
	case codes.ResourceExhausted:
		return s.forgotForm(c, http.StatusTooManyRequests, login, text.T("kernel.sign_in.locked")+retryAfter(c, text, err))
	case codes.FailedPrecondition, codes.Unimplemented:
		return &pageError{status: http.StatusNotFound, key: "kernel.error.not_found"}
	default:
		return err
	}
	return s.gate(c, http.StatusOK, ui.GateBox{
		Title:   text.T("kernel.forgot.title"),
		Content: ui.NoticeBox(ui.Notice{Tone: ui.ToneInfo, Icon: "mail", Title: text.T("kernel.forgot.sent"), Text: text.T("kernel.forgot.sent_hint")}),
		After:   s.backToSignIn(c),
	})
}

// resetPage asks whoever opened the link for a new password.
func (s *Server) resetPage(c echo.Context) error { return s.resetForm(c, http.StatusOK, "") }

func (s *Server) resetForm(c echo.Context, code int, wrong string) error {
	preview, err := s.identity.PreviewPasswordReset(s.asKernel(c), &kernelv1.PreviewPasswordResetRequest{Token: c.Param("token")})
	if err != nil {
		return goneLink(err)
	}
	text := s.text(c)
	form := &ui.Form{
		Action: s.href("/reset-password/" + url.PathEscape(c.Param("token"))), CSRF: s.csrfFor(c, ""), FullWidth: true,
		Sections: []ui.FormSection{{Fields: []ui.Field{
			{Name: "email", Label: text.T("kernel.invitation.email"), Kind: ui.FieldEmail, Value: preview.GetEmail(), Autocomplete: "username", ReadOnly: true},
			{
				Name: "password", Label: text.T("kernel.invitation.new_password"), Hint: text.T("kernel.invitation.password_hint"),
				Kind: ui.FieldPassword, Required: true, Autocomplete: "new-password", Autofocus: true, Error: wrong,
			},
		}}},
		Submit: ui.Button{Label: text.T("kernel.reset.submit"), Busy: text.T("kernel.form.busy")},
	}
	return s.gate(c, code, ui.GateBox{Title: text.T("kernel.reset.title"), Lead: text.T("kernel.reset.lead"), Form: form})
}

func (s *Server) reset(c echo.Context) error {
	text := s.text(c)
	if shortPassword(c) {
		return s.resetForm(c, http.StatusUnprocessableEntity, text.T("kernel.invitation.password_short"))
	}
	_, err := s.identity.FinishPasswordReset(s.asKernel(c), &kernelv1.FinishPasswordResetRequest{
		Token: c.Param("token"), Password: c.FormValue("password"), Origin: origin(c),
	})
	switch status.Code(err) {
	case codes.OK:
		return c.Redirect(http.StatusSeeOther, s.href("/sign-in?changed=1"))
	case codes.InvalidArgument:
		return s.resetForm(c, http.StatusUnprocessableEntity, text.T("kernel.bad_text"))
	case codes.ResourceExhausted:
		return s.resetForm(c, http.StatusTooManyRequests, text.T("kernel.sign_in.locked")+retryAfter(c, text, err))
	}
	return goneLink(err)
}

// goneLink is the page of a link that works no more.
func goneLink(err error) error {
	if code := status.Code(err); code == codes.NotFound || code == codes.InvalidArgument {
		return &pageError{status: http.StatusGone, key: "kernel.link.gone"}
	}
	return err
}

// confirmEmailPage asks whoever opened the link to confirm: programs that look through mail open links too.
func (s *Server) confirmEmailPage(c echo.Context) error {
	preview, err := s.identity.PreviewEmailChange(s.asKernel(c), &kernelv1.PreviewEmailChangeRequest{Token: c.Param("token")})
	if err != nil {
		return goneLink(err)
	}
	text := s.text(c)
	return s.gate(c, http.StatusOK, ui.GateBox{
		Title: text.T("kernel.confirm_email.title"), Lead: text.T("kernel.confirm_email.lead", "email", preview.GetNewEmail()),
		Form: &ui.Form{
			Action: s.href("/confirm-email/" + url.PathEscape(c.Param("token"))), CSRF: s.csrfFor(c, ""), FullWidth: true,
			Submit: ui.Button{Label: text.T("kernel.confirm_email.submit"), Busy: text.T("kernel.form.busy")},
		},
	})
}

func (s *Server) confirmEmail(c echo.Context) error {
	if _, err := s.identity.ConfirmEmailChange(s.asKernel(c), &kernelv1.ConfirmEmailChangeRequest{
		Token: c.Param("token"), Origin: origin(c),
	}); err != nil {
		return goneLink(err)
	}
	if visitorOf(c).identity == nil {
		return c.Redirect(http.StatusSeeOther, s.href("/sign-in?confirmed=1"))
	}
	s.flash(c, s.text(c).T("kernel.confirm_email.done"))
	return c.Redirect(http.StatusSeeOther, s.href("/"))
}
