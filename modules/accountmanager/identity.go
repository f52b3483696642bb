package accountmanager

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// identityService answers the kernel, which asks in nobody's name; so it acts as the module throughout.
type identityService struct {
	kernelv1.UnimplementedIdentityServiceServer
	*Module
}

var _ kernelv1.IdentityServiceServer = (*identityService)(nil)

// seenEvery is how often a session's last use is written down.
const seenEvery = time.Minute

// SignIn checks a password and opens a session. That an account is blocked, or its clients suspended, is told to
// those alone who know the password.
func (s *identityService) SignIn(ctx context.Context, r *kernelv1.SignInRequest) (*kernelv1.SignInResponse, error) {
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	email, phone := s.login(r.GetLogin())
	found, err := s.accountByLogin(ctx, email, phone)
	if err != nil {
		return nil, err
	}
	key := "user:" + found.UserID
	if found.UserID == "" {
		key = s.strangerKey(email + phone)
	}
	if err := s.passwords.check(ctx, key, found, r.GetPassword()); err != nil {
		return nil, err
	}
	var opened openedSession
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		opened, err = s.open(ctx, tx, found.UserID, r.GetKeep(), r.GetOrigin())
		return err
	})
	if err != nil {
		return nil, err
	}
	return &kernelv1.SignInResponse{SessionToken: opened.token, ExpireTime: timestamppb.New(opened.end)}, nil
}

// login tells an e-mail from a phone, and writes either as it is stored. What is neither is taken for an e-mail
// that nobody has.
func (m *Module) login(typed string) (email, phone string) {
	typed = strings.TrimSpace(typed)
	if !strings.Contains(typed, "@") {
		if number, err := phonenumbers.Parse(typed, m.settings.Country); err == nil {
			return "", phonenumbers.Format(number, phonenumbers.E164)
		}
	}
	return strings.ToLower(typed), ""
}

type openedSession struct {
	id, token string
	// end is when it ends at the latest.
	end time.Time
}

// open opens a session in the transaction, whose user must be let in. The user's row is held, so that blocking them
// meanwhile either comes before or ends this session too.
func (m *Module) open(ctx context.Context, tx *store.Tx, userID string, keep bool, origin *kernelv1.Origin) (openedSession, error) {
	now := m.host.Now()
	user, err := holdUser(ctx, tx, userID)
	switch {
	case err != nil:
		return openedSession{}, err
	case user.Blocked:
		return openedSession{}, refuse(codes.PermissionDenied, "", "blocked", "this account is blocked: ask the business")
	}
	clients, err := clientsOf(ctx, tx, userID)
	if err != nil {
		return openedSession{}, err
	}
	open := slices.DeleteFunc(slices.Clone(clients), func(c actingClient) bool { return c.Suspended })
	if len(clients) > 0 && len(open) == 0 {
		return openedSession{}, refuse(codes.PermissionDenied, "", "suspended", "access of this client is suspended: ask the business")
	}
	acting := ""
	if len(open) > 0 {
		acting = open[0].ClientID
		if slices.ContainsFunc(open, func(c actingClient) bool { return c.ClientID == user.LastClientID }) {
			acting = user.LastClientID
		}
	}
	token, hash := newToken()
	opened := openedSession{id: store.NewID(), token: token, end: now.Add(m.settings.SessionLongest)}
	if err := insertSession(ctx, tx, newSession{
		id: opened.id, userID: userID, hash: hash, clientID: acting, kept: keep, device: device(origin.GetUserAgent()),
		address: origin.GetRemoteAddress(), now: now, expire: m.expiry(now, opened.end, keep), end: opened.end,
	}); err != nil {
		return openedSession{}, err
	}
	return opened, sweepSessions(ctx, tx, now)
}

// expiry is when a session used now ends by itself.
func (m *Module) expiry(now, end time.Time, kept bool) time.Time {
	idle := m.settings.SessionIdle
	if kept {
		idle = m.settings.SessionKept
	}
	if t := now.Add(idle); t.Before(end) {
		return t
	}
	return end
}

// Identify says who a token belongs to. A contact whose client is no longer theirs, or suspended, acts for nobody
// until they choose another.
func (s *identityService) Identify(ctx context.Context, r *kernelv1.IdentifyRequest) (*kernelv1.IdentifyResponse, error) {
	ctx = s.host.Self(ctx)
	now := s.host.Now()
	found, err := firstOf(s.findSession(ctx, hashToken(r.GetSessionToken()), now))
	switch {
	case err != nil:
		return nil, err
	case found.SessionID == "":
		return nil, errNoSession
	}
	if now.Sub(found.LastSeen) >= seenEvery {
		if err := s.seen(ctx, found, now); err != nil {
			return nil, err
		}
	}
	if found.NamesOld {
		s.refreshNames(ctx, found.ClientIDs)
	}
	id := &kernelv1.Identity{
		UserId: found.UserID, SessionId: found.SessionID, Name: found.Name, Staff: found.Staff, Language: found.Language,
		Theme: []string{"", "light", "dark"}[found.Theme%3],
	}
	if found.Staff {
		id.Roles = found.Roles
		return &kernelv1.IdentifyResponse{Identity: id}, nil
	}
	id.Roles = []string{roleClient}
	acting := found.ActingFor
	if acting == "" && len(found.ClientIDs) > 0 {
		acting = found.ClientIDs[0] // their first client came after they had signed in
	}
	for i, clientID := range found.ClientIDs {
		id.Clients = append(id.Clients, &kernelv1.ActingClient{ClientId: clientID, Name: found.ClientNames[i], Role: found.ClientRoles[i]})
		if clientID == acting {
			id.ActingClientId = acting
			id.Roles = append(id.Roles, found.ClientRoles[i])
		}
	}
	return &kernelv1.IdentifyResponse{Identity: id}, nil
}

// SignOut ends a session.
func (s *identityService) SignOut(ctx context.Context, r *kernelv1.SignOutRequest) (*kernelv1.SignOutResponse, error) {
	ctx = s.host.Self(ctx)
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return endSession(ctx, tx, hashToken(r.GetSessionToken()))
	})
	return &kernelv1.SignOutResponse{}, err
}

// SwitchClient makes a session act for another client of its user, who is remembered for the next sign-in.
func (s *identityService) SwitchClient(ctx context.Context, r *kernelv1.SwitchClientRequest) (*kernelv1.SwitchClientResponse, error) {
	ctx = s.host.Self(ctx)
	found, err := firstOf(s.findSession(ctx, hashToken(r.GetSessionToken()), s.host.Now()))
	switch {
	case err != nil:
		return nil, err
	case found.SessionID == "":
		return nil, errNoSession
	case !slices.Contains(found.ClientIDs, r.GetClientId()):
		return nil, status.Error(codes.PermissionDenied, "this is no client you can act for")
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return actFor(ctx, tx, found, r.GetClientId())
	})
	return &kernelv1.SwitchClientResponse{}, err
}
