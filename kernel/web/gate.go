package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// signInPage asks who is there. Somebody who is signed in already goes on.
func (s *Server) signInPage(c echo.Context) error {
	to := screen.LocalPath(c.QueryParam("to"))
	if visitorOf(c).identity != nil {
		return c.Redirect(http.StatusSeeOther, s.below(to))
	}
	text := s.text(c)
	var notices []ui.Notice
	if c.QueryParam("ended") != "" {
		notices = append(notices, ui.Notice{Tone: ui.ToneInfo, Title: text.T("kernel.sign_in.ended"), Text: text.T("kernel.sign_in.ended_hint")})
	}
	if c.QueryParam("changed") != "" {
		notices = append(notices, ui.Notice{Tone: ui.ToneGood, Title: text.T("kernel.reset.done"), Text: text.T("kernel.reset.done_hint")})
	}
	if c.QueryParam("confirmed") != "" {
		notices = append(notices, ui.Notice{Tone: ui.ToneGood, Title: text.T("kernel.confirm_email.done")})
	}
	return s.signInForm(c, http.StatusOK, "", "", to, notices)
}

// options are the ways in that this portal offers besides; none when they cannot be had: the page is needed most when
// something is wrong.
func (s *Server) options(c echo.Context) *kernelv1.GetSignInOptionsResponse {
	options, err := s.identity.GetSignInOptions(s.asKernel(c), &kernelv1.GetSignInOptionsRequest{})
	if err != nil {
		return &kernelv1.GetSignInOptionsResponse{}
	}
	return options
}

// otherWays stand in the panel below the password.
func (s *Server) otherWays(c echo.Context, options *kernelv1.GetSignInOptionsResponse, to string) []ui.Button {
	text, query := s.text(c), "?"+url.Values{"to": {to}}.Encode()
	var ways []ui.Button
	for _, p := range options.GetProviders() {
		ways = append(ways, ui.Button{Label: text.T("kernel.external.way", "provider", p.GetTitle()), Icon: "out", Href: s.href("/sign-in/with/"+p.GetId()) + query, Full: true})
	}
	if options.GetPhone() {
		ways = append(ways, ui.Button{Label: text.T("kernel.phone_code.way"), Icon: "phone", Href: s.href("/sign-in/phone") + query, Full: true})
	}
	return ways
}

// forgotten stands below the panel.
func (s *Server) forgotten(c echo.Context, options *kernelv1.GetSignInOptionsResponse) templ.Component {
	links := s.signInLinks(c)
	if options.GetPasswordReset() {
		links = append([]ui.Button{{Label: s.text(c).T("kernel.forgot.link"), Href: s.href("/forgot-password"), Kind: ui.ButtonQuiet}}, links...)
	}
	if len(links) == 0 {
		return nil
	}
	return ui.Buttons(links)
}

func (s *Server) backToSignIn(c echo.Context) templ.Component {
	return ui.Buttons([]ui.Button{{Label: s.text(c).T("kernel.forgot.back"), Href: s.href("/sign-in"), Kind: ui.ButtonQuiet}})
}

func (s *Server) signInForm(c echo.Context, code int, login, wrong, to string, notices []ui.Notice) error {
	text, options := s.text(c), s.options(c)
	or, ways := text.T("kernel.sign_in.or"), s.otherWays(c, options, to)
	alone := or
	if len(ways) > 0 {
		alone = "" // it stands below the other ways, which have the line
	}
	passkey, name := s.signInPasskey(c, to, alone), "username"
	if passkey != nil {
		name = "username webauthn" // where browsers offer passkeys
	}
	form := &ui.Form{
		Action: s.href("/sign-in"), CSRF: s.csrfFor(c, ""), FullWidth: true,
		Hidden: []ui.Hidden{{Name: "to", Value: to}},
		Sections: []ui.FormSection{{Fields: []ui.Field{
			{Name: "login", Label: text.T("kernel.sign_in.login"), Value: login, Autocomplete: name, Required: true, Autofocus: login == "", MaxLength: 254},
			{Name: "password", Label: text.T("kernel.sign_in.password"), Kind: ui.FieldPassword, Autocomplete: "current-password", Required: true, Error: wrong, Autofocus: login != ""},
			{Name: "keep", Label: text.T("kernel.sign_in.keep"), Kind: ui.FieldCheckbox},
		}}},
		Submit: ui.Button{Label: text.T("kernel.sign_in.submit"), Busy: text.T("kernel.form.busy")},
	}
	return s.gate(c, code, ui.GateBox{
		Title: text.T("kernel.sign_in.title"), Lead: text.T("kernel.sign_in.lead", "name", s.Name), Notices: notices, Form: form,
		Content: passkey, Or: or, Ways: ways, After: s.forgotten(c, options),
	})
}

func (s *Server) signIn(c echo.Context) error {
	text, login, to := s.text(c), strings.TrimSpace(c.FormValue("login")), screen.LocalPath(c.FormValue("to"))
	if login == "" || c.FormValue("password") == "" {
		return s.signInForm(c, http.StatusUnprocessableEntity, login, text.T("kernel.sign_in.empty"), to, nil)
	}
	response, err := s.identity.SignIn(s.asKernel(c), &kernelv1.SignInRequest{
		Login: login, Password: c.FormValue("password"), Keep: c.FormValue("keep") != "", Origin: origin(c),
	})
	switch status.Code(err) {
	case codes.OK:
		if response.GetChallengeToken() != "" {
			return s.challenge(c, response.GetChallengeToken(), to)
		}
		s.startSession(c, response.GetSessionToken(), response.GetExpireTime(), c.FormValue("keep") != "")
		return c.Redirect(http.StatusSeeOther, s.below(to))
	case codes.Unauthenticated, codes.InvalidArgument:
		return s.signInForm(c, http.StatusUnprocessableEntity, login, text.T("kernel.sign_in.wrong"), to, nil)
	case codes.ResourceExhausted:
		wait := text.T("kernel.sign_in.locked")
		return s.signInForm(c, http.StatusTooManyRequests, login, wait+retryAfter(c, text, err), to, nil)
	case codes.PermissionDenied, codes.FailedPrecondition:
		return s.signInForm(c, http.StatusForbidden, login, text.T("kernel.sign_in.blocked"), to, nil)
	}
	return err
}

// retryAfter says how long to wait, to people and to programs.
func retryAfter(c echo.Context, text *locale.Localizer, err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			wait := info.GetRetryDelay().AsDuration().Round(time.Minute)
			minutes := max(int64(wait/time.Minute), 1)
			c.Response().Header().Set("Retry-After", strconv.FormatInt(minutes*60, 10))
			return " " + text.Plural("kernel.sign_in.wait", minutes)
		}
	}
	return ""
}

func (s *Server) startSession(c echo.Context, token string, expires *timestamppb.Timestamp, keep bool) {
	until := time.Time{} // until the browser closes
	if keep && expires != nil {
		until = expires.AsTime()
	}
	c.SetCookie(s.cookie(s.cookieName(), token, until))
	if _, err := c.Cookie(guiseCookie); err == nil {
		c.SetCookie(s.cookie(guiseCookie, "", time.Unix(1, 0))) // another session's
	}
}

func (s *Server) signOut(c echo.Context) error {
	if v := visitorOf(c); v.token != "" {
		if _, err := s.identity.SignOut(s.asKernel(c), &kernelv1.SignOutRequest{SessionToken: v.token}); err != nil {
			return err
		}
	}
	c.SetCookie(s.cookie(s.cookieName(), "", time.Unix(1, 0)))
	return c.Redirect(http.StatusSeeOther, s.href("/sign-in"))
}

// invitationPage shows what an invitation is for, and asks for what it lacks.
func (s *Server) invitationPage(c echo.Context) error {
	preview, err := s.preview(c)
	if err != nil {
		return err
	}
	return s.invitationForm(c, http.StatusOK, preview, nil)
}

func (s *Server) preview(c echo.Context) (*kernelv1.PreviewInvitationResponse, error) {
	preview, err := s.identity.PreviewInvitation(s.asKernel(c), &kernelv1.PreviewInvitationRequest{Token: c.Param("token")})
	if code := status.Code(err); code == codes.NotFound || code == codes.InvalidArgument {
		return nil, &pageError{status: http.StatusGone, key: "kernel.invitation.gone"}
	}
	return preview, err
}

func (s *Server) invitationForm(c echo.Context, code int, p *kernelv1.PreviewInvitationResponse, wrong map[string]string) error {
	text := s.text(c)
	typed := func(name, otherwise string) string {
		if v := c.FormValue(name); v != "" {
			return v
		}
		return otherwise
	}
	email := ui.Field{Name: "email", Label: text.T("kernel.invitation.email"), Kind: ui.FieldEmail, Value: typed("email", p.GetEmail()), Required: true, Autocomplete: "username", Error: wrong["email"]}
	if p.GetEmail() != "" {
		email.ReadOnly = true
	}
	password := ui.Field{Name: "password", Label: text.T("kernel.invitation.new_password"), Hint: text.T("kernel.invitation.password_hint"), Kind: ui.FieldPassword, Required: true, Autocomplete: "new-password", Error: wrong["password"]}
	fields := []ui.Field{
		{Name: "name", Label: text.T("kernel.invitation.name"), Value: typed("name", p.GetName()), Required: true, Autocomplete: "name", MaxLength: 200, Error: wrong["name"]},
		email, password,
	}
	lead := text.T("kernel.invitation.lead_head", "name", s.Name)
	switch {
	case p.GetClientName() != "":
		lead = text.T("kernel.invitation.lead_client", "by", p.GetInvitedBy(), "client", p.GetClientName(), "name", s.Name)
	case p.GetInvitedBy() != "":
		lead = text.T("kernel.invitation.lead_staff", "by", p.GetInvitedBy(), "name", s.Name)
	}
	if p.GetHasPassword() {
		fields[2].Label, fields[2].Hint, fields[2].Autocomplete = text.T("kernel.invitation.present_password"), text.T("kernel.invitation.present_hint"), "current-password"
	}
	form := &ui.Form{
		Action: s.href("/invitation/" + url.PathEscape(c.Param("token"))), CSRF: s.csrfFor(c, ""), FullWidth: true,
		Sections: []ui.FormSection{{Fields: fields}},
		Submit:   ui.Button{Label: text.T("kernel.invitation.submit"), Busy: text.T("kernel.form.busy")},
	}
	if general := wrong[""]; general != "" {
		form.Notices = []ui.Notice{{Tone: ui.ToneBad, Title: general}}
	}
	return s.gate(c, code, ui.GateBox{Title: text.T("kernel.invitation.title"), Lead: lead, Form: form})
}

// shortPassword tells of a password that the contract refuses, so that its field says so.
func shortPassword(c echo.Context) bool { return utf8.RuneCountInString(c.FormValue("password")) < 10 }

func (s *Server) acceptInvitation(c echo.Context) error {
	preview, err := s.preview(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	wrong := map[string]string{}
	if strings.TrimSpace(c.FormValue("name")) == "" {
		wrong["name"] = text.T("kernel.form.required")
	}
	if shortPassword(c) && !preview.GetHasPassword() {
		wrong["password"] = text.T("kernel.invitation.password_short")
	}
	if len(wrong) > 0 {
		return s.invitationForm(c, http.StatusUnprocessableEntity, preview, wrong)
	}
	request := &kernelv1.AcceptInvitationRequest{
		Token: c.Param("token"), Name: strings.TrimSpace(c.FormValue("name")), Password: c.FormValue("password"), Origin: origin(c),
	}
	if preview.GetEmail() == "" {
		request.Email = strings.ToLower(strings.TrimSpace(c.FormValue("email")))
	}
	response, err := s.identity.AcceptInvitation(s.asKernel(c), request)
	switch status.Code(err) {
	case codes.OK:
		if response.GetChallengeToken() != "" {
			return s.challenge(c, response.GetChallengeToken(), "/")
		}
		s.startSession(c, response.GetSessionToken(), response.GetExpireTime(), false)
		s.flash(c, text.T("kernel.invitation.welcome"))
		return c.Redirect(http.StatusSeeOther, s.href("/"))
	case codes.NotFound:
		return &pageError{status: http.StatusGone, key: "kernel.invitation.gone"}
	case codes.Unauthenticated:
		wrong["password"] = text.T("kernel.sign_in.wrong")
	case codes.InvalidArgument, codes.AlreadyExists, codes.FailedPrecondition:
		for _, v := range module.Violations(err) {
			said, _ := text.First(v.GetReason())
			wrong[v.GetField()] = cmp.Or(said, v.GetDescription())
		}
		if len(wrong) == 0 {
			wrong[""] = status.Convert(err).Message()
		}
	default:
		return err
	}
	return s.invitationForm(c, http.StatusUnprocessableEntity, preview, wrong)
}

// gate renders a page for somebody who is not signed in.
func (s *Server) gate(c echo.Context, code int, box ui.GateBox) error {
	text := s.text(c)
	shell := ui.GateShell{
		Document: ui.Document{Lang: text.Language(), Title: box.Title + " · " + s.Name, Theme: theme(c)},
		Brand:    ui.BrandMark{Name: s.Name, Href: s.href("/")}, Cancel: text.T("kernel.cancel"),
		Foot: text.T("kernel.served_by", "name", s.Name), Banner: s.banner(c),
	}
	for _, tag := range s.Languages {
		shell.Languages = append(shell.Languages, ui.Language{
			Tag: tag, Label: text.T("kernel.language." + tag), Current: tag == text.Language(),
			Href: s.href("/language/" + tag + "?to=" + url.QueryEscape(c.Request().URL.RequestURI())),
		})
	}
	return s.render(c, code, ui.Gate(shell, ui.GatePanel(box)))
}

func (s *Server) render(c echo.Context, code int, page templ.Component) error {
	ctx := ui.WithAssets(c.Request().Context(), s.Assets)
	var out strings.Builder
	if err := page.Render(ctx, &out); err != nil {
		return err
	}
	return sendPage(c, code, out.String())
}

// place is where a request comes from, for the audit log.
func place(c echo.Context) access.Place {
	return access.Place{Address: c.RealIP(), Device: access.Device(c.Request().UserAgent())}
}

func origin(c echo.Context) *kernelv1.Origin {
	agent := c.Request().UserAgent()
	if len(agent) > 512 {
		agent = agent[:512]
	}
	return &kernelv1.Origin{RemoteAddress: c.RealIP(), UserAgent: strings.ToValidUTF8(agent, "")}
}
