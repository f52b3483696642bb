package accountmanager

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/opencabinet/cabinet/kernel/secret"
)

// Provider is an outside provider of OpenID Connect by which staff may sign in. At the provider, the portal is a web
// application whose redirect URI is the portal's address and "/sign-in/with/ID/back". The provider must say of e-mails that
// it has verified them (email_verified), and must have discovery (/.well-known/openid-configuration).
type Provider struct {
	// ID is part of addresses: lower-case letters, digits and hyphens, up to 40. Changing it changes the redirect URI.
	ID string `yaml:"id"`
	// Title is what people call it, on the button: "Google". Up to 40 characters.
	Title string `yaml:"title"`
	// Issuer is the provider's own address, exactly as it writes it: "https://accounts.google.com". https, but on this machine.
	Issuer string `yaml:"issuer"`
	// ClientID and ClientSecret are what the provider gave the portal. Write the secret as ${env:NAME} or ${file:/path}.
	ClientID     string      `yaml:"client_id"`
	ClientSecret secret.Text `yaml:"client_secret"`
	// Domains are those of e-mails that may be linked; empty for all. An account that is linked is not looked at again.
	Domains []string `yaml:"domains"`
	// SecondFactor says what a sign-in at the provider counts as: "asked", one factor, so that the second one of those who
	// have one is asked for; "trusted", both, since the provider asks for its own. Default: asked.
	SecondFactor string `yaml:"second_factor"`
}

// What Provider.SecondFactor can be.
const (
	factorAsked   = "asked"
	factorTrusted = "trusted"
)

func (p *Provider) trusted() bool { return p.SecondFactor == factorTrusted }

var (
	providerShape = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	domainShape   = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

// validate tells wrong each key that is.
func (p *Provider) validate(wrong func(bad bool, key, want string)) {
	wrong(!providerShape.MatchString(p.ID), "id", "lower-case letters, digits and hyphens, such as google")
	wrong(p.Title == "" || len([]rune(p.Title)) > 40, "title", "1 to 40 characters, such as Google")
	issuer, err := url.Parse(p.Issuer)
	wrong(err != nil || !safeAddress(issuer) || issuer.RawQuery != "" || issuer.Fragment != "" || len(p.Issuer) > 255,
		"issuer", "the https address that the provider calls itself by, such as https://accounts.google.com")
	wrong(p.ClientID == "" || len(p.ClientID) > 512, "client_id", "what the provider gave the portal")
	wrong(p.ClientSecret.IsZero(), "client_secret", "what the provider gave the portal, as ${env:NAME} or ${file:/path}")
	wrong(slices.ContainsFunc(p.Domains, func(d string) bool { return !domainShape.MatchString(d) }), "domains", "domains in lower case, such as [example.com]")
	wrong(p.SecondFactor != "" && p.SecondFactor != factorAsked && p.SecondFactor != factorTrusted, "second_factor", "asked or trusted")
}

// safeAddress tells whether what goes there cannot be read or altered on its way: https, or no further than this machine.
func safeAddress(u *url.URL) bool {
	if u.Hostname() == "" || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// mayLink tells whether accounts with an e-mail may be linked.
func (p *Provider) mayLink(email string) bool {
	_, domain, _ := strings.Cut(email, "@")
	return len(p.Domains) == 0 || slices.Contains(p.Domains, domain)
}

// provider finds one by its id.
func (m *Module) provider(id string) *outside {
	for _, o := range m.outside {
		if o.ID == id {
			return o
		}
	}
	return nil
}
