package web

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// heldLasts is how long what was asked waits for its proof.
const heldLasts = 15 * time.Minute

// held is a request that waits until its sender has shown that it is them. It goes to the browser and back sealed: it may
// hold what was typed into a field that never comes back, and nobody can have the portal send what they made up.
type held struct {
	Method, Path string
	Form         url.Values
	Session      string
	Until        time.Time
}

// proves asks for a proof where a call wants a fresh one, and goes on with what was asked.
func (s *Server) proves(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if !access.AsksProof(err) || c.Response().Committed {
			return err
		}
		r := c.Request()
		h := held{Method: r.Method, Path: r.URL.RequestURI(), Session: visitorOf(c).identity.GetSessionId(), Until: s.Now().Add(heldLasts)}
		if r.Method == http.MethodPost {
			h.Form = r.PostForm
			if r.MultipartForm != nil {
				h.Form = r.MultipartForm.Value
			}
		}
		return s.askProof(c, http.StatusForbidden, h, "")
	}
}

func (s *Server) askProof(c echo.Context, code int, h held, wrong string, notices ...ui.Notice) error {
	text, e := s.text(c), s.env(c, nil)
	sealed, err := s.hold(h)
	if err != nil {
		return err
	}
	fields := []ui.Field{{
		Name: "password", Label: text.T("kernel.invitation.present_password"), Kind: ui.FieldPassword, Autocomplete: "current-password",
		Autofocus: true, Error: wrong,
	}}
	if has, err := s.factors.GetFactors(c.Request().Context(), &kernelv1.GetFactorsRequest{}); err == nil && has.GetTotp() {
		fields = append(fields, ui.Field{Name: "code", Label: text.T("kernel.prove.or_code"), Autocomplete: "one-time-code", MaxLength: 64})
	} else {
		fields[0].Required = true
	}
	form := ui.Form{
		Action: s.href("/prove"), CSRF: e.CSRF, Hidden: []ui.Hidden{{Name: "held", Value: sealed}}, Notices: notices,
		Sections: []ui.FormSection{{Fields: fields}},
		Submit:   ui.Button{Label: text.T("kernel.prove.submit"), Busy: text.T("kernel.form.busy")},
		Others:   []ui.Button{{Label: text.T("kernel.cancel"), Href: s.href(h.back(s.Base)), Kind: ui.ButtonQuiet}},
	}
	title := text.T("kernel.prove.title")
	ways := ui.FormBox(form)
	if passkey := s.provePasskey(c, sealed); passkey != nil {
		ways = ui.Stack(ways, passkey)
	}
	body := ui.Join(ui.PageHead(ui.Head{Title: title, Lead: text.T("kernel.prove.lead")}), ways)
	return s.page(c, code, &screen.Page{Title: title, Width: "slim", Body: body}, e)
}

// back is where somebody goes who does not want to show anything, below the portal's base.
func (h held) back(base string) string {
	if to := h.Form.Get("return"); to != "" {
		return screen.LocalPath(to)
	}
	return screen.LocalPath(cmp.Or(strings.TrimPrefix(h.Path, base), "/"))
}

// prove takes the proof, and then serves what was asked as if it came now.
func (s *Server) prove(c echo.Context) error {
	text, v := s.text(c), visitorOf(c)
	h, ok := s.unhold(c.FormValue("held"))
	if !ok || h.Method == "" || h.Session != v.identity.GetSessionId() || s.Now().After(h.Until) {
		return errForged
	}
	answer := answered(c)
	_, err := s.identity.Prove(s.asKernel(c), &kernelv1.ProveRequest{
		SessionToken: v.token, Password: c.FormValue("password"), Code: strings.TrimSpace(c.FormValue("code")), Passkey: answer, Origin: origin(c),
	})
	switch status.Code(err) {
	case codes.OK:
	case codes.Aborted:
		return s.askProof(c, http.StatusUnprocessableEntity, h, "", ui.Notice{Tone: ui.ToneBad, Title: text.T("kernel.passkey.late"), Text: text.T("kernel.passkey.late_hint")})
	case codes.Unauthenticated, codes.InvalidArgument:
		if answer != nil {
			return s.askProof(c, http.StatusUnprocessableEntity, h, "", ui.Notice{Tone: ui.ToneBad, Title: text.T("kernel.passkey.wrong_proof")})
		}
		return s.askProof(c, http.StatusUnprocessableEntity, h, text.T("kernel.prove.wrong"))
	case codes.ResourceExhausted:
		return s.askProof(c, http.StatusTooManyRequests, h, text.T("kernel.sign_in.locked")+retryAfter(c, text, err))
	default:
		return err
	}
	from := c.Request()
	r := from.Clone(from.Context())
	r.Method, r.RequestURI, r.Form, r.PostForm, r.MultipartForm = h.Method, h.Path, nil, nil, nil
	if r.URL, err = url.ParseRequestURI(h.Path); err != nil {
		return err
	}
	body := ""
	if h.Method == http.MethodPost {
		h.Form.Set("csrf", s.csrfFor(c, ""))
		body = h.Form.Encode()
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Body, r.ContentLength = http.NoBody, int64(len(body))
	if body != "" {
		r.Body = io.NopCloser(strings.NewReader(body))
	}
	s.echo.ServeHTTP(c.Response(), r)
	return nil
}

// heldFor is what requests that wait are sealed for.
const heldFor = "held"

func (s *Server) hold(h held) (string, error) {
	delete(h.Form, "csrf")
	text, err := json.Marshal(h)
	if err != nil {
		return "", err
	}
	sealed, err := s.secrets.Seal(heldFor, text)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (s *Server) unhold(sealed string) (h held, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return h, false
	}
	text, err := s.secrets.Open(heldFor, raw)
	return h, err == nil && json.Unmarshal(text, &h) == nil
}
