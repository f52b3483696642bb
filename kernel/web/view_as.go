package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// guiseCookie remembers that this browser was shown pages of somebody whom a member of staff acts as: when that is over, what
// such a page sends must not be taken for the member of staff's own. It gives no right and is not believed for any.
const guiseCookie = "cabinet_as"

// endViewAsPath is where the banner's button leads.
const endViewAsPath = "/view-as/end"

// guiseKey is set when a request comes from a browser that was shown pages of somebody who is acted as no more.
const guiseKey = "guise over"

// errGuiseOver is a post from a page of somebody who is acted as no more.
var errGuiseOver = &pageError{status: http.StatusForbidden, key: "kernel.error.guise_over"}

// guise is what tells apart whom a session acts as: empty for its own user.
func guise(c echo.Context) string {
	if id := visitorOf(c).identity; id.GetActedById() != "" {
		return id.GetSessionId()
	}
	return ""
}

// noteGuise keeps the browser's memory of whom it was shown pages of.
func (s *Server) noteGuise(c echo.Context) {
	had, now := "", guise(c)
	if cookie, err := c.Cookie(guiseCookie); err == nil {
		had = cookie.Value
	}
	switch {
	case had == now:
	case now != "":
		c.SetCookie(s.cookie(guiseCookie, now, time.Time{}))
	default:
		c.Set(guiseKey, true)
		if !passive(c) { // the page that asks for itself is replaced, and then it is said
			c.SetCookie(s.cookie(guiseCookie, "", time.Unix(1, 0)))
		}
	}
}

// guiseOver tells whether this browser still believes that it acts as another.
func guiseOver(c echo.Context) bool {
	off, _ := c.Get(guiseKey).(bool)
	return off
}

// afterGuise sends a member of staff who acts as another no more to their own first page, once: what they were at is not
// theirs to see.
func (s *Server) afterGuise(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !guiseOver(c) || visitorOf(c).identity == nil || passive(c) || c.Request().Method != http.MethodGet {
			return next(c)
		}
		return s.asThemselves(c, "/")
	}
}

// asThemselves sends a member of staff on who acts as another no more.
func (s *Server) asThemselves(c echo.Context, path string) error {
	c.SetCookie(s.cookie(guiseCookie, "", time.Unix(1, 0)))
	s.flash(c, s.text(c).T("kernel.view_as.over"))
	return c.Redirect(http.StatusSeeOther, s.href(screen.LocalPath(path)))
}

// banner says that somebody acts as another, whom, why and until when; nil when they act themselves.
func (s *Server) banner(c echo.Context) *ui.Banner {
	id := visitorOf(c).identity
	if id.GetActedById() == "" {
		return nil
	}
	text := s.text(c)
	client := ""
	for _, one := range id.GetClients() {
		if one.GetClientId() == id.GetActingClientId() {
			client = one.GetName()
		}
	}
	says, icon, strong := "kernel.view_as.looking", "eye", false
	if id.GetMayWrite() {
		says, icon, strong = "kernel.view_as.acting", "edit", true
	}
	until := id.GetActingUntil().AsTime()
	return &ui.Banner{
		Label: text.T("kernel.view_as.label"), Icon: icon, Strong: strong,
		Bold:  text.T(says, "name", id.GetName(), "client", client),
		Text:  text.T("kernel.view_as.reason", "reason", short(id.GetActingReason())),
		Right: text.T("kernel.view_as.until", "time", text.Time(until)), Left: text.T("kernel.view_as.left"),
		Seconds: max(0, int(until.Sub(s.Now()).Seconds())), Mark: id.GetSessionId(),
		Stop: &ui.Post{
			Action: s.href(endViewAsPath), CSRF: s.csrfFor(c, ""),
			Button: ui.Button{Label: text.T("kernel.view_as.end"), Small: true},
		},
	}
}

// mostReason is how many letters of a reason the banner has room for, which stays where it is on a phone.
const mostReason = 80

func short(reason string) string {
	if letters := []rune(reason); len(letters) > mostReason {
		return strings.TrimSpace(string(letters[:mostReason])) + "…"
	}
	return reason
}

// endViewAs has a member of staff act as themselves again. Ending what has ended leads on, too.
func (s *Server) endViewAs(c echo.Context) error {
	response, err := s.identity.EndImpersonation(s.asKernel(c), &kernelv1.EndImpersonationRequest{SessionToken: visitorOf(c).token})
	if err != nil {
		return err
	}
	return s.asThemselves(c, response.GetReturnPath())
}

// looks refuses what a module's own page would do for somebody who only looks. What such a page does by itself no router
// sees.
func looks(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if visitorOf(c).principal.Looks() && c.Request().Method != http.MethodGet {
			return &pageError{status: http.StatusForbidden, key: "kernel.error.view_only"}
		}
		return next(c)
	}
}

// asAnother is the page for what nobody does as another; empty for any other error.
func asAnother(err error) (key string) {
	switch access.RefusalOf(err) {
	case access.ViewOnly:
		return "kernel.error.view_only"
	case access.NotAsAnother:
		return "kernel.error.not_as_another"
	}
	return ""
}
