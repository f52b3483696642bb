package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"rsc.io/qr"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// factorPath is where people look after their second factor. Screens cannot: a picture and codes are shown this once.
const factorPath = "/settings/second-factor"

func (s *Server) factorRoutes(inside *echo.Group) {
	inside.GET(factorPath, s.factorPage)
	inside.POST(factorPath+"/start", s.startTotp)
	inside.POST(factorPath+"/confirm", s.confirmTotp)
	inside.POST(factorPath+"/remove", s.removeTotp)
	inside.POST(factorPath+"/codes", s.newCodes)
}

// factorPage says what its reader has, and what they can do about it.
func (s *Server) factorPage(c echo.Context) error {
	has, err := s.factors.GetFactors(c.Request().Context(), &kernelv1.GetFactorsRequest{})
	if err != nil {
		return err
	}
	text := s.text(c)
	if !has.GetTotp() {
		var body []templ.Component
		switch {
		case has.GetPasskeys() > 0 && has.GetRequired():
			body = append(body, ui.NoticeBox(ui.Notice{Tone: ui.ToneGood, Icon: "key", Title: text.T("kernel.passkey.is_factor"), Text: text.T("kernel.passkey.is_factor_hint")}))
		case has.GetRequired():
			body = append(body, ui.NoticeBox(ui.Notice{Tone: ui.ToneWarn, Icon: "shield", Title: text.T("kernel.factor.required"), Text: text.T("kernel.factor.required_hint")}))
		}
		body = append(body, s.factorForm(c, "/start", "kernel.factor.start", ui.ButtonPrimary))
		if has.GetRequired() {
			other := "kernel.passkey.instead"
			if has.GetPasskeys() > 0 {
				other = "kernel.passkey.title"
			}
			body = append(body, ui.Buttons([]ui.Button{{Label: text.T(other), Icon: "key", Href: s.href(passkeyPath)}}))
		}
		return s.factorBody(c, http.StatusOK, text.T("kernel.factor.lead"), body...)
	}
	left := ui.Notice{Tone: ui.ToneGood, Icon: "shield", Title: text.T("kernel.factor.on"), Text: text.Plural("kernel.factor.codes_left", int64(has.GetRecoveryCodesLeft()))}
	if has.GetRecoveryCodesLeft() < 3 {
		left.Tone = ui.ToneWarn
	}
	return s.factorBody(c, http.StatusOK, text.T("kernel.factor.lead"), ui.NoticeBox(left),
		s.factorForm(c, "/codes", "kernel.factor.new_codes", ""), s.factorForm(c, "/remove", "kernel.factor.remove", ui.ButtonDanger))
}

// factorForm is a form of one button.
func (s *Server) factorForm(c echo.Context, path, label string, kind ui.ButtonKind) templ.Component {
	form := ui.Form{
		Action: s.href(factorPath + path), CSRF: s.csrfFor(c, ""), FullWidth: true,
		Submit: ui.Button{Label: s.text(c).T(label), Kind: kind},
	}
	if kind == "" {
		form.Submit.Kind = ui.ButtonQuiet
	}
	return ui.FormBox(form)
}

func (s *Server) factorBody(c echo.Context, code int, lead string, body ...templ.Component) error {
	text := s.text(c)
	head := ui.Head{Title: text.T("kernel.factor.title"), Lead: lead, CrumbsLabel: text.T("kernel.crumbs")}
	for _, sc := range s.Screens.Screens() {
		if sc.Path == "/settings" {
			head.Crumbs = []ui.Crumb{{Label: text.T(sc.Title), Href: s.href(sc.Path)}, {Label: head.Title}}
		}
	}
	page := &screen.Page{Title: head.Title, Width: "slim", Body: ui.Join(append([]templ.Component{ui.PageHead(head)}, body...)...)}
	return s.page(c, code, page, s.env(c, nil))
}

// startTotp shows a new seed, as a picture and as text.
func (s *Server) startTotp(c echo.Context) error {
	begun, err := s.factors.StartTotp(c.Request().Context(), &kernelv1.StartTotpRequest{})
	if err != nil {
		return err
	}
	return s.seedPage(c, http.StatusOK, begun.GetSeed(), begun.GetUri(), "")
}

// seedPage asks for the first code. The seed comes back with it, sealed, for a code that was mistyped.
func (s *Server) seedPage(c echo.Context, code int, seed, uri, wrong string) error {
	text := s.text(c)
	picture, err := qr.Encode(uri, qr.M)
	if err != nil {
		return err
	}
	kept, err := s.hold(held{Form: url.Values{"seed": {seed}, "uri": {uri}}, Session: visitorOf(c).identity.GetSessionId(), Until: s.Now().Add(heldLasts)})
	if err != nil {
		return err
	}
	box := ui.QRBox{
		Image: "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture.PNG()), Alt: text.T("kernel.factor.picture"),
		Label: text.T("kernel.factor.or_type"), Text: groups(seed),
	}
	form := ui.Form{
		Action: s.href(factorPath + "/confirm"), CSRF: s.csrfFor(c, ""), Hidden: []ui.Hidden{{Name: "held", Value: kept}},
		Sections: []ui.FormSection{{Fields: []ui.Field{{
			Name: "code", Label: text.T("kernel.factor.code"), Hint: text.T("kernel.factor.code_hint"), Autocomplete: "one-time-code", Required: true, MaxLength: 16, Error: wrong,
		}}}},
		Submit: ui.Button{Label: text.T("kernel.factor.confirm"), Busy: text.T("kernel.form.busy")},
		Others: []ui.Button{{Label: text.T("kernel.cancel"), Href: s.href(factorPath), Kind: ui.ButtonQuiet}},
	}
	return s.factorBody(c, code, text.T("kernel.factor.scan"), ui.QR(box), ui.FormBox(form))
}

// groups writes a seed in fours, for somebody who types it.
func groups(seed string) string {
	var parts []string
	for part := range slices.Chunk([]byte(seed), 4) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, " ")
}

func (s *Server) confirmTotp(c echo.Context) error {
	text := s.text(c)
	h, ok := s.unhold(c.FormValue("held"))
	if !ok || h.Form.Get("seed") == "" || h.Session != visitorOf(c).identity.GetSessionId() {
		return errForged
	}
	code := strings.ReplaceAll(strings.TrimSpace(c.FormValue("code")), " ", "")
	done, err := s.factors.ConfirmTotp(c.Request().Context(), &kernelv1.ConfirmTotpRequest{Code: code})
	if status.Code(err) == codes.InvalidArgument {
		wrong := screen.Said(text, err)
		if wrong == "" {
			wrong = text.T("kernel.form.required")
		}
		return s.seedPage(c, http.StatusUnprocessableEntity, h.Form.Get("seed"), h.Form.Get("uri"), wrong)
	}
	if err != nil {
		return err
	}
	return s.codesPage(c, done.GetRecoveryCodes())
}

// codesPage shows recovery codes this once.
func (s *Server) codesPage(c echo.Context, recovery []string) error {
	text := s.text(c)
	return s.factorBody(c, http.StatusOK, text.T("kernel.factor.codes_lead"), ui.Codes(recovery),
		ui.Buttons([]ui.Button{{Label: text.T("kernel.factor.kept"), Kind: ui.ButtonPrimary, Href: s.href(factorPath)}}))
}

func (s *Server) newCodes(c echo.Context) error {
	made, err := s.factors.MakeRecoveryCodes(c.Request().Context(), &kernelv1.MakeRecoveryCodesRequest{})
	if err != nil {
		return err
	}
	return s.codesPage(c, made.GetRecoveryCodes())
}

func (s *Server) removeTotp(c echo.Context) error {
	if _, err := s.factors.RemoveTotp(c.Request().Context(), &kernelv1.RemoveTotpRequest{}); err != nil {
		return err
	}
	s.flash(c, s.text(c).T("kernel.factor.removed"))
	return c.Redirect(http.StatusSeeOther, s.href(factorPath))
}

// enrols sends those whose role must have a second factor to where they set one up; nothing else is open to them.
func (s *Server) enrols(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		at := strings.TrimPrefix(c.Request().URL.Path, s.Base)
		if visitorOf(c).identity.GetSecondFactorMissing() && at != "/prove" && !strings.HasPrefix(at, factorPath) && !strings.HasPrefix(at, passkeyPath) {
			return c.Redirect(http.StatusSeeOther, s.href(factorPath))
		}
		return next(c)
	}
}
