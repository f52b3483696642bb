package accountmanager_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"maps"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// address is where browsers reach the portal of these tests.
const (
	address = "https://cabinet.example/my"
	origin  = "https://cabinet.example"
	rpID    = "cabinet.example"
)

// device keeps one key as a phone does, and the browser on it answers for it: ES256, no attestation. What it does wrong, a
// test tells it.
type device struct {
	t   *testing.T
	key *ecdsa.PrivateKey
	id  []byte
	// handle is whose key it is.
	handle []byte
	// count is told with each answer; zero is a device that does not count.
	count uint32

	// origin is the page that the browser shows, party the name that the key is used for.
	origin, party string
	// unseen: the device did not look at whose hands it is in.
	unseen bool
	// forged: somebody signs with a key that is like it and is not.
	forged bool
	// framed: the page is in a frame of another one.
	framed bool
}

func newDevice(t *testing.T) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	d := &device{t: t, key: key, id: make([]byte, 32), origin: origin, party: rpID}
	_, _ = rand.Read(d.id)
	return d
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// options is what both kinds of request tell a browser, as far as a device looks at it.
type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"rp"`
	User struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"user"`
	UserVerification   string `json:"userVerification"`
	Attestation        string `json:"attestation"`
	AllowCredentials   []any  `json:"allowCredentials"`
	ExcludeCredentials []any  `json:"excludeCredentials"`
	Selection          struct {
		ResidentKey      string `json:"residentKey"`
		UserVerification string `json:"userVerification"`
	} `json:"authenticatorSelection"`
}

func (d *device) read(text []byte) (o options) {
	d.t.Helper()
	require.NoError(d.t, json.Unmarshal(text, &o), "%s", text)
	return o
}

func (d *device) clientData(kind, challenge string) []byte {
	fields := map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": d.framed}
	if d.framed {
		fields["topOrigin"] = "https://elsewhere.example"
	}
	text, err := json.Marshal(fields)
	require.NoError(d.t, err)
	return text
}

// authData is what the device says of itself: for whom, what it saw, how often.
func (d *device) authData(flags byte, attested []byte) []byte {
	party := sha256.Sum256([]byte(d.party))
	flags |= 0x01 // somebody touched it
	if !d.unseen {
		flags |= 0x04
	}
	out := append(party[:], flags)
	out = binary.BigEndian.AppendUint32(out, d.count)
	return append(out, attested...)
}

// make answers to a request for a new key.
func (d *device) make(begun *kernelv1.StartPasskeyResponse) *kernelv1.PasskeyAnswer {
	d.t.Helper()
	asked := d.read(begun.GetOptions())
	handle, err := base64.RawURLEncoding.DecodeString(asked.User.ID)
	require.NoError(d.t, err)
	d.handle = handle
	point, err := d.key.PublicKey.Bytes()
	require.NoError(d.t, err)
	// A COSE key of RFC 9053: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
	cose := bytes.Join([][]byte{{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, point[1:33], {0x22, 0x58, 0x20}, point[33:]}, nil)
	attested := append(make([]byte, 16), 0, byte(len(d.id)))
	attested = append(append(attested, d.id...), cose...)
	data := d.authData(0x40, attested)
	// {"fmt": "none", "attStmt": {}, "authData": data}
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return d.answer(begun.GetCeremony(), map[string]any{
		"clientDataJSON": b64(d.clientData("webauthn.create", asked.Challenge)), "attestationObject": b64(append(object, data...)),
		"transports": []string{"internal"},
	})
}

// show answers to a request for a key that is there.
func (d *device) show(opts []byte, ceremony string) *kernelv1.PasskeyAnswer {
	d.t.Helper()
	asked := d.read(opts)
	data, client := d.authData(0, nil), d.clientData("webauthn.get", asked.Challenge)
	hashed := sha256.Sum256(client)
	signed := sha256.Sum256(append(bytes.Clone(data), hashed[:]...))
	key := d.key
	if d.forged {
		var err error
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(d.t, err)
	}
	signature, err := ecdsa.SignASN1(rand.Reader, key, signed[:])
	require.NoError(d.t, err)
	return d.answer(ceremony, map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(d.handle),
	})
}

func (d *device) answer(ceremony string, response map[string]any) *kernelv1.PasskeyAnswer {
	text, err := json.Marshal(map[string]any{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"authenticatorAttachment": "platform", "response": response,
	})
	require.NoError(d.t, err)
	return &kernelv1.PasskeyAnswer{Credential: text, Ceremony: ceremony}
}

// changed is an answer of which a field of the response is another.
func changed(t *testing.T, a *kernelv1.PasskeyAnswer, with map[string]any) *kernelv1.PasskeyAnswer {
	t.Helper()
	var text map[string]any
	require.NoError(t, json.Unmarshal(a.GetCredential(), &text))
	maps.Copy(text["response"].(map[string]any), with)
	out, err := json.Marshal(text)
	require.NoError(t, err)
	return &kernelv1.PasskeyAnswer{Credential: out, Ceremony: a.GetCeremony()}
}

func (p *portal) passkeys() kernelv1.PasskeyServiceClient {
	return kernelv1.NewPasskeyServiceClient(p.router)
}

// passkey makes somebody one, on a device of its own.
func (p *portal) passkey(token string) (*device, *kernelv1.Passkey) {
	p.t.Helper()
	d := newDevice(p.t)
	begun, err := p.passkeys().StartPasskey(p.as(token), &kernelv1.StartPasskeyRequest{})
	require.NoError(p.t, err)
	done, err := p.passkeys().FinishPasskey(p.as(token), &kernelv1.FinishPasskeyRequest{Name: "Phone", Answer: d.make(begun)})
	require.NoError(p.t, err)
	return d, done.GetPasskey()
}

const browser = "one browser"

// ask begins a sign-in by passkey.
func (p *portal) ask(challengeToken ...string) *kernelv1.StartPasskeySignInResponse {
	p.t.Helper()
	r := &kernelv1.StartPasskeySignInRequest{Browser: browser}
	if len(challengeToken) > 0 {
		r.ChallengeToken = challengeToken[0]
	}
	begun, err := p.identity.StartPasskeySignIn(p.kernel(), r)
	require.NoError(p.t, err)
	return begun
}

func (p *portal) enter(answer *kernelv1.PasskeyAnswer) (*kernelv1.FinishPasskeySignInResponse, error) {
	return p.identity.FinishPasskeySignIn(p.kernel(), &kernelv1.FinishPasskeySignInRequest{
		Answer: answer, Browser: browser, Keep: true, Origin: &kernelv1.Origin{RemoteAddress: "192.0.2.7", UserAgent: "Chrome Windows"},
	})
}

// signInWith begins and ends one.
func (p *portal) signInWith(d *device) (string, error) {
	p.t.Helper()
	begun := p.ask()
	in, err := p.enter(d.show(begun.GetOptions(), begun.GetCeremony()))
	return in.GetSessionToken(), err
}

// idOf is a user's id as devices keep it.
func idOf(t *testing.T, userID string) []byte {
	t.Helper()
	id, err := uuid.Parse(userID)
	require.NoError(t, err)
	return id[:]
}
