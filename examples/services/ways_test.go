package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest/oidctest"
)

// TestOtherWaysInABrowser comes in by an account at a provider and by a code to a phone, and looks at each page on the way.
func TestOtherWaysInABrowser(t *testing.T) {
	browser := openBrowser(t)
	provider := oidctest.Start(t, time.Now)
	provider.Ask, provider.Email = true, staff[0].email
	codes := &codeLog{}
	line := "      phone_codes: true\n"
	require.Contains(t, string(portalYAML), line)
	text := strings.Replace(string(portalYAML), line, line+fmt.Sprintf("      oidc: [{id: acme, title: Acme ID, issuer: %q, client_id: %q, client_secret: %q}]\n",
		provider.Issuer(), oidctest.ClientID, oidctest.Secret), 1)
	s := openSiteWith(t, []byte(text), slog.New(slog.NewTextHandler(codes, &slog.HandlerOptions{Level: slog.LevelWarn})))
	t.Run("provider", func(t *testing.T) {
		b := newTab(t, browser, s, "")
		b.open("/clients")
		b.look("ways-sign-in")
		b.leads(200, b.clickText("Sign in with Acme ID"))
		require.Contains(t, b.path(), provider.Issuer())
		b.leads(403, click("#no"))
		b.look("ways-declined")
		b.leads(200, b.clickText("Sign in with Acme ID"))
		b.leads(200, click("#yes"))
		require.Equal(t, "/clients", b.path(), "where they wanted to be")

		b.open("/settings")
		b.leads(200, b.clickText("Outside accounts"))
		require.Contains(t, b.text("main"), staff[0].email)
		b.look("ways-accounts")
		b.do(click("main tbody [popovertarget]"))
		b.do(b.clickText("Unlink account"))
		b.until(`!!document.querySelector('dialog[open]')`)
		b.leads(200, click("#ask-yes"))
		require.Contains(t, b.text("main"), "Unlinked")
		b.look("ways-unlinked")

		other := newTab(t, browser, s, "")
		other.open("/sign-in")
		other.leads(200, other.clickText("Sign in with Acme ID"))
		other.leads(403, click("#yes"))
		require.Contains(t, other.text("main"), "This account was unlinked here")
		other.look("ways-refused")
		provider.Change(func(o *oidctest.Provider) {
			o.Fail = func(w http.ResponseWriter, r *http.Request) bool {
				http.Error(w, "no", http.StatusBadGateway)
				return true
			}
		})
		other.leads(502, other.clickText("Sign in with Acme ID")) // it was there a moment ago, and so it is believed to be
	})
	t.Run("phone", func(t *testing.T) {
		b := newTab(t, browser, s, s.session(t, staff[0].email))
		b.open("/settings")
		b.leads(200, b.clickText("Phone for sign-in"))
		b.look("ways-phone")
		b.leads(200, b.clickText("Confirm phone"))
		b.do(replace("[name=phone]", "067 765 43 21"))
		b.look("ways-phone-change")
		b.leads(200, click("main form .primary"))
		b.look("ways-phone-code")
		b.do(write("[name=code]", codes.last(t)))
		b.leads(200, click("main form .primary"))
		require.Contains(t, b.text("main"), "+380 67 765 43 21")
		require.Contains(t, b.text("main"), "Confirmed")
		b.look("ways-phone-confirmed")

		in := newTab(t, browser, s, "")
		in.open("/clients")
		in.leads(200, in.clickText("Sign in with a code by phone"))
		in.look("ways-by-phone")
		in.do(write("[name=phone]", "067 765 43 21"))
		in.leads(200, click("main form .primary"))
		in.look("ways-by-phone-code")
		in.leads(429, in.clickText("Send another code"))
		in.look("ways-by-phone-wait")
		in.do(write("[name=code]", "12"))
		in.leads(422, click("main form .primary"))
		in.look("ways-by-phone-wrong")
		in.script(false)
		in.do(write("[name=code]", codes.last(t)))
		in.leads(200, click("main form .primary"))
		require.Equal(t, "/clients", in.path())
	})
}

// codeLog is the log of a portal that is being developed, in which codes are.
type codeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *codeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

var codeInLog = regexp.MustCompile(`code=([0-9]{6})`)

func (l *codeLog) last(t *testing.T) string {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	found := codeInLog.FindAllStringSubmatch(l.text.String(), -1)
	require.NotEmpty(t, found)
	return found[len(found)-1][1]
}
