package accountmanager

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// StartPasskeySignIn asks whoever is there, or who waits for their second factor. Whom the browser has keys of, it alone
// knows: nothing is said of any user here.
func (s *identityService) StartPasskeySignIn(ctx context.Context, r *kernelv1.StartPasskeySignInRequest) (*kernelv1.StartPasskeySignInResponse, error) {
	ctx = s.host.Self(ctx)
	response := &kernelv1.StartPasskeySignInResponse{}
	if r.GetChallengeToken() != "" {
		return response, s.startFactor(ctx, r, response)
	}
	if s.party == nil {
		return nil, errNoParty
	}
	options, session, err := s.party.BeginDiscoverableLogin()
	if err != nil {
		return nil, err
	}
	if response.Options, err = json.Marshal(options.Response); err != nil {
		return nil, err
	}
	response.Ceremony, err = s.sealSession(session, forSignIn, r.GetBrowser())
	return response, err
}

// startFactor asks whoever showed their password for one of their own keys, when they have any that works here.
func (s *identityService) startFactor(ctx context.Context, r *kernelv1.StartPasskeySignInRequest, response *kernelv1.StartPasskeySignInResponse) error {
	found, err := firstOf(s.findChallenge(ctx, hashToken(r.GetChallengeToken()), s.host.Now()))
	if err != nil || found.UserID == "" {
		return orElse(err, errNoChallenge)
	}
	has, err := factorsOf(ctx, s.host.Store, found.UserID, s.party.name())
	if err != nil {
		return err
	}
	response.Code = has.Totp
	response.Options, response.Ceremony, err = s.askOwner(ctx, found.UserID, forFactor, factorOf(r.GetChallengeToken(), r.GetBrowser()))
	return err
}

func factorOf(challengeToken, browser string) string {
	return base64.RawURLEncoding.EncodeToString(hashToken(challengeToken)) + " " + browser
}

// askOwner asks a user for one of their keys. Options are empty when they have none that works here.
func (m *Module) askOwner(ctx context.Context, userID string, what purpose, of string) (options []byte, ceremony string, err error) {
	if m.party == nil {
		return nil, "", nil
	}
	keys, err := m.keysOf(ctx, userID, m.party.id)
	if err != nil || len(keys) == 0 {
		return nil, "", err
	}
	o, err := ownerOf(userID, keys...)
	if err != nil {
		return nil, "", err
	}
	assertion, session, err := m.party.BeginLogin(o)
	if err != nil {
		return nil, "", err
	}
	if options, err = json.Marshal(assertion.Response); err != nil {
		return nil, "", err
	}
	ceremony, err = m.sealSession(session, what, of)
	return options, ceremony, err
}

func (m *Module) sealSession(session *webauthn.SessionData, what purpose, of string) (string, error) {
	challenge, err := base64.RawURLEncoding.DecodeString(session.Challenge)
	if err != nil {
		return "", err
	}
	return m.sealCeremony(challenge, what, of)
}

// FinishPasskeySignIn opens a session for whose key was shown. That an account is blocked, or its clients suspended, is told
// to those alone who have its key.
func (s *identityService) FinishPasskeySignIn(ctx context.Context, r *kernelv1.FinishPasskeySignInRequest) (*kernelv1.FinishPasskeySignInResponse, error) {
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	if r.GetChallengeToken() != "" {
		return s.finishFactor(ctx, r)
	}
	key, err := s.checkPasskey(ctx, r.GetAnswer(), forSignIn, r.GetBrowser(), "")
	if err != nil {
		return nil, err
	}
	var opened openedSession
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.By(tx, key.UserID, key.Staff)
		opened, err = s.open(ctx, tx, opening{userID: key.UserID, passkey: key.ID, kept: r.GetKeep(), origin: r.GetOrigin()})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &kernelv1.FinishPasskeySignInResponse{SessionToken: opened.token, ExpireTime: timestamppb.New(opened.end), Keep: r.GetKeep()}, nil
}

// finishFactor takes a key in the place of a code.
func (s *identityService) finishFactor(ctx context.Context, r *kernelv1.FinishPasskeySignInRequest) (*kernelv1.FinishPasskeySignInResponse, error) {
	hash := hashToken(r.GetChallengeToken())
	found, err := firstOf(s.findChallenge(ctx, hash, s.host.Now()))
	if err != nil || found.UserID == "" {
		return nil, orElse(err, errNoChallenge)
	}
	key, err := s.checkPasskey(ctx, r.GetAnswer(), forFactor, factorOf(r.GetChallengeToken(), r.GetBrowser()), found.UserID)
	if err != nil {
		return nil, err
	}
	opened, err := s.finish(ctx, hash, found, key.ID, r.GetOrigin())
	if err != nil {
		return nil, err
	}
	return &kernelv1.FinishPasskeySignInResponse{SessionToken: opened.token, ExpireTime: timestamppb.New(opened.end), Keep: found.Kept}, nil
}

// StartPasskeyProof asks the user of a session for one of their keys.
func (s *identityService) StartPasskeyProof(ctx context.Context, r *kernelv1.StartPasskeyProofRequest) (*kernelv1.StartPasskeyProofResponse, error) {
	ctx = s.host.Self(ctx)
	found, err := firstOf(s.findSession(ctx, hashToken(r.GetSessionToken()), s.host.Now()))
	if err != nil || found.SessionID == "" {
		return nil, orElse(err, errNoSession)
	}
	response := &kernelv1.StartPasskeyProofResponse{}
	response.Options, response.Ceremony, err = s.askOwner(ctx, found.UserID, forProof, found.SessionID)
	if err == nil && response.GetOptions() == nil {
		err = refuse(codes.FailedPrecondition, "", "no_passkey", "you have no passkey here yet")
	}
	return response, err
}

// checkPasskey takes an answer to what was asked, once, and says whose key it is: of userID, or of anybody where that is
// empty. Wrong answers of a key that is known lock out as wrong passwords do, apart from those: whoever has guessed a
// password may not keep the owner out, and the other way round. It acts as the module, and commits by itself.
func (m *Module) checkPasskey(ctx context.Context, answer *kernelv1.PasskeyAnswer, what purpose, of, userID string) (keyRow, error) {
	if m.party == nil {
		return keyRow{}, errNoParty
	}
	a, ok := m.openCeremony(answer.GetCeremony(), what, of)
	if !ok {
		return keyRow{}, errNoCeremony
	}
	parsed, unreadable := protocol.ParseCredentialRequestResponseBytes(answer.GetCredential())
	var key keyRow
	var verdict error
	err := m.host.Store.Tx(m.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		verdict, key = nil, keyRow{} // this may run again after a deadlock
		audit.Quiet(tx)              // unless the answer is wrong: what it was for comes after
		now := m.host.Now()
		used, err := useCeremony(ctx, tx, a.Challenge, a.Until, now)
		switch {
		case err != nil:
			return err
		case !used:
			verdict = errNoCeremony
			refusedPasskey(tx, "used_passkey", "")
			return nil
		}
		if unreadable == nil {
			key, err = firstOf(findKey(ctx, tx, parsed.RawID, m.party.id))
		}
		if err != nil {
			return err
		}
		if key.ID == "" || userID != "" && key.UserID != userID {
			verdict = errWrongPasskey
			refusedPasskey(tx, "wrong_passkey", "")
			return nil
		}
		verdict, err = m.countedPasskey(ctx, tx, key, a, parsed, userID == "")
		return err
	})
	return key, orElse(err, verdict)
}

// countedPasskey checks the answer of a key while its owner's count of wrong ones is held.
func (m *Module) countedPasskey(ctx context.Context, tx *store.Tx, key keyRow, a asked, parsed *protocol.ParsedCredentialAssertionData, anybody bool) (verdict, err error) {
	now := m.host.Now()
	count, err := lockTries(ctx, tx, keyTries(key.UserID), "", now)
	if err != nil {
		return nil, err
	}
	if wait := count.wait(now); wait > 0 {
		return tooMany("too many wrong answers of a passkey: wait", wait), nil
	}
	held, err := firstOf(holdKey(ctx, tx, key.ID))
	if err != nil || held.ID == "" {
		return errWrongPasskey, err // removed just now
	}
	shown, err := m.verify(held, a, parsed, anybody)
	reason := "wrong_passkey"
	if err == nil && shown.Authenticator.CloneWarning {
		reason = "copied_passkey"
	} else if err == nil {
		if err := keyUsed(ctx, tx, held.ID, shown.Authenticator.SignCount, shown.Flags.BackupState, now); err != nil {
			return nil, err
		}
		return nil, forgetTries(ctx, tx, keyTries(key.UserID))
	}
	refusedPasskey(tx, reason, key.UserID)
	return errWrongPasskey, m.passwords.wrong(ctx, tx, keyTries(key.UserID), count)
}

// verify holds an answer against what was asked: the challenge, the portal's name and origin, that the device looked at
// whose hands it is in, and the signature over all of it (Web Authentication level 3, 7.2).
func (m *Module) verify(key keyRow, a asked, parsed *protocol.ParsedCredentialAssertionData, anybody bool) (*webauthn.Credential, error) {
	o, err := ownerOf(key.UserID, key)
	if err != nil {
		return nil, err
	}
	if !anybody {
		return m.party.ValidateLogin(o, m.party.session(a, o.handle), parsed)
	}
	// Whose key it is, it says itself: the library compares that with the owner.
	return m.party.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return o, nil }, m.party.session(a, nil), parsed)
}

// refusedPasskey says in the audit log that a passkey let nobody in, and why. Of whom nobody knows, nothing is said.
func refusedPasskey(tx *store.Tx, reason, userID string) {
	tx.Audit().Quiet = false
	audit.Refused(tx, reason)
	if userID != "" {
		audit.About(tx, &accountmanagerv1.User{Id: userID})
	}
}

// keyTries names a user's count of wrong answers.
func keyTries(userID string) string { return "passkey:" + userID }
