package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/flood"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// What stands between everybody and a module's public methods. Beside this there are the checks for forged and foreign
// posts that every form has, and what the module counts itself.
const (
	// sendsPerHour is how many forms one address may send, all screens for anybody together; a tenth of them at once.
	sendsPerHour = 60
	sendsAtOnce  = 10
	// readsPerMinute is how many such pages it may look at.
	readsPerMinute = 120
	// soonest is how long a person needs at least to fill a form in; latest how long it can be sent.
	soonest = 3 * time.Second
	latest  = 12 * time.Hour
)

// trapField is the field that only robots fill; stampField says, signed, when the form was given out.
const (
	trapField  = "second_name"
	stampField = "given"
)

// publicLimits counts by address.
type publicLimits struct{ sends, reads, hooks *flood.Addresses }

func (s *Server) newPublicLimits() publicLimits {
	return publicLimits{
		sends: flood.New(sendsAtOnce, sendsAtOnce*time.Hour/sendsPerHour, s.Now),
		reads: flood.New(readsPerMinute, time.Minute, s.Now),
		hooks: flood.New(hooksPerMinute, time.Minute, s.Now),
	}
}

// asVisitor is the context in which a page for anybody calls: as whoever looks, mostly nobody, in their language.
func (s *Server) asVisitor(c echo.Context) context.Context {
	if visitorOf(c).identity != nil {
		return c.Request().Context()
	}
	ctx := metadata.AppendToOutgoingContext(c.Request().Context(), "accept-language", s.text(c).Language())
	return access.With(ctx, access.Principal{Place: place(c)})
}

func (s *Server) showPublic(sc *screen.Screen) echo.HandlerFunc {
	return func(c echo.Context) error {
		if wait := s.public.reads.Take(c.RealIP()); wait > 0 {
			return tooOften(c, wait)
		}
		e := s.env(c, sc)
		if page, ok := s.Screens.Said(e, sc); ok {
			return s.box(c, page, "")
		}
		page, err := s.Screens.Show(s.asVisitor(c), e, sc)
		if err != nil {
			return gone(sc, err)
		}
		return s.box(c, page, s.stamp(c, sc, s.Now()))
	}
}

func (s *Server) submitPublic(sc *screen.Screen) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, e, form := s.asVisitor(c), s.env(c, sc), c.Request().Form
		back := func(key, text, stamp string) error {
			page, err := s.Screens.Back(ctx, e, sc, form, module.Refusal(codes.FailedPrecondition, "", key, text))
			if err != nil {
				return gone(sc, err)
			}
			return s.box(c, page, stamp)
		}
		given := form.Get(stampField)
		if s.Screens.Redraws(sc, form) { // it is looked at, and sent nowhere
			if wait := s.public.reads.Take(c.RealIP()); wait > 0 {
				return tooOften(c, wait)
			}
			page, err := s.Screens.Redraw(ctx, e, sc, form)
			if err != nil {
				return gone(sc, err)
			}
			return s.box(c, page, given)
		}
		if wait := s.public.sends.Take(c.RealIP()); wait > 0 {
			c.Response().Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			if s.public.reads.Take(c.RealIP()) > 0 {
				return tooOften(c, wait) // not even the form is drawn again
			}
			return back("kernel.public.often", "too many forms came from this address: wait some minutes and send it again", given)
		}
		if form.Get(trapField) != "" {
			// Told nothing, a robot learns nothing.
			s.Log.InfoContext(ctx, "a robot filled in a page for anybody", "screen", sc.Module+"."+sc.ID)
			page := s.Screens.Pretend(e, sc)
			return c.Redirect(http.StatusSeeOther, s.href(page.Redirect))
		}
		switch at, ok := s.stamped(c, sc, given); {
		case !ok || s.Now().Sub(at) > latest:
			return back("kernel.public.old", "the page was open for too long: look it over and send it again", s.stamp(c, sc, s.Now()))
		case s.Now().Sub(at) < soonest:
			return back("kernel.public.fast", "that was faster than people write: look it over and send it again", given)
		}
		page, err := s.Screens.Submit(ctx, e, sc, form, nil)
		if err != nil {
			return gone(sc, err)
		}
		return s.box(c, page, given)
	}
}

// box shows a page for anybody, or sends its reader on.
func (s *Server) box(c echo.Context, page *screen.Page, stamp string) error {
	if page.Redirect != "" {
		return c.Redirect(http.StatusSeeOther, s.href(page.Redirect))
	}
	code := http.StatusOK
	if page.Invalid {
		code = http.StatusUnprocessableEntity
	}
	if c.Response().Header().Get("Retry-After") != "" {
		code = http.StatusTooManyRequests
	}
	box := *page.Box
	if box.Form != nil {
		box.Form.Trap = &ui.Trap{Name: trapField, Label: s.text(c).T("kernel.public.trap")}
		box.Form.Hidden = append(box.Form.Hidden, ui.Hidden{Name: stampField, Value: stamp})
	}
	if box.After == nil {
		box.After = s.backToSignIn(c)
	}
	return s.gate(c, code, box)
}

// stamp says when a form was given out, to this browser and for this screen.
func (s *Server) stamp(c echo.Context, sc *screen.Screen, at time.Time) string {
	text := strconv.FormatInt(at.Unix(), 36)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.stampMAC(c, sc, text))
}

// stamped reads a stamp; ok is false for one that is not ours, or was given to another browser.
func (s *Server) stamped(c echo.Context, sc *screen.Screen, stamp string) (at time.Time, ok bool) {
	for i := range len(stamp) {
		if stamp[i] != '.' {
			continue
		}
		mac, err := base64.RawURLEncoding.DecodeString(stamp[i+1:])
		if err != nil || !hmac.Equal(mac, s.stampMAC(c, sc, stamp[:i])) {
			return at, false
		}
		seconds, err := strconv.ParseInt(stamp[:i], 36, 64)
		return time.Unix(seconds, 0), err == nil
	}
	return at, false
}

func (s *Server) stampMAC(c echo.Context, sc *screen.Screen, text string) []byte {
	nonce, _ := c.Get(csrfNonceKey).(string)
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("public\x00" + nonce + "\x00" + sc.Module + "." + sc.ID + "\x00" + text))
	return mac.Sum(nil)
}

// tooOften refuses to draw anything more for an address for a while.
func tooOften(c echo.Context, wait time.Duration) error {
	c.Response().Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	return echo.NewHTTPError(http.StatusTooManyRequests)
}

// gone is the page of an error of a screen for anybody: what an address names that is not known any more is a link that
// works no more.
func gone(sc *screen.Screen, err error) error {
	if len(sc.Vars()) > 0 {
		return goneLink(err)
	}
	return err
}

// signInLinks lead from the page of sign-in to screens for anybody.
func (s *Server) signInLinks(c echo.Context) []ui.Button {
	var links []ui.Button
	e := s.env(c, nil)
	for _, sc := range s.Screens.Screens() {
		if sc.SignInLink != "" && sc.Visible(e) {
			links = append(links, ui.Button{Label: s.text(c).T(sc.SignInLink), Href: s.href(sc.Path), Kind: ui.ButtonQuiet})
		}
	}
	return links
}

// publicRoutes serves the screens for anybody.
func (s *Server) publicRoutes(pages *echo.Group, sc *screen.Screen) {
	pages.GET(sc.Route(), s.showPublic(sc))
	pages.POST(sc.Route(), s.submitPublic(sc))
}
