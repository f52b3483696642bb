package accountmanager

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// identityService answers the kernel, which asks in nobody's name; so it acts as the module throughout.
type identityService struct {
	kernelv1.UnimplementedIdentityServiceServer
	*Module
}

var _ kernelv1.IdentityServiceServer = (*identityService)(nil)

// themes are what the look of pages can be, as it is stored.
var themes = []string{"", "light", "dark"}

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
	var challenge string
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.By(tx, found.UserID, found.Staff)
		opened, challenge, err = s.enter(ctx, tx, opening{userID: found.UserID, proved: found.Set, kept: r.GetKeep(), origin: r.GetOrigin()})
		if challenge != "" {
			audit.Quiet(tx) // nobody has come in yet
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if challenge != "" {
		return &kernelv1.SignInResponse{ChallengeToken: challenge}, nil
	}
	return &kernelv1.SignInResponse{SessionToken: opened.token, ExpireTime: timestamppb.New(opened.end)}, nil
}

// login tells an e-mail from a phone, and writes either as it is stored. What is neither is taken for an e-mail
// that nobody has.
func (m *Module) login(typed string) (email, phone string) {
	typed = strings.TrimSpace(typed)
	if !strings.Contains(typed, "@") {
		if number, ok := m.number(typed); ok {
			return "", number
		}
	}
	return strings.ToLower(typed), ""
}

// opening is a session to be opened.
type opening struct {
	userID string
	// proved is when the password was chosen that the user has just shown; zero when it was chosen just now, or none was shown.
	proved time.Time
	// passkey is the id of the one that the user has just shown; empty when they showed none.
	passkey string
	// clientID is whom to act for first; empty for the one acted for last time.
	clientID string
	kept     bool
	// outsideFactor says that a provider which the portal trusts with it asked for the second factor.
	outsideFactor bool
	origin        *kernelv1.Origin
}

type openedSession struct {
	id, token string
	// end is when it ends at the latest.
	end time.Time
}

// open opens a session in the transaction, whose user must be let in. The user's row is held, so that blocking them
// or another password comes either before, or ends this session too; so are the clients, against their suspension.
func (m *Module) open(ctx context.Context, tx *store.Tx, o opening) (openedSession, error) {
	now := m.host.Now()
	user, err := holdUser(ctx, tx, o.userID, now)
	switch {
	case err != nil:
		return openedSession{}, err
	case user.Blocked:
		return openedSession{}, refuse(codes.PermissionDenied, "", "blocked", "this account is blocked: ask the business")
	}
	if !o.proved.IsZero() {
		// Only now that the row is held: the answer cannot change any more.
		if set, err := passwordSet(ctx, tx, o.userID); err != nil || !set.Equal(o.proved) {
			return openedSession{}, orElse(err, errPasswordChanged)
		}
	}
	if o.passkey != "" {
		if there, err := keyIsThere(ctx, tx, o.passkey); err != nil || !there {
			return openedSession{}, orElse(err, errWrongPasskey)
		}
	}
	acting, err := m.actingAtFirst(ctx, tx, o, user.LastClientID)
	if err != nil {
		return openedSession{}, err
	}
	if o.clientID != "" {
		if err := adopt(ctx, tx, o.userID, o.clientID); err != nil {
			return openedSession{}, err
		}
	}
	audit.Concerns(tx, acting)
	token, hash := newToken()
	opened := openedSession{id: store.NewID(), token: token, end: now.Add(m.settings.SessionLongest)}
	if err := insertSession(ctx, tx, newSession{
		id: opened.id, userID: o.userID, hash: hash, clientID: acting, kept: o.kept, device: access.Device(o.origin.GetUserAgent()),
		address: o.origin.GetRemoteAddress(), now: now, expire: m.expiry(now, opened.end, o.kept), end: opened.end, outsideFactor: o.outsideFactor,
	}); err != nil {
		return openedSession{}, err
	}
	return opened, sweepSessions(ctx, tx, now)
}

// actingAtFirst is the client that a new session acts for; empty for staff, and for a contact who has none. Somebody
// whose clients are all suspended is not let in.
func (m *Module) actingAtFirst(ctx context.Context, tx *store.Tx, o opening, last string) (string, error) {
	clients, err := clientsOf(ctx, tx, o.userID)
	if err != nil || len(clients) == 0 {
		return "", err
	}
	open := slices.DeleteFunc(clients, func(c actingClient) bool { return c.Suspended })
	if len(open) == 0 {
		return "", refuse(codes.PermissionDenied, "", "suspended", "access of this client is suspended: ask the business")
	}
	for _, wanted := range []string{o.clientID, last} {
		if slices.ContainsFunc(open, func(c actingClient) bool { return c.ClientID == wanted }) {
			return wanted, nil
		}
	}
	return open[0].ClientID, nil
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
	if !r.GetPassive() && now.Sub(found.LastSeen) >= seenEvery {
		if err := s.seen(ctx, found, now); err != nil {
			return nil, err
		}
	}
	switch other, err := s.impersonated(ctx, found, now); {
	case err != nil:
		return nil, err
	case other != nil:
		// Who reads is the member of staff.
		other.Language, other.Theme = found.Language, themes[found.Theme%3]
		return &kernelv1.IdentifyResponse{Identity: other}, nil
	}
	if found.NamesOld {
		s.refreshNames(ctx, found.ClientIDs)
		if again, err := firstOf(s.findSession(ctx, hashToken(r.GetSessionToken()), now)); err == nil && again.SessionID != "" {
			found = again
		}
	}
	id := &kernelv1.Identity{
		UserId: found.UserID, SessionId: found.SessionID, Name: found.Name, Staff: found.Staff, Language: found.Language,
		Theme: themes[found.Theme%3], ProofTime: timestamppb.New(found.Proved), PhotoUrl: photoURL(found.Photo),
	}
	if found.Staff {
		if id.SecondFactorMissing = !found.HasFactor && s.wantsFactor(true, found.Roles); !id.SecondFactorMissing {
			id.Roles = found.Roles
		}
		return &kernelv1.IdentifyResponse{Identity: id}, nil
	}
	id.Roles = []string{roleClient}
	for i, clientID := range found.ClientIDs {
		id.Clients = append(id.Clients, &kernelv1.ActingClient{
			ClientId: clientID, Name: found.ClientNames[i], Role: found.ClientRoles[i], Kind: found.ClientKinds[i],
			Detail: found.ClientDetails[i], GroupId: found.ClientGroups[i], GroupName: found.groupName(i),
		})
		if clientID == found.ActingFor {
			id.ActingClientId = clientID
			id.Roles = append(id.Roles, found.ClientRoles[i])
		}
	}
	return &kernelv1.IdentifyResponse{Identity: id}, nil
}

// groupName is what the customer of a client is called: as the oldest of those legal entities of it that the user acts for.
func (f foundSession) groupName(of int) string {
	if f.ClientGroups[of] == "" {
		return ""
	}
	oldest := of
	for i, group := range f.ClientGroups {
		if group == f.ClientGroups[of] && f.ClientIDs[i] < f.ClientIDs[oldest] {
			oldest = i
		}
	}
	return f.ClientNames[oldest]
}

// GetNames says what users are called.
func (s *identityService) GetNames(ctx context.Context, r *kernelv1.GetNamesRequest) (*kernelv1.GetNamesResponse, error) {
	people, err := s.people(s.host.Self(ctx), r.GetUserIds())
	if err != nil {
		return nil, err
	}
	response := &kernelv1.GetNamesResponse{Names: map[string]string{}}
	for id, p := range people {
		response.Names[id] = p.Name
	}
	return response, nil
}

// SignOut ends a session.
func (s *identityService) SignOut(ctx context.Context, r *kernelv1.SignOutRequest) (*kernelv1.SignOutResponse, error) {
	ctx = s.host.Self(ctx)
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ended, err := endSession(ctx, tx, hashToken(r.GetSessionToken()))
		if err == nil && ended.UserID != "" {
			audit.By(tx, ended.UserID, ended.Staff)
			audit.Concerns(tx, ended.ClientID)
		}
		if err != nil {
			return err
		}
		return s.close(ctx, tx, signedOut, closeSignedOut)
	})
	return &kernelv1.SignOutResponse{}, err
}

// SwitchClient makes a session act for another client of its user, who is remembered for the next sign-in; or, of a member of
// staff who acts as a contact, for another of that contact's, which nobody remembers.
func (s *identityService) SwitchClient(ctx context.Context, r *kernelv1.SwitchClientRequest) (*kernelv1.SwitchClientResponse, error) {
	ctx = s.host.Self(ctx)
	now := s.host.Now()
	found, err := firstOf(s.findSession(ctx, hashToken(r.GetSessionToken()), now))
	switch {
	case err != nil:
		return nil, err
	case found.SessionID == "":
		return nil, errNoSession
	case found.Impersonation != "":
		return &kernelv1.SwitchClientResponse{}, s.switchImpersonated(ctx, found, r.GetClientId(), now)
	case !slices.Contains(found.ClientIDs, r.GetClientId()):
		return nil, errNotActing
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.By(tx, found.UserID, found.Staff)
		audit.Concerns(tx, r.GetClientId())
		return actFor(ctx, tx, found, r.GetClientId())
	})
	return &kernelv1.SwitchClientResponse{}, err
}
