package accountmanager

import (
	"cmp"
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// PreviewInvitation shows what a token is for, and leaves it as it is.
func (s *identityService) PreviewInvitation(ctx context.Context, r *kernelv1.PreviewInvitationRequest) (*kernelv1.PreviewInvitationResponse, error) {
	ctx = s.host.Self(ctx)
	found, err := firstOf(findWaiting(ctx, s.host.Store, hashToken(r.GetToken()), s.host.Now()))
	switch {
	case err != nil:
		return nil, err
	case found.ID == "":
		return nil, errNoInvitation
	}
	known, err := s.accountByLogin(ctx, found.Email, "")
	if err != nil {
		return nil, err
	}
	return &kernelv1.PreviewInvitationResponse{
		Name: found.Name, Email: found.Email, ClientName: found.ClientName, Role: found.Role, InvitedBy: found.InvitedBy,
		ExpireTime: timestamppb.New(found.Expires), HasPassword: known.UserID != "",
	}, nil
}

// AcceptInvitation uses a token up. Somebody who has an account proves it with their password and is given the new
// right; for others an account is made. Of many who use one token at once, one comes in and the others get NOT_FOUND.
func (s *identityService) AcceptInvitation(ctx context.Context, r *kernelv1.AcceptInvitationRequest) (*kernelv1.AcceptInvitationResponse, error) {
	ctx = s.host.Self(ctx)
	if err := s.addresses.allow(r.GetOrigin().GetRemoteAddress()); err != nil {
		return nil, err
	}
	found, err := firstOf(findWaiting(ctx, s.host.Store, hashToken(r.GetToken()), s.host.Now()))
	switch {
	case err != nil:
		return nil, err
	case found.ID == "":
		return nil, errNoInvitation
	}
	if found.Email == "" {
		found.Email = strings.ToLower(strings.TrimSpace(r.GetEmail()))
	}
	if found.Email == "" {
		return nil, refuse(codes.InvalidArgument, "email", "email_needed", "write your e-mail: you will sign in with it")
	}
	guest, err := s.guest(ctx, found, r)
	if err != nil {
		return nil, err
	}
	var opened openedSession
	var challenge string
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.About(tx, &accountmanagerv1.Invitation{Id: found.ID, ClientId: found.ClientID})
		audit.By(tx, guest.userID, found.Staff)
		if err := s.admit(ctx, tx, found, guest); err != nil {
			return err
		}
		opened, challenge, err = s.enter(ctx, tx, opening{userID: guest.userID, proved: guest.proved, clientID: found.ClientID, origin: r.GetOrigin()})
		return err
	})
	if err != nil {
		return nil, err
	}
	if challenge != "" {
		return &kernelv1.AcceptInvitationResponse{ChallengeToken: challenge}, nil
	}
	return &kernelv1.AcceptInvitationResponse{SessionToken: opened.token, ExpireTime: timestamppb.New(opened.end)}, nil
}

// guest is who accepts. hash is set for somebody new, proved for somebody who showed their password.
type guest struct {
	userID, name, email, hash string
	proved                    time.Time
}

// guest finds out who accepts, before the transaction: hashing takes long.
func (s *identityService) guest(ctx context.Context, found waiting, r *kernelv1.AcceptInvitationRequest) (guest, error) {
	known, err := s.accountByLogin(ctx, found.Email, "")
	if err != nil {
		return guest{}, err
	}
	if known.UserID == "" {
		name := cmp.Or(strings.TrimSpace(r.GetName()), found.Name)
		if name == "" {
			return guest{}, refuse(codes.InvalidArgument, "name", "name_needed", "write your name")
		}
		hash, err := s.passwords.hash(ctx, r.GetPassword())
		return guest{userID: store.NewID(), name: name, email: found.Email, hash: hash}, err
	}
	if err := s.passwords.check(ctx, "user:"+known.UserID, known, r.GetPassword()); err != nil {
		return guest{}, err
	}
	return guest{userID: known.UserID, email: found.Email, proved: known.Set}, otherSide(known.Staff, found.Staff)
}

// otherSide refuses to make a contact of staff, or the other way round.
func otherSide(isStaff, becomesStaff bool) error {
	switch {
	case isStaff && !becomesStaff:
		return refuse(codes.FailedPrecondition, "email", "is_staff", "this e-mail belongs to a member of staff, who cannot act for a client: use another")
	case !isStaff && becomesStaff:
		return refuse(codes.FailedPrecondition, "email", "is_contact", "this e-mail belongs to a client's contact, who cannot be staff: use another")
	}
	return nil
}

// admit uses the invitation up and gives what it promises.
func (s *identityService) admit(ctx context.Context, tx *store.Tx, found waiting, g guest) error {
	now := s.host.Now()
	if found.Staff {
		if err := holdHeads(ctx, tx); err != nil {
			return err
		}
	}
	used, err := useUp(ctx, tx, found.ID, g.userID, now)
	switch {
	case err != nil:
		return err
	case !used:
		return errNoInvitation
	}
	if found.FirstHead {
		// It is for a portal without a head, and another may have come in since.
		if others, err := headsBeside(ctx, tx, ""); err != nil || others > 0 {
			return orElse(err, errNoInvitation)
		}
	}
	if g.hash != "" {
		made, err := insertUser(ctx, tx, newUser{id: g.userID, name: g.name, email: g.email, staff: found.Staff, now: now})
		switch {
		case err != nil:
			return err
		case !made:
			return refuse(codes.Aborted, "email", "email_meanwhile", "somebody came in with this e-mail just now: open the link again")
		}
		if err := setPassword(ctx, tx, g.userID, g.hash, now); err != nil {
			return err
		}
	}
	if found.Staff {
		return addRole(ctx, tx, g.userID, found.Role)
	}
	return s.join(ctx, tx, found, g.userID)
}

// join makes a user one of a client's people: the membership, and the grant that lets them see its rows.
func (s *identityService) join(ctx context.Context, tx *store.Tx, found waiting, userID string) error {
	suspended, err := heldSuspension(ctx, tx, found.ClientID)
	switch {
	case err != nil:
		return err
	case suspended:
		return refuse(codes.FailedPrecondition, "", "suspended", "access of this client is suspended: ask the business")
	}
	id := store.NewID()
	made, err := insertMembership(ctx, tx, id, found.ClientID, userID, found.Role, s.host.Now())
	switch {
	case err != nil:
		return err
	case !made:
		return refuse(codes.FailedPrecondition, "email", "has_access", "this person has access already")
	}
	if err := tx.GrantClients(ctx, userID, found.ClientID); err != nil {
		return err
	}
	return s.publishGiven(ctx, tx, id, found.ClientID, userID, found.Role)
}

// InviteFirstHead gives a portal without a head the token for one; the token given before no longer works.
func (s *identityService) InviteFirstHead(ctx context.Context, _ *kernelv1.InviteFirstHeadRequest) (*kernelv1.InviteFirstHeadResponse, error) {
	ctx = s.host.Self(ctx)
	response := &kernelv1.InviteFirstHeadResponse{}
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := holdHeads(ctx, tx); err != nil {
			return err
		}
		if others, err := headsBeside(ctx, tx, ""); err != nil || others > 0 {
			return err
		}
		now, id := s.host.Now(), store.NewID()
		if err := revokeFirstHead(ctx, tx, now); err != nil {
			return err
		}
		response.Token = s.invitationToken(id)
		expires := now.Add(s.settings.InvitationLife)
		response.ExpireTime = timestamppb.New(expires)
		return insertInvitation(ctx, tx, newInvitation{
			id: id, staff: true, firstHead: true, role: roleHead, hash: hashToken(response.Token), now: now, expires: expires,
		})
	})
	return response, err
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
