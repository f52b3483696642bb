package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/web/screen"
)

// Cookies that hold what somebody chose on this device. They say nothing about who it is.
const (
	themeCookie    = "cabinet_theme"
	languageCookie = "cabinet_language"
)

// keepChoice is how long a device remembers a choice.
const keepChoice = 365 * 24 * time.Hour

// text is the language of a request: what was chosen on this device, what the user's settings say, what the browser
// asks for.
func (s *Server) text(c echo.Context) *locale.Localizer {
	chosen, user := "", visitorOf(c).identity.GetLanguage()
	if cookie, err := c.Cookie(languageCookie); err == nil && slices.Contains(s.Languages, cookie.Value) {
		chosen = cookie.Value
	}
	return s.Texts.For(locale.Match(c.Request().Header.Get("Accept-Language"), chosen, user, s.Languages...), nil)
}

// theme is "light", "dark", or empty for what the system has.
func theme(c echo.Context) string { return strings.TrimPrefix(themeOr(c, ""), "auto") }

func themeOr(c echo.Context, otherwise string) string {
	chosen := visitorOf(c).identity.GetTheme()
	if cookie, err := c.Cookie(themeCookie); err == nil {
		chosen = cookie.Value
	}
	if chosen == "light" || chosen == "dark" || chosen == "auto" {
		return chosen
	}
	return otherwise
}

func (s *Server) setTheme(c echo.Context) error {
	value := c.FormValue("theme")
	if value != "light" && value != "dark" {
		value = "auto"
	}
	cookie := s.cookie(themeCookie, value, s.Now().Add(keepChoice))
	cookie.HttpOnly = false // the page's script sets it too, at once
	c.SetCookie(cookie)
	return c.Redirect(http.StatusSeeOther, s.href(screen.LocalPath(c.FormValue("return"))))
}

func (s *Server) setLanguage(c echo.Context) error {
	if tag := c.FormValue("language"); slices.Contains(s.Languages, tag) {
		c.SetCookie(s.cookie(languageCookie, tag, s.Now().Add(keepChoice)))
	}
	return c.Redirect(http.StatusSeeOther, s.href(screen.LocalPath(c.FormValue("return"))))
}

// chooseLanguage is the same for somebody who is not signed in: a link, since it changes nothing of anybody's.
func (s *Server) chooseLanguage(c echo.Context) error {
	if tag := c.Param("tag"); slices.Contains(s.Languages, tag) {
		c.SetCookie(s.cookie(languageCookie, tag, s.Now().Add(keepChoice)))
	}
	return c.Redirect(http.StatusSeeOther, s.below(screen.LocalPath(c.QueryParam("to"))))
}

// below is where a full path of the portal leads; one outside of its base becomes the start.
func (s *Server) below(path string) string {
	if s.Base != "" && path != s.Base && !strings.HasPrefix(path, s.Base+"/") {
		return s.href("/")
	}
	return path
}
