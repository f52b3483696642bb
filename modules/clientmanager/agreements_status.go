package clientmanager

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

const (
	draft     = v1.AgreementStatus_AGREEMENT_STATUS_DRAFT
	active    = v1.AgreementStatus_AGREEMENT_STATUS_ACTIVE
	suspended = v1.AgreementStatus_AGREEMENT_STATUS_SUSPENDED
	ended     = v1.AgreementStatus_AGREEMENT_STATUS_ENDED
)

// from says from where an agreement comes to a status.
var from = map[v1.AgreementStatus][]v1.AgreementStatus{
	active:    {draft, suspended},
	suspended: {active},
	ended:     {active, suspended},
}

var errEnded = refuse(codes.FailedPrecondition, "", "refusal.agreement_ended", "the agreement is over and does not change: make a new one")

// ActivateAgreement puts a draft into force, or a suspended one again.
func (s *agreementService) ActivateAgreement(ctx context.Context, r *v1.ActivateAgreementRequest) (*v1.ActivateAgreementResponse, error) {
	a, err := s.become(ctx, r.GetId(), active, entry{what: "agreement_activated"}, nil)
	if err != nil {
		return nil, err
	}
	return &v1.ActivateAgreementResponse{Agreement: a}, nil
}

// SuspendAgreement puts an active one out of force for a while.
func (s *agreementService) SuspendAgreement(ctx context.Context, r *v1.SuspendAgreementRequest) (*v1.SuspendAgreementResponse, error) {
	a, err := s.become(ctx, r.GetId(), suspended, entry{what: "agreement_suspended", detail: because(r.GetReason())}, nil)
	if err != nil {
		return nil, err
	}
	return &v1.SuspendAgreementResponse{Agreement: a}, nil
}

// EndAgreement ends one for good. Its last day may lie ahead, or have been; it does not lie before the first.
func (s *agreementService) EndAgreement(ctx context.Context, r *v1.EndAgreementRequest) (*v1.EndAgreementResponse, error) {
	last := r.GetLastDate()
	if last == "" {
		last = s.today().Format(time.DateOnly)
	} else if _, err := time.Parse(time.DateOnly, last); err != nil {
		return nil, refuse(codes.InvalidArgument, "last_date", "refusal.no_date", "there is no such day")
	}
	a, err := s.become(ctx, r.GetId(), ended, entry{what: "agreement_ended", detail: because(r.GetReason())}, func(a *v1.Agreement) error {
		if last < a.GetStartDate() {
			return refuse(codes.InvalidArgument, "last_date", "refusal.ends_before", "the last day lies before the first")
		}
		a.EndDate = last
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &v1.EndAgreementResponse{Agreement: a}, nil
}

// because is a reason as it stands behind an agreement's number.
func because(reason string) string {
	if reason = lines(reason); reason != "" {
		reason = ": " + reason
	}
	return reason
}

// become brings an agreement to a status and says so, once: one that has it already stays as it is.
func (s *agreementService) become(ctx context.Context, id string, status v1.AgreementStatus, e entry, change func(*v1.Agreement) error) (*v1.Agreement, error) {
	return s.holdAgreement(ctx, id, func(ctx context.Context, tx *store.Tx, a *v1.Agreement) (*v1.Agreement, error) {
		former := a.GetStatus()
		switch {
		case former == status:
			return s.dated(a), nil
		case former == ended:
			return nil, errEnded
		case !slices.Contains(from[status], former):
			return nil, refuse(codes.FailedPrecondition, "id", "refusal.not_in_force", "the agreement is not in force yet: put it into force first, or remove the draft")
		}
		a.Status = status
		if change != nil {
			if err := change(a); err != nil {
				return nil, err
			}
		}
		a, err := s.write(ctx, tx, a, e)
		if err != nil {
			return nil, err
		}
		return a, s.host.Publish(ctx, tx, a.GetClientId(), &v1.AgreementChanged{
			ClientId: a.GetClientId(), AgreementId: a.GetId(), Status: status, FormerStatus: former, Time: a.GetUpdateTime(),
		})
	})
}
