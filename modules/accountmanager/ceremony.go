package accountmanager

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"golang.org/x/net/idna"
)

// party is what the portal is to devices that keep keys for it, in the words of the standard the relying party: a host
// name, and the one origin that answers may come from.
type party struct {
	*webauthn.WebAuthn
	id string
}

// newParty is nil where browsers make no passkeys: at an address that is a number, or without https. Only localhost needs
// none (Web Authentication level 3, 5.1.2; Secure Contexts, 3.1).
func newParty(address, name string) *party {
	at, err := url.Parse(address)
	if err != nil {
		return nil
	}
	host, err := idna.Lookup.ToASCII(strings.ToLower(at.Hostname()))
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if err != nil || host == "" || net.ParseIP(host) != nil || at.Scheme != "https" && !(at.Scheme == "http" && local) {
		return nil
	}
	origin := at.Scheme + "://" + host
	if port := at.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[at.Scheme] {
		origin += ":" + port
	}
	limit := webauthn.TimeoutConfig{Timeout: ceremonyLife, TimeoutUVD: ceremonyLife}
	w, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: name, RPOrigins: []string{origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(), ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
		// Nothing is asked for, so nothing that comes is looked at.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil
	}
	return &party{w, host}
}

// name is the host name as rows have it; empty where there can be no passkeys, which no row has.
func (p *party) name() string {
	if p == nil {
		return ""
	}
	return p.id
}

// ceremonyLife is how long a browser may take to answer.
const ceremonyLife = 10 * time.Minute

// purpose is what somebody is asked for a passkey for. An answer to one is none to another.
type purpose string

const (
	forSignIn purpose = "sign-in"
	forFactor purpose = "factor"
	forProof  purpose = "proof"
	forMaking purpose = "making"
)

// asked is what a browser was asked, until it answers.
type asked struct {
	Challenge []byte
	Until     time.Time
}

// ceremonyPurpose is what ceremonies are sealed for, bound to their purpose and to whom they are for.
const ceremonyPurpose = "passkey-ceremony"

// sealCeremony writes down what was asked, for the browser to bring it back. of is whose answer it must be: a browser's, a
// session's, a sign-in's that waits.
func (m *Module) sealCeremony(challenge []byte, what purpose, of string) (string, error) {
	text, err := json.Marshal(asked{Challenge: challenge, Until: m.host.Now().Add(ceremonyLife)})
	if err != nil {
		return "", err
	}
	sealed, err := m.host.Secrets.Seal(ceremonyPurpose, text, []byte(what), []byte(of))
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// openCeremony reads it again. What is not ours, is of another purpose or somebody else's, or too old, is no ceremony.
func (m *Module) openCeremony(sealed string, what purpose, of string) (a asked, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return a, false
	}
	text, err := m.host.Secrets.Open(ceremonyPurpose, raw, []byte(what), []byte(of))
	if err != nil || json.Unmarshal(text, &a) != nil {
		return a, false
	}
	return a, m.host.Now().Before(a.Until)
}

// session is what was asked, as the library takes it.
func (p *party) session(a asked, userID []byte) webauthn.SessionData {
	return webauthn.SessionData{
		Challenge: base64.RawURLEncoding.EncodeToString(a.Challenge), RelyingPartyID: p.id, UserID: userID,
		UserVerification: protocol.VerificationRequired, CredParams: webauthn.CredentialParametersRecommendedL3(),
	}
}
