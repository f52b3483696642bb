package accountmanager

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// admissionService lets people in whom other modules found out about. Modules alone call it, so it acts as the module.
type admissionService struct {
	accountmanagerv1.UnimplementedAdmissionServiceServer
	*Module
}

var _ accountmanagerv1.AdmissionServiceServer = (*admissionService)(nil)

// Where the links of letters lead that other things' tokens are in, and the purpose that paths are sealed for.
const (
	invitationPath = "/invitation/"
	sealedPath     = "letters/path"
)

// mayWrite are the kinds of letter that other modules may have written.
var mayWrite = map[accountmanagerv1.LetterKind]bool{
	accountmanagerv1.LetterKind_LETTER_KIND_REGISTRATION:          true,
	accountmanagerv1.LetterKind_LETTER_KIND_REGISTRATION_DECLINED: true,
}

// GetDelivery says whether letters can be sent.
func (s *admissionService) GetDelivery(ctx context.Context, _ *accountmanagerv1.GetDeliveryRequest) (*accountmanagerv1.GetDeliveryResponse, error) {
	if err := modulesAlone(ctx); err != nil {
		return nil, err
	}
	return &accountmanagerv1.GetDeliveryResponse{Available: s.settings.Letters != lettersOff}, nil
}

// WriteLetter writes a letter to an address.
func (s *admissionService) WriteLetter(ctx context.Context, r *accountmanagerv1.WriteLetterRequest) (*accountmanagerv1.WriteLetterResponse, error) {
	switch err := modulesAlone(ctx); {
	case err != nil:
		return nil, err
	case !mayWrite[r.GetKind()]:
		return nil, status.Errorf(codes.InvalidArgument, "letters of the kind %s are written by this module alone", r.GetKind())
	case s.settings.Letters == lettersOff:
		return nil, status.Error(codes.FailedPrecondition, "this portal has no way to send letters: set letters in the settings of accountmanager")
	}
	var response *accountmanagerv1.WriteLetterResponse
	err := s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*accountmanagerv1.WriteLetterResponse, error) {
			now := s.host.Now()
			row := letterRow{
				ID: store.NewID(), Kind: int16(r.GetKind()), Email: strings.ToLower(r.GetEmail()), Name: r.GetName(),
				Language: r.GetLanguage(), Text: r.GetText(), Expires: now.Add(noticeLife),
			}
			if r.GetExpireTime() != nil {
				row.Expires = r.GetExpireTime().AsTime()
			}
			recent, err := countLettersTo(ctx, tx, row.Email, now.Add(-time.Hour))
			if err != nil || recent >= mostLetters {
				return &accountmanagerv1.WriteLetterResponse{}, err
			}
			if r.GetPath() != "" {
				if row.Path, err = s.host.Secrets.Seal(sealedPath, []byte(r.GetPath()), []byte(row.ID)); err != nil {
					return nil, err
				}
			}
			return &accountmanagerv1.WriteLetterResponse{}, s.put(ctx, tx, row, nil)
		})
		return err
	})
	return response, err
}

// AdmitPerson gives somebody a client, or invites them.
func (s *admissionService) AdmitPerson(ctx context.Context, r *accountmanagerv1.AdmitPersonRequest) (*accountmanagerv1.AdmitPersonResponse, error) {
	if err := modulesAlone(ctx); err != nil {
		return nil, err
	}
	if err := s.checkGive(access.AsModule(ID), "role", r.GetRole(), false); err != nil {
		return nil, err
	}
	if _, err := s.knowClient(s.host.Self(ctx), r.GetClientId()); err != nil { // before the transaction: another module is asked
		return nil, err
	}
	var response *accountmanagerv1.AdmitPersonResponse
	err := s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) (err error) {
		audit.Concerns(tx, r.GetClientId())
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*accountmanagerv1.AdmitPersonResponse, error) {
			how, err := s.admitPerson(ctx, tx, r)
			return &accountmanagerv1.AdmitPersonResponse{Admission: how}, err
		})
		return err
	})
	return response, err
}

func (s *admissionService) admitPerson(ctx context.Context, tx *store.Tx, r *accountmanagerv1.AdmitPersonRequest) (accountmanagerv1.Admission, error) {
	const none = accountmanagerv1.Admission_ADMISSION_UNSPECIFIED
	email := strings.ToLower(r.GetEmail())
	known, err := firstOf(holdInvitee(ctx, tx, email, r.GetClientId()))
	switch {
	case err != nil:
		return none, err
	case known.HasAccess:
		return accountmanagerv1.Admission_ADMISSION_HAD, nil
	}
	if known.UserID != "" {
		if err := otherSide(known.Staff, false); err != nil {
			return none, err
		}
	}
	if known.UserID != "" && r.GetConfirmed() {
		return accountmanagerv1.Admission_ADMISSION_ADDED, s.addClient(ctx, tx, known.UserID, email, r)
	}
	n, err := s.invitation(access.Principal{}, r.GetName(), email, r.GetRole())
	if err != nil {
		return none, err
	}
	n.id, n.clientID = store.NewID(), r.GetClientId()
	n.hash = hashToken(s.invitationToken(n.id))
	if err := insertInvitation(ctx, tx, n); err != nil || s.settings.Letters == lettersOff {
		return accountmanagerv1.Admission_ADMISSION_INVITED, err // staff pass the link on by hand then
	}
	return accountmanagerv1.Admission_ADMISSION_INVITED, s.put(ctx, tx, letterRow{
		ID: store.NewID(), Kind: int16(accountmanagerv1.LetterKind_LETTER_KIND_INVITATION), Email: email, Name: n.name,
		Language: r.GetLanguage(), Expires: n.expires, InvitationID: n.id,
	}, nil)
}

// addClient makes somebody who has an account one of a client's people, and tells them.
func (s *admissionService) addClient(ctx context.Context, tx *store.Tx, userID, email string, r *accountmanagerv1.AdmitPersonRequest) error {
	made, err := s.member(ctx, tx, userID, r.GetClientId(), r.GetRole())
	if err != nil || !made {
		return err
	}
	_, err = s.write(ctx, tx, newLetter{userID: userID, kind: accountmanagerv1.LetterKind_LETTER_KIND_CLIENT_ADDED, email: email})
	return err
}

// member makes a membership with its grant; false when there was one. Whether the client is suspended does not matter:
// nobody acts for one that is.
func (s *admissionService) member(ctx context.Context, tx *store.Tx, userID, clientID, role string) (bool, error) {
	made, err := insertMembership(ctx, tx, store.NewID(), clientID, userID, role, s.host.Now())
	if err != nil || !made {
		return false, err
	}
	if err := tx.GrantClients(ctx, userID, clientID); err != nil {
		return false, err
	}
	return true, adopt(ctx, tx, userID, clientID)
}

// CopyMemberships gives the people of one client the same roles in another.
func (s *admissionService) CopyMemberships(ctx context.Context, r *accountmanagerv1.CopyMembershipsRequest) (*accountmanagerv1.CopyMembershipsResponse, error) {
	if err := modulesAlone(ctx); err != nil {
		return nil, err
	}
	if _, err := s.knowClient(s.host.Self(ctx), r.GetClientId()); err != nil {
		return nil, err
	}
	var response *accountmanagerv1.CopyMembershipsResponse
	err := s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) (err error) {
		audit.Concerns(tx, r.GetClientId())
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*accountmanagerv1.CopyMembershipsResponse, error) {
			response := &accountmanagerv1.CopyMembershipsResponse{}
			people, err := holdPeople(ctx, tx, r.GetFromClientId())
			if err != nil {
				return nil, err
			}
			for _, p := range people {
				made, err := s.member(ctx, tx, p.UserID, r.GetClientId(), p.Role)
				if err != nil {
					return nil, err
				}
				if made {
					response.Added++
				}
			}
			return response, nil
		})
		return err
	})
	return response, err
}
