package main

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
)

// authenticator gives a tab's browser a program that keeps passkeys, as the lock of a phone's screen does. It takes what the
// browser offers by itself as if its owner had chosen it at once; so that is only done where a test says so.
func (b *tab) authenticator() webauthn.AuthenticatorID {
	b.t.Helper()
	command(b, webauthn.Enable, webauthn.EnableParams{})
	command(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `PublicKeyCredential.isConditionalMediationAvailable = async () => localStorage.offered === 'yes';`,
	})
	return command(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}}).AuthenticatorID
}

// passkey makes the owner of a session one, so that there is something to be seen on their page of passkeys.
func passkey(t *testing.T, browser context.Context, s *site, session string) {
	b := newTab(t, browser, s, session)
	b.authenticator()
	b.open("/settings/passkeys/new")
	b.leads(200, b.clickText("Create passkey"))
	require.Equal(t, "/settings/passkeys", b.path())
}

// TestPasskeysInABrowser makes a passkey in a real browser, whose authenticator is a program of its own, and shows it
// wherever one can be shown.
func TestPasskeysInABrowser(t *testing.T) {
	browser := openBrowser(t)
	var later atomic.Int64 // how far the portal's clock is ahead
	now := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	s := openSite(t, func(o *kernel.Options) { o.Now = now })
	b := newTab(t, browser, s, "")
	device := b.authenticator()
	keys := func() int {
		return len(command(b, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: device}).Credentials)
	}
	out := func() {
		b.open("/")
		b.do(click(".top .avatar[popovertarget]"))
		b.leads(200, click("#me form[action$='/sign-out'] button"))
		require.Equal(t, "/sign-in", b.path())
	}
	manager := staff[0]

	b.open("/sign-in")
	require.True(t, ask[bool](b, `document.querySelector('.passkey').checkVisibility()`), "it is offered once the script has looked")
	b.look("passkey-sign-in")
	b.signIn(manager.email, s.password)
	b.open("/settings/passkeys")
	b.look("passkey-none")
	b.leads(200, b.clickText("Add passkey"))
	require.Equal(t, "/settings/passkeys/new", b.path())
	b.look("passkey-new")
	b.do(chromedp.Clear(chromedp.CSS("[name=name]")), click(".passkey button"))
	require.Zero(t, keys(), "without a name nothing is begun")
	b.do(write("[name=name]", "Work laptop"))
	b.leads(200, b.clickText("Create passkey"))
	require.Equal(t, "/settings/passkeys", b.path())
	require.Equal(t, 1, keys())
	require.Contains(t, b.text("main"), "Work laptop")
	require.Contains(t, b.text("main"), "The passkey is ready")
	b.look("passkey-list")

	b.open("/settings/passkeys/new")
	b.do(b.clickText("Create passkey"))
	b.until(`document.querySelector('.passkey [role=alert]').checkVisibility()`)
	require.Contains(t, b.text(".passkey [role=alert]"), "already")
	b.look("passkey-exists")

	// Signed out, the passkey alone opens the portal, and leads on to where its reader wanted to go.
	out()
	b.open("/clients")
	b.leads(200, b.clickText("Sign in with a passkey"))
	require.Equal(t, "/clients", b.path())

	// As the proof for something that wants one, which then goes on.
	later.Store(int64(time.Hour))
	b.leads(403, chromedp.Navigate(s.URL()+"/settings/passkeys/new"))
	b.look("passkey-proof")
	b.leads(200, b.clickText("Use a passkey"))
	require.Contains(t, b.text("h1"), "Add a passkey")

	// In the place of a code, beside the password.
	token := s.session(t, manager.email)
	conn, err := s.As(t.Context(), token)
	require.NoError(t, err)
	factors := kernelv1.NewFactorServiceClient(conn)
	begun, err := factors.StartTotp(t.Context(), &kernelv1.StartTotpRequest{})
	require.NoError(t, err)
	code, err := totp.GenerateCode(begun.GetSeed(), now())
	require.NoError(t, err)
	_, err = factors.ConfirmTotp(t.Context(), &kernelv1.ConfirmTotpRequest{Code: code})
	require.NoError(t, err)
	out()
	b.do(write("[name=login]", manager.email), write("[name=password]", s.password))
	b.leads(200, click("form .primary"))
	require.Equal(t, "/sign-in/code?to=%2F", b.path())
	b.look("passkey-factor")
	b.leads(200, b.clickText("Use a passkey"))
	require.Equal(t, "/", b.path())

	// Offered in the field for the name, and chosen there: nobody presses a button.
	out()
	ask[bool](b, `(localStorage.offered = 'yes') === 'yes'`)
	b.do(chromedp.Navigate(s.URL() + "/sign-in?to=%2Fclients"))
	b.until(`location.pathname === '/clients'`)
	ask[bool](b, `delete localStorage.offered`)
	b.painted()

	// Renamed, and removed: then it opens nothing, and the page says what to do.
	b.open("/settings/passkeys")
	b.do(click("main tbody [popovertarget]"))
	b.leads(200, click("main tbody a[href$='/name']"))
	b.do(replace("[name=name]", "Old laptop"))
	b.look("passkey-rename")
	b.leads(200, click("main form .primary"))
	require.Contains(t, b.text("main"), "Old laptop")
	b.do(click("main tbody [popovertarget]"), click("main tbody [data-confirm]"))
	b.until(`document.querySelector('#ask').open`)
	b.leads(200, click("#ask-yes"))
	require.Contains(t, b.text("main"), "No passkeys yet")
	out()
	b.leads(422, b.clickText("Sign in with a passkey"))
	require.Contains(t, b.text("main"), "opens nothing here")
	b.look("passkey-refused")

	// A finger that is not the owner's.
	command(b, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: device, IsUserVerified: false})
	b.open("/sign-in")
	b.do(b.clickText("Sign in with a passkey"))
	b.until(`document.querySelector('.passkey [role=alert]').checkVisibility()`)
	b.look("passkey-cancelled")
	b.signIn(staff[1].email, s.password)
}

// Without script the page of sign-in is as it was: nothing of passkeys is seen.
func TestNoPasskeysWithoutScript(t *testing.T) {
	browser := openBrowser(t)
	s := openSite(t)
	b := newTab(t, browser, s, "")
	b.script(false)
	b.open("/sign-in")
	require.NotContains(t, b.text("main"), "passkey")
	b.signIn(staff[0].email, s.password)
	b.open("/settings/passkeys/new")
	require.Contains(t, b.text("main"), "with scripts on")
	require.NotContains(t, b.text("main"), "Create passkey")
}
