package web

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// passkeyPath is where people look after their passkeys: a screen of the module that keeps them, and below it the page that
// makes one, which no screen can be, since the browser is asked there.
const passkeyPath = "/settings/passkeys"

// browser is something that the reader's browser alone has, for what must come back from it. It follows from the cookie
// that forms are signed over.
func (s *Server) browser(c echo.Context) string {
	nonce, _ := c.Get(csrfNonceKey).(string)
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("browser\x00" + nonce))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// answered is a browser's answer in a form; nil when there is none.
func answered(c echo.Context) *kernelv1.PasskeyAnswer {
	credential := c.FormValue(ui.CredentialField)
	if credential == "" {
		return nil
	}
	return &kernelv1.PasskeyAnswer{Credential: []byte(credential), Ceremony: c.FormValue("ceremony")}
}

// passkeyForm is what all forms that ask for a passkey share.
func (s *Server) passkeyForm(c echo.Context, path string, options []byte, ceremony string, hidden ...ui.Hidden) ui.Passkey {
	text := s.text(c)
	return ui.Passkey{
		Ceremony: ui.CeremonyGet, Options: string(options), Action: s.href(path), CSRF: s.csrfFor(c, ""),
		Hidden:    append(hidden, ui.Hidden{Name: "ceremony", Value: ceremony}),
		Cancelled: text.T("kernel.passkey.cancelled"),
		Submit:    ui.Button{Label: text.T("kernel.passkey.use"), Busy: text.T("kernel.form.busy")},
	}
}

// signInPasskey is the way in without a password, below a line that says or; nil where there is none. The page is needed most when something is wrong,
// so that is none either.
func (s *Server) signInPasskey(c echo.Context, to, or string) templ.Component {
	begun, err := s.identity.StartPasskeySignIn(s.asKernel(c), &kernelv1.StartPasskeySignInRequest{Browser: s.browser(c)})
	if err != nil || len(begun.GetOptions()) == 0 {
		return nil
	}
	text := s.text(c)
	form := s.passkeyForm(c, "/sign-in/passkey", begun.GetOptions(), begun.GetCeremony(), ui.Hidden{Name: "to", Value: to})
	form.Submit.Label, form.Submit.Full = text.T("kernel.passkey.sign_in"), true
	form.Or, form.With, form.Again = or, "keep", s.href("/sign-in")
	return ui.PasskeyForm(form)
}

// enterByPasskey signs in whoever showed a passkey.
func (s *Server) enterByPasskey(c echo.Context) error {
	to, answer := screen.LocalPath(c.FormValue("to")), answered(c)
	if answer == nil {
		return c.Redirect(http.StatusSeeOther, s.href("/sign-in?to="+url.QueryEscape(to)))
	}
	in, err := s.identity.FinishPasskeySignIn(s.asKernel(c), &kernelv1.FinishPasskeySignInRequest{
		Answer: answer, Browser: s.browser(c), Keep: c.FormValue("keep") != "", Origin: origin(c),
	})
	if err == nil {
		s.startSession(c, in.GetSessionToken(), in.GetExpireTime(), in.GetKeep())
		return c.Redirect(http.StatusSeeOther, s.below(to))
	}
	code, why, known := s.passkeyTrouble(c, err)
	if !known {
		return err
	}
	return s.signInForm(c, code, "", "", to, []ui.Notice{why})
}

// passkeyTrouble says why a passkey let nobody in.
func (s *Server) passkeyTrouble(c echo.Context, err error) (code int, why ui.Notice, known bool) {
	text := s.text(c)
	why.Tone = ui.ToneBad
	switch status.Code(err) {
	case codes.Unauthenticated, codes.InvalidArgument, codes.FailedPrecondition:
		code, why.Title, why.Text = http.StatusUnprocessableEntity, text.T("kernel.passkey.wrong"), text.T("kernel.passkey.wrong_hint")
	case codes.Aborted:
		code, why.Title, why.Text = http.StatusUnprocessableEntity, text.T("kernel.passkey.late"), text.T("kernel.passkey.late_hint")
	case codes.ResourceExhausted:
		code, why.Title = http.StatusTooManyRequests, text.T("kernel.sign_in.locked")+retryAfter(c, text, err)
	case codes.PermissionDenied:
		code, why.Title = http.StatusForbidden, text.T("kernel.sign_in.blocked")
	}
	return code, why, code != 0
}

// factorByPasskey takes a passkey in the place of a code.
func (s *Server) factorByPasskey(c echo.Context) error {
	to, waits := screen.LocalPath(c.FormValue("to")), s.waiting(c)
	if waits == "" {
		return s.signInEnded(c, to)
	}
	answer := answered(c)
	if answer == nil {
		return s.codeForm(c, http.StatusUnprocessableEntity, to, "")
	}
	in, err := s.identity.FinishPasskeySignIn(s.asKernel(c), &kernelv1.FinishPasskeySignInRequest{
		Answer: answer, Browser: s.browser(c), ChallengeToken: waits, Origin: origin(c),
	})
	switch status.Code(err) {
	case codes.OK:
		c.SetCookie(s.cookie(challengeCookie, "", time.Unix(1, 0)))
		s.startSession(c, in.GetSessionToken(), in.GetExpireTime(), in.GetKeep())
		return c.Redirect(http.StatusSeeOther, s.below(to))
	case codes.NotFound:
		return s.signInEnded(c, to)
	}
	code, why, known := s.passkeyTrouble(c, err)
	if !known {
		return err
	}
	return s.codeForm(c, code, to, "", why)
}

// provePasskey is a passkey as a proof; nil for who has none that works here.
func (s *Server) provePasskey(c echo.Context, sealed string) templ.Component {
	begun, err := s.identity.StartPasskeyProof(s.asKernel(c), &kernelv1.StartPasskeyProofRequest{SessionToken: visitorOf(c).token})
	if err != nil {
		return nil
	}
	form := s.passkeyForm(c, "/prove", begun.GetOptions(), begun.GetCeremony(), ui.Hidden{Name: "held", Value: sealed})
	form.Or = s.text(c).T("kernel.sign_in.or")
	return ui.PasskeyForm(form)
}

// newPasskeyPage asks the browser for a new passkey. Asking wants a fresh proof, so the page comes after it.
func (s *Server) newPasskeyPage(c echo.Context) error {
	return s.newPasskeyForm(c, http.StatusOK, place(c).Device)
}

func (s *Server) newPasskeyForm(c echo.Context, code int, name string, notices ...ui.Notice) error {
	text := s.text(c)
	title := text.T("kernel.passkey.new")
	head := ui.Head{
		Title: title, Lead: text.T("kernel.passkey.new_lead"), CrumbsLabel: text.T("kernel.crumbs"),
		Crumbs: []ui.Crumb{{Label: text.T("kernel.passkey.title"), Href: s.href(passkeyPath)}, {Label: title}},
	}
	body := []templ.Component{ui.PageHead(head)}
	for _, n := range notices {
		body = append(body, ui.NoticeBox(n))
	}
	begun, err := s.passkeys.StartPasskey(c.Request().Context(), &kernelv1.StartPasskeyRequest{})
	switch {
	case status.Code(err) == codes.FailedPrecondition:
		why := ui.Notice{Tone: ui.ToneWarn, Icon: "key", Title: screen.Said(text, err)}
		if why.Title == "" {
			why.Title, why.Text = text.T("kernel.passkey.no_address"), text.T("kernel.passkey.no_address_hint")
		}
		body = append(body, ui.NoticeBox(why), ui.Buttons([]ui.Button{{Label: text.T("kernel.passkey.back"), Href: s.href(passkeyPath)}}))
	case err != nil:
		return err
	default:
		form := s.passkeyForm(c, passkeyPath+"/new", begun.GetOptions(), begun.GetCeremony())
		form.Ceremony, form.Exists, form.Unable = ui.CeremonyCreate, text.T("kernel.passkey.exists"), text.T("kernel.passkey.unable")
		form.Cancelled, form.Submit.Label, form.Submit.Kind = text.T("kernel.passkey.not_made"), text.T("kernel.passkey.make"), ui.ButtonPrimary
		form.Fields = []ui.Field{{
			Name: "name", Label: text.T("kernel.passkey.name"), Hint: text.T("kernel.passkey.name_hint"), Value: name, Required: true, MaxLength: 60,
		}}
		body = append(body, ui.PasskeyForm(form))
	}
	return s.page(c, code, &screen.Page{Title: title, Width: "slim", Body: ui.Join(body...)}, s.env(c, nil))
}

// makePasskey takes the browser's answer.
func (s *Server) makePasskey(c echo.Context) error {
	text := s.text(c)
	// A name that was lost on the way must not cost a passkey that the device has made by now.
	name := cmp.Or(strings.TrimSpace(c.FormValue("name")), place(c).Device, text.T("kernel.passkey.one"))
	why := ui.Notice{Tone: ui.ToneBad, Title: text.T("kernel.passkey.not_made")}
	answer := answered(c)
	if answer == nil {
		return s.newPasskeyForm(c, http.StatusUnprocessableEntity, name, why)
	}
	_, err := s.passkeys.FinishPasskey(c.Request().Context(), &kernelv1.FinishPasskeyRequest{Name: name, Answer: answer})
	switch status.Code(err) {
	case codes.OK:
		s.flash(c, text.T("kernel.passkey.made"))
		return c.Redirect(http.StatusSeeOther, s.href(passkeyPath))
	case codes.Aborted:
		why.Title, why.Text = text.T("kernel.passkey.late"), text.T("kernel.passkey.late_hint")
	case codes.InvalidArgument, codes.FailedPrecondition:
		why.Title = cmp.Or(screen.Said(text, err), why.Title)
	default:
		return err
	}
	return s.newPasskeyForm(c, http.StatusUnprocessableEntity, name, why)
}
