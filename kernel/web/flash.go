package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// flashCookie carries what the last form did to the page it leads to. It is signed, so that a page never says what
// somebody else wrote.
const flashCookie = "cabinet_notice"

func (s *Server) flash(c echo.Context, text string) {
	if text == "" {
		return
	}
	value := base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + base64.RawURLEncoding.EncodeToString(s.flashMAC(text))
	c.SetCookie(s.cookie(flashCookie, value, s.Now().Add(time.Minute)))
}

// takeFlash returns the text once.
func (s *Server) takeFlash(c echo.Context) string {
	cookie, err := c.Cookie(flashCookie)
	if err != nil {
		return ""
	}
	c.SetCookie(s.cookie(flashCookie, "", time.Unix(1, 0)))
	body, mac, _ := strings.Cut(cookie.Value, ".")
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return ""
	}
	given, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || !hmac.Equal(given, s.flashMAC(string(text))) {
		return ""
	}
	return string(text)
}

func (s *Server) flashMAC(text string) []byte {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("notice\x00" + text))
	return mac.Sum(nil)
}
