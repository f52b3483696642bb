package accountmanager

import (
	"context"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// impersonationService has members of staff see the portal as contacts do. What it comes to is decided whenever somebody
// asks who a session belongs to: see impersonated.go.
type impersonationService struct {
	accountmanagerv1.UnimplementedImpersonationServiceServer
	*Module
}

var _ accountmanagerv1.ImpersonationServiceServer = (*impersonationService)(nil)

// Shorter names for how an impersonation goes on or ended.
const (
	actsOn     = accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_ACTIVE
	stopped    = accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_STOPPED
	expired    = accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_EXPIRED
	signedOut  = accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_SIGNED_OUT
	lostRight  = accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_NO_RIGHT
	lostPerson = accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_NO_CONTACT
	lostClient = accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_NO_CLIENT
)

var (
	errNoImpersonation = status.Error(codes.NotFound, "there is no such impersonation")
	errActsAsAnother   = status.Error(codes.PermissionDenied, "nobody shows as another that it is them: end that first")
	errNoStaffSession  = refuse(codes.FailedPrecondition, "", "no_own_session", "only a member of staff who is signed in acts as another, in that session")
)

// wanted is what is asked for to begin.
type wanted struct {
	request                                      proto.Message
	requestID, clientID, membershipID, actReason string
	reason                                       string
	act                                          bool
}

// ViewAs begins to look.
func (s *impersonationService) ViewAs(ctx context.Context, r *accountmanagerv1.ViewAsRequest) (*accountmanagerv1.ViewAsResponse, error) {
	begun, err := s.begin(ctx, wanted{
		request: r, requestID: r.GetRequestId(), clientID: r.GetClientId(), membershipID: r.GetMembershipId(), reason: r.GetReason(),
	})
	return &accountmanagerv1.ViewAsResponse{Impersonation: begun}, err
}

// ActAs begins to act.
func (s *impersonationService) ActAs(ctx context.Context, r *accountmanagerv1.ActAsRequest) (*accountmanagerv1.ActAsResponse, error) {
	begun, err := s.begin(ctx, wanted{
		request: r, requestID: r.GetRequestId(), clientID: r.GetClientId(), membershipID: r.GetMembershipId(), reason: r.GetReason(),
		act: true, actReason: r.GetActReason(),
	})
	return &accountmanagerv1.ActAsResponse{Impersonation: begun}, err
}

// begin has the caller's session act as the person of a membership that the caller sees.
func (s *impersonationService) begin(ctx context.Context, w wanted) (*accountmanagerv1.Impersonation, error) {
	who := access.From(ctx)
	if who.Kind != access.Staff || who.SessionID == "" {
		return nil, errNoStaffSession
	}
	w.reason, w.actReason = strings.TrimSpace(w.reason), strings.TrimSpace(w.actReason)
	switch {
	case utf8.RuneCountInString(w.reason) < 3:
		return nil, refuse(codes.InvalidArgument, "reason", "reason_short", "say what for, in three letters at least")
	case w.act && utf8.RuneCountInString(w.actReason) < 3:
		return nil, refuse(codes.InvalidArgument, "act_reason", "reason_short", "say why, in three letters at least")
	}
	membership, err := firstOf(s.findMembership(ctx, w.membershipID))
	if err != nil || membership.ID == "" || w.clientID != "" && w.clientID != membership.ClientID {
		return nil, orElse(err, errNoMembership)
	}
	if w.act {
		if err := s.mayLook(ctx, who, membership.ClientID); err != nil {
			return nil, err
		}
	}
	if w.requestID != "" {
		w.requestID = who.UserID + " " + w.requestID // ids are of who asks, and it is the module that asks for its rows
	}
	var begun *accountmanagerv1.Impersonation
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) (err error) {
		begun, err = store.Once(ctx, tx, w.requestID, w.request, func() (*accountmanagerv1.Impersonation, error) {
			return s.start(ctx, tx, who, membership, w)
		})
		return err
	})
	return begun, err
}

// mayLook refuses who may act as others but not look at what they see, or not at those of this client.
func (s *impersonationService) mayLook(ctx context.Context, who access.Principal, clientID string) error {
	reach, _ := s.host.Policy.Reach(who.Roles, mayImpersonate)
	looks := reach == access.All
	if reach == access.Granted {
		var err error
		if looks, err = s.granted(s.host.Self(ctx), who.UserID, clientID); err != nil {
			return err
		}
	}
	if !looks {
		return refuse(codes.PermissionDenied, "", "may_not_look", "who acts as another must be allowed to look first")
	}
	return nil
}

// start writes that an impersonation has begun. Both people, the client and the session are held: whatever ends one of them
// comes before, or ends this too. What went on in the session before is over.
func (s *impersonationService) start(ctx context.Context, tx *store.Tx, who access.Principal, membership membershipRow, w wanted) (*accountmanagerv1.Impersonation, error) {
	now := s.host.Now()
	staff, user, err := holdBoth(ctx, tx, who.UserID, membership.UserID)
	switch {
	case err != nil:
		return nil, err
	case user.ID == "" || user.Staff:
		return nil, errNoMembership
	case user.Blocked:
		return nil, refuse(codes.FailedPrecondition, "", "contact_blocked", "this person is blocked")
	case !staff.Staff || staff.Blocked:
		return nil, errNoSession
	}
	clients, err := clientsOf(ctx, tx, user.ID)
	if err != nil {
		return nil, err
	}
	if err := servedStill(clients, membership.ClientID); err != nil {
		return nil, err
	}
	if held, err := holdSession(ctx, tx, who.SessionID, who.UserID, now); err != nil || !held {
		return nil, orElse(err, errNoSession)
	}
	if err := s.close(ctx, tx, stopped, closeBefore, who.SessionID); err != nil {
		return nil, err
	}
	row := impersonation{
		ID: store.NewID(), StaffID: who.UserID, SessionID: who.SessionID, UserID: user.ID, ClientID: membership.ClientID,
		MembershipID: membership.ID, Reason: w.reason, MayWrite: w.act, ActReason: w.actReason, State: int16(actsOn),
		Start: now, Expires: now.Add(s.settings.Impersonation.Longest),
	}
	if err := insertImpersonation(ctx, tx, row); err != nil {
		return nil, err
	}
	if s.settings.Impersonation.Notify {
		if _, err := s.write(ctx, tx, newLetter{userID: user.ID, kind: letterImpersonated, email: user.Email}); err != nil {
			return nil, err
		}
	}
	s.say(tx, row)
	if err := s.host.PublishAt(ctx, tx, row.Expires, row.ID, &accountmanagerv1.ImpersonationDue{Id: row.ID}); err != nil {
		return nil, err
	}
	return row.proto(), s.host.Publish(ctx, tx, row.ID, &accountmanagerv1.ImpersonationStarted{
		Id: row.ID, StaffId: row.StaffID, UserId: row.UserID, ClientId: row.ClientID, MayWrite: row.MayWrite,
		Time: timestamppb.New(row.Start), ExpireTime: timestamppb.New(row.Expires),
	})
}

// servedStill refuses a client that is none of these any more, or suspended.
func servedStill(clients []actingClient, id string) error {
	for _, c := range clients {
		switch {
		case c.ClientID != id:
		case c.Suspended:
			return refuse(codes.FailedPrecondition, "", "client_suspended_now", "the client is suspended: its people see nothing now")
		default:
			return nil
		}
	}
	return errNoMembership
}

// say has the entry in the audit log be about the person; the client sees it where the integrator wants that.
func (m *Module) say(tx *store.Tx, i impersonation) {
	about := &accountmanagerv1.Membership{Id: i.MembershipID}
	if m.settings.Impersonation.Notify {
		about.ClientId = i.ClientID
	}
	audit.About(tx, about)
}

// close ends some of the impersonations that go on, as one of the constants close… says, and tells who wants to know.
func (m *Module) close(ctx context.Context, tx *store.Tx, how accountmanagerv1.ImpersonationState, which string, args ...any) error {
	_, err := m.closed(ctx, tx, how, which, args...)
	return err
}

// closed is close, and returns those that it ended.
func (m *Module) closed(ctx context.Context, tx *store.Tx, how accountmanagerv1.ImpersonationState, which string, args ...any) ([]impersonation, error) {
	rows, err := closeRows(ctx, tx, how, m.host.Now(), which, args...)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if err := m.host.Cancel(ctx, tx, row.ID, &accountmanagerv1.ImpersonationDue{}); err != nil {
			return nil, err
		}
		if err := m.host.Publish(ctx, tx, row.ID, &accountmanagerv1.ImpersonationEnded{
			Id: row.ID, StaffId: row.StaffID, UserId: row.UserID, ClientId: row.ClientID,
			State: accountmanagerv1.ImpersonationState(row.State), Time: timestamppb.New(*row.End),
		}); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// ListImpersonations lists those of the clients that the caller sees.
func (s *impersonationService) ListImpersonations(ctx context.Context, r *accountmanagerv1.ListImpersonationsRequest) (*accountmanagerv1.ListImpersonationsResponse, error) {
	var after string
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := store.PageSize(r.GetPageSize())
	rows, err := s.listImpersonations(ctx, impersonationFilter{
		clientID: r.GetClientId(), staffID: r.GetStaffId(), userID: r.GetUserId(), states: numbers(r.GetStates()), mayWrite: r.MayWrite,
		after: after, limit: size + 1,
	})
	if err != nil {
		return nil, err
	}
	response := &accountmanagerv1.ListImpersonationsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, size, func(last impersonation) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	response.Impersonations, err = s.withNames(ctx, rows)
	return response, err
}

// GetImpersonation returns one of them.
func (s *impersonationService) GetImpersonation(ctx context.Context, r *accountmanagerv1.GetImpersonationRequest) (*accountmanagerv1.GetImpersonationResponse, error) {
	row, err := firstOf(s.findImpersonation(ctx, r.GetId()))
	if err != nil || row.ID == "" {
		return nil, orElse(err, errNoImpersonation)
	}
	named, err := s.withNames(ctx, []impersonation{row})
	if err != nil {
		return nil, err
	}
	return &accountmanagerv1.GetImpersonationResponse{Impersonation: named[0]}, nil
}

// withNames adds what both are called now.
func (s *impersonationService) withNames(ctx context.Context, rows []impersonation) ([]*accountmanagerv1.Impersonation, error) {
	var ids []string
	for _, row := range rows {
		ids = append(ids, row.StaffID, row.UserID)
	}
	people, err := s.people(s.host.Self(ctx), ids)
	if err != nil {
		return nil, err
	}
	var out []*accountmanagerv1.Impersonation
	for _, row := range rows {
		one := row.proto()
		one.StaffName, one.Name = people[row.StaffID].Name, people[row.UserID].Name
		out = append(out, one)
	}
	return out, nil
}

// proto is the impersonation without what its people are called.
func (i impersonation) proto() *accountmanagerv1.Impersonation {
	out := &accountmanagerv1.Impersonation{
		Id: i.ID, StaffId: i.StaffID, UserId: i.UserID, ClientId: i.ClientID, Reason: i.Reason, MayWrite: i.MayWrite, ActReason: i.ActReason,
		StartTime: timestamppb.New(i.Start), ExpireTime: timestamppb.New(i.Expires), State: accountmanagerv1.ImpersonationState(i.State),
	}
	if i.End != nil {
		out.EndTime = timestamppb.New(*i.End)
	}
	return out
}
