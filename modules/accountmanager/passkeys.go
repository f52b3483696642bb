package accountmanager

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// mostPasskeys is how many somebody may have: one for each thing they sign in on, and some to spare.
const mostPasskeys = 20

var (
	errNoPasskey    = status.Error(codes.NotFound, "there is no such passkey")
	errNoParty      = status.Error(codes.FailedPrecondition, "this portal's address can have no passkeys: it needs a name and https")
	errNoCeremony   = status.Error(codes.Aborted, "the passkey came too late, or was shown before: begin again")
	errWrongPasskey = status.Error(codes.Unauthenticated, "the passkey is not known here, or its answer does not hold")
)

// passkeyService is what people do with their own passkeys. It reads with the caller's own eyes, and acts as the module
// where other rows count.
type passkeyService struct {
	kernelv1.UnimplementedPasskeyServiceServer
	*Module
}

var _ kernelv1.PasskeyServiceServer = (*passkeyService)(nil)

func (m *Module) passkeyOf(r passkeyRow) *kernelv1.Passkey {
	p := &kernelv1.Passkey{
		Id: r.ID, Name: r.Name, Device: r.Device, Synced: r.Synced, CreateTime: timestamppb.New(r.Created),
		State: kernelv1.PasskeyState_PASSKEY_STATE_READY,
	}
	if r.LastUse != nil {
		p.LastUseTime = timestamppb.New(*r.LastUse)
	}
	if r.Party != m.party.name() {
		p.State = kernelv1.PasskeyState_PASSKEY_STATE_ELSEWHERE
	}
	return p
}

// ListPasskeys lists the caller's own, newest first.
func (s *passkeyService) ListPasskeys(ctx context.Context, r *kernelv1.ListPasskeysRequest) (*kernelv1.ListPasskeysResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	var after string
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := store.PageSize(r.GetPageSize())
	rows, err := listPasskeys(ctx, s.host.Store, who.UserID, after, size+1)
	if err != nil {
		return nil, err
	}
	response := &kernelv1.ListPasskeysResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, size, func(last passkeyRow) []any { return []any{last.ID} })
	for _, row := range rows {
		response.Passkeys = append(response.Passkeys, s.passkeyOf(row))
	}
	return response, err
}

// GetPasskey returns one of the caller's.
func (s *passkeyService) GetPasskey(ctx context.Context, r *kernelv1.GetPasskeyRequest) (*kernelv1.GetPasskeyResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	row, err := firstOf(findPasskey(ctx, s.host.Store, who.UserID, r.GetId()))
	if err != nil || row.ID == "" {
		return nil, orElse(err, errNoPasskey)
	}
	return &kernelv1.GetPasskeyResponse{Passkey: s.passkeyOf(row)}, nil
}

// owner is a user as the library wants them. The handle that devices keep is the user's id: it says nothing to others.
type owner struct {
	handle      []byte
	name, shown string
	keys        []webauthn.Credential
}

var _ webauthn.User = (*owner)(nil)

func (o *owner) WebAuthnID() []byte                         { return o.handle }
func (o *owner) WebAuthnName() string                       { return o.name }
func (o *owner) WebAuthnDisplayName() string                { return o.shown }
func (o *owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// ownerOf is a user with their keys.
func ownerOf(userID string, keys ...keyRow) (*owner, error) {
	id, err := uuid.Parse(userID)
	if err != nil {
		return nil, err
	}
	o := &owner{handle: id[:]}
	for _, k := range keys {
		o.keys = append(o.keys, k.credential())
	}
	return o, nil
}

// credential is a key as the library wants it.
func (k keyRow) credential() webauthn.Credential {
	c := webauthn.Credential{
		ID: k.CredentialID, PublicKey: k.PublicKey, Authenticator: webauthn.Authenticator{SignCount: uint32(k.SignCount)}, //nolint:gosec // it was one when it was written
		Flags: webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: k.MaySync, BackupState: k.Synced},
	}
	for _, t := range k.Transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

// StartPasskey says what the browser is to be asked.
func (s *passkeyService) StartPasskey(ctx context.Context, _ *kernelv1.StartPasskeyRequest) (*kernelv1.StartPasskeyResponse, error) {
	who, err := me(ctx)
	switch {
	case err != nil:
		return nil, err
	case s.party == nil:
		return nil, errNoParty
	}
	mine, err := firstOf(findMe(ctx, s.host.Store, who.UserID))
	if err != nil || mine.ID == "" {
		return nil, orElse(err, errNoUser)
	}
	keys, err := s.keysOf(s.host.Self(ctx), who.UserID, s.party.id)
	switch {
	case err != nil:
		return nil, err
	case len(keys) >= mostPasskeys:
		return nil, errTooManyPasskeys
	}
	o, err := ownerOf(who.UserID, keys...)
	if err != nil {
		return nil, err
	}
	o.name, o.shown = mine.Email, mine.Name
	options, session, err := s.party.BeginRegistration(o,
		webauthn.WithExclusions(webauthn.Credentials(o.keys).CredentialDescriptors()),
		webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()))
	if err != nil {
		return nil, err
	}
	response := &kernelv1.StartPasskeyResponse{}
	if response.Options, err = json.Marshal(options.Response); err != nil {
		return nil, err
	}
	response.Ceremony, err = s.sealSession(session, forMaking, makerOf(who))
	return response, err
}

// makerOf is whose answer a new passkey must be: of the same session, not only of the same user.
func makerOf(who access.Principal) string { return who.UserID + " " + who.SessionID }

var errTooManyPasskeys = refuse(codes.FailedPrecondition, "", "many_passkeys", "you have twenty passkeys: remove one that you do not use")

// FinishPasskey takes the new key. It counts from now on.
func (s *passkeyService) FinishPasskey(ctx context.Context, r *kernelv1.FinishPasskeyRequest) (*kernelv1.FinishPasskeyResponse, error) {
	who, err := me(ctx)
	switch {
	case err != nil:
		return nil, err
	case s.party == nil:
		return nil, errNoParty
	}
	name := strings.TrimSpace(r.GetName())
	if name == "" {
		return nil, refuse(codes.InvalidArgument, "name", "passkey_name", "give the passkey a name")
	}
	a, ok := s.openCeremony(r.GetAnswer().GetCeremony(), forMaking, makerOf(who))
	if !ok {
		return nil, errNoCeremony
	}
	made, err := s.made(a, who.UserID, r.GetAnswer().GetCredential())
	if err != nil {
		return nil, refuse(codes.InvalidArgument, "answer", "wrong_passkey", "what the device answered does not hold: begin again")
	}
	n := newPasskey{
		id: store.NewID(), userID: who.UserID, party: s.party.id, name: name, device: who.Place.Device,
		credentialID: made.ID, publicKey: made.PublicKey, signCount: made.Authenticator.SignCount,
		maySync: made.Flags.BackupEligible, synced: made.Flags.BackupState, transports: []string{}, now: s.host.Now(),
	}
	for _, t := range made.Transport {
		n.transports = append(n.transports, string(t))
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		if mine, err := firstOf(holdMe(ctx, tx, who.UserID)); err != nil || mine.ID == "" {
			return orElse(err, errNoUser)
		}
		if used, err := useCeremony(ctx, tx, a.Challenge, a.Until, n.now); err != nil || !used {
			return orElse(err, errNoCeremony)
		}
		if many, err := countPasskeys(ctx, tx, who.UserID); err != nil || many >= mostPasskeys {
			return orElse(err, errTooManyPasskeys)
		}
		fresh, err := insertPasskey(ctx, tx, n)
		if err != nil || !fresh {
			return orElse(err, refuse(codes.FailedPrecondition, "", "has_passkey", "this device has a passkey for the portal already"))
		}
		audit.About(tx, &kernelv1.Passkey{Id: n.id})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &kernelv1.FinishPasskeyResponse{Passkey: s.passkeyOf(passkeyRow{
		ID: n.id, Name: n.name, Device: n.device, Party: n.party, Synced: n.synced, Created: n.now,
	})}, nil
}

// made checks a new key against what was asked. The device must have looked at whose hands it is in.
func (m *Module) made(a asked, userID string, credential []byte) (*webauthn.Credential, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return nil, err
	}
	o, err := ownerOf(userID)
	if err != nil {
		return nil, err
	}
	return m.party.CreateCredential(o, m.party.session(a, o.handle), parsed)
}

// RenamePasskey gives one of the caller's another name.
func (s *passkeyService) RenamePasskey(ctx context.Context, r *kernelv1.RenamePasskeyRequest) (*kernelv1.RenamePasskeyResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(r.GetName())
	if name == "" {
		return nil, refuse(codes.InvalidArgument, "name", "passkey_name", "give the passkey a name")
	}
	response := &kernelv1.RenamePasskeyResponse{}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := firstOf(holdPasskey(ctx, tx, who.UserID, r.GetId()))
		if err != nil || row.ID == "" {
			return orElse(err, errNoPasskey)
		}
		before := s.passkeyOf(row)
		row.Name = name
		response.Passkey = s.passkeyOf(row)
		audit.Changed(tx, before, response.GetPasskey())
		return renamePasskey(ctx, tx, who.UserID, row.ID, name)
	})
	return response, err
}

// DeletePasskey takes one of the caller's away. Who must have a second factor keeps the last: to replace it, they make the
// new one first.
func (s *passkeyService) DeletePasskey(ctx context.Context, r *kernelv1.DeletePasskeyRequest) (*kernelv1.DeletePasskeyResponse, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		user, err := firstOf(holdUserRow(ctx, tx, who.UserID))
		if err != nil {
			return err
		}
		row, err := firstOf(holdPasskey(ctx, tx, who.UserID, r.GetId()))
		if err != nil || row.ID == "" {
			return err
		}
		if err := s.keepsFactor(ctx, tx, user, row); err != nil {
			return err
		}
		audit.Changed(tx, s.passkeyOf(row), nil)
		return deletePasskey(ctx, tx, who.UserID, row.ID)
	})
	return &kernelv1.DeletePasskeyResponse{}, err
}

// keepsFactor refuses to take the last second factor of somebody who must have one. A passkey that works nowhere is none.
func (m *Module) keepsFactor(ctx context.Context, tx *store.Tx, user userRow, without passkeyRow) error {
	if !m.wantsFactor(user.Staff, user.Roles) || without.Party != m.party.name() {
		return nil
	}
	has, err := factorsOf(ctx, tx, user.ID, m.party.name())
	if err != nil || has.Totp || has.Passkeys > 1 {
		return err
	}
	return refuse(codes.FailedPrecondition, "", "last_factor", "your role needs a second factor, and this is your last: add another first")
}
