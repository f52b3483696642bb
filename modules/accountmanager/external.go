package accountmanager

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// flowLife is how long a sign-in at a provider may take.
const flowLife = 10 * time.Minute

// flow is a sign-in that was begun. It goes to the browser and back sealed: of what only one browser should know, the state
// comes back in the address, the nonce in the ID token, and the verifier is shown to the provider alone (RFC 7636).
type flow struct {
	ID, Provider           string
	State, Nonce, Verifier string
	Redirect               string
	Until                  time.Time
}

const flowPurpose = "external-flow"

var (
	errNoProvider = status.Error(codes.NotFound, "there is no such way in")
	errProvider   = status.Error(codes.Unavailable, "the provider does not answer: sign in in another way, or try again in a minute")
	errFlow       = status.Error(codes.Unauthenticated, "what came back does not fit what was begun, was used or is too old: begin again")
)

// Why a provider's account lets nobody in.
var (
	errOutsideUnverified = refuse(codes.PermissionDenied, "", "external_unverified", "the provider has not verified the account's e-mail")
	errOutsideDomain     = refuse(codes.PermissionDenied, "", "external_domain", "accounts of this e-mail domain are not let in")
	errOutsideUnknown    = refuse(codes.PermissionDenied, "", "external_unknown", "there is no member of staff with this e-mail: ask to be invited")
	errOutsideContact    = refuse(codes.PermissionDenied, "", "external_contact", "this way in is for staff: sign in with the password")
	errOutsideUnlinked   = refuse(codes.PermissionDenied, "", "external_unlinked", "this account was unlinked: sign in with the password, and allow it again in the settings")
	errOutsideOther      = refuse(codes.PermissionDenied, "", "external_other", "another account of the provider was linked before: sign in with that one, or with the password")
)

// StartExternalSignIn begins one.
func (s *identityService) StartExternalSignIn(ctx context.Context, r *kernelv1.StartExternalSignInRequest) (*kernelv1.StartExternalSignInResponse, error) {
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	o := s.provider(r.GetProviderId())
	if o == nil {
		return nil, errNoProvider
	}
	m, err := o.metadata(ctx)
	if err != nil {
		return nil, s.outsideFailed(ctx, o, err)
	}
	f := flow{
		ID: store.NewID(), Provider: o.ID, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		Redirect: r.GetRedirectUri(), Until: s.host.Now().Add(flowLife),
	}
	token, err := s.sealFlow(f)
	if err != nil {
		return nil, err
	}
	return &kernelv1.StartExternalSignInResponse{
		FlowToken:    token,
		AuthorizeUrl: o.config(m, f.Redirect).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)),
	}, nil
}

func (m *Module) sealFlow(f flow) (string, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	sealed, err := m.host.Secrets.Seal(flowPurpose, text)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (m *Module) openFlow(token string) (f flow, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return f, false
	}
	text, err := m.host.Secrets.Open(flowPurpose, sealed)
	return f, err == nil && json.Unmarshal(text, &f) == nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// outsideFailed logs what a provider did, and says what people need to know of it.
func (m *Module) outsideFailed(ctx context.Context, o *outside, err error) error {
	m.host.Log.WarnContext(ctx, "a sign-in at a provider failed", "provider", o.ID, "error", err)
	switch {
	case errors.Is(err, errAway):
		return errProvider
	case errors.Is(err, errUntrusted):
		return errFlow
	}
	return err
}

// FinishExternalSignIn takes what the browser came back with. The first time the provider's verified e-mail finds the member
// of staff; from then on the provider's own name for them does, and their e-mails no longer matter.
func (s *identityService) FinishExternalSignIn(ctx context.Context, r *kernelv1.FinishExternalSignInRequest) (*kernelv1.FinishExternalSignInResponse, error) {
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	o := s.provider(r.GetProviderId())
	if o == nil {
		return nil, errNoProvider
	}
	f, ok := s.openFlow(r.GetFlowToken())
	if !ok || f.Provider != o.ID || f.Redirect != r.GetRedirectUri() || !same(f.State, r.GetState()) ||
		r.GetIssuer() != "" && r.GetIssuer() != o.Issuer || !s.host.Now().Before(f.Until) {
		return nil, errFlow
	}
	// Before the provider is asked: of the same answer brought twice at once, one is looked at.
	if used, err := s.useFlow(ctx, f); err != nil || !used {
		return nil, orElse(err, errFlow)
	}
	said, err := o.redeem(ctx, f, r.GetCode())
	if err != nil {
		return nil, s.outsideFailed(ctx, o, err)
	}
	who, err := s.whoIsOutside(ctx, o, said)
	if err != nil {
		return nil, err
	}
	response := &kernelv1.FinishExternalSignInResponse{}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		response.Reset() // this may run again after a deadlock
		user, err := firstOf(holdUserRow(ctx, tx, who))
		if err != nil || !user.Staff {
			return orElse(err, errOutsideContact)
		}
		audit.By(tx, user.ID, true)
		fresh, err := s.linked(ctx, tx, o, said, user)
		if err != nil {
			return err
		}
		opened, challenge, err := s.enterOutside(ctx, tx, o, opening{userID: user.ID, origin: r.GetOrigin()})
		if err != nil {
			return err
		}
		if response.ChallengeToken = challenge; challenge == "" {
			response.SessionToken, response.ExpireTime = opened.token, timestamppb.New(opened.end)
		} else if !fresh {
			audit.Quiet(tx) // nobody has come in yet
		}
		return nil
	})
	if err != nil {
		if status.Code(err) == codes.PermissionDenied {
			s.refusedOutside(ctx, who, true)
		}
		return nil, err
	}
	return response, nil
}

// enterOutside opens a session for somebody whom a provider vouches for. Where the provider is not trusted with the second
// factor, theirs is asked for; a password that is chosen meanwhile makes that void.
func (m *Module) enterOutside(ctx context.Context, tx *store.Tx, o *outside, in opening) (openedSession, string, error) {
	if o.trusted() {
		in.outsideFactor = true
		opened, err := m.open(ctx, tx, in)
		return opened, "", err
	}
	set, err := passwordSet(ctx, tx, in.userID)
	if err != nil {
		return openedSession{}, "", err
	}
	in.proved = set
	opened, challenge, err := m.enter(ctx, tx, in)
	return opened, challenge, err
}

// whoIsOutside finds the user whom a provider's account stands for, or could be linked to.
func (m *Module) whoIsOutside(ctx context.Context, o *outside, said claims) (string, error) {
	account, err := firstOf(m.externalAccount(ctx, o.Issuer, said.Subject))
	if err != nil || account.UserID != "" {
		return account.UserID, err
	}
	email := plainLower(said.Email)
	switch {
	case email == "":
		return "", errOutsideUnverified
	case !o.mayLink(email):
		return "", errOutsideDomain
	}
	found, err := firstOf(m.userByEmail(ctx, email))
	switch {
	case err != nil:
		return "", err
	case found.ID == "":
		return "", errOutsideUnknown
	case !found.Staff:
		m.refusedOutside(ctx, found.ID, false)
		return "", errOutsideContact
	}
	return found.ID, nil
}

// linked makes sure, while the user is held, that the account is theirs; the first time it makes it so, and tells them.
func (m *Module) linked(ctx context.Context, tx *store.Tx, o *outside, said claims, user userRow) (fresh bool, err error) {
	now := m.host.Now()
	account, err := firstOf(holdExternalAccount(ctx, tx, o.Issuer, said.Subject))
	switch {
	case err != nil:
		return false, err
	case account.Unlinked:
		return false, errOutsideUnlinked
	case account.UserID == user.ID:
		return false, seenExternal(ctx, tx, account.ID, now)
	case account.UserID != "" || plainLower(said.Email) != user.Email:
		return false, errFlow // it was linked to somebody else, or their e-mail was changed, at this moment
	}
	fresh, err = insertExternalAccount(ctx, tx, externalRow{
		ID: store.NewID(), UserID: user.ID, Issuer: o.Issuer, Email: user.Email, Linked: now,
	}, said.Subject)
	if err != nil || !fresh {
		return false, orElse(err, errOutsideOther)
	}
	_, err = m.write(ctx, tx, newLetter{userID: user.ID, kind: letterExternalLinked, email: user.Email})
	return true, err
}

// refusedOutside writes that somebody was not let in.
func (m *Module) refusedOutside(ctx context.Context, userID string, staff bool) {
	err := m.host.Store.Tx(ctx, func(_ context.Context, tx *store.Tx) error {
		audit.By(tx, userID, staff)
		audit.Refused(tx, "outside_account")
		audit.About(tx, &accountmanagerv1.User{Id: userID})
		return nil
	})
	if err != nil {
		m.host.Log.ErrorContext(ctx, "a refused sign-in is not in the audit log", "error", err)
	}
}

// plainLower makes letters of ASCII small, and no others: among those of Unicode some become a letter of ASCII, and
// somebody's e-mail that of another.
func plainLower(email string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, strings.TrimSpace(email))
}
