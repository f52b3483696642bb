package finsystem

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// agreed is an agreement as documents name it: by what it was called on the day of issue.
type agreed struct {
	Number string `json:"number"`
	Date   string `json:"date"`
}

// agreementOf finds an agreement that something of a client's goes by; nil where it goes by none. field is the request's that names it. One of another client's
// is refused in the words for one that is not there.
func (m *Module) agreementOf(ctx context.Context, field, client, id string) (*agreed, error) {
	if id == "" {
		return nil, nil
	}
	got, err := m.agreements.GetAgreement(m.host.Self(ctx), &clientmanagerv1.GetAgreementRequest{Id: id})
	a := got.GetAgreement()
	switch {
	case status.Code(err) == codes.NotFound || err == nil && a.GetClientId() != client:
		return nil, refuse(codes.InvalidArgument, field, "no_agreement", "the client has no such agreement: choose one of the client's own")
	case err != nil:
		return nil, err
	case a.GetStatus() == clientmanagerv1.AgreementStatus_AGREEMENT_STATUS_DRAFT:
		return nil, refuse(codes.FailedPrecondition, field, "agreement_draft", "the agreement is a draft, which its client does not see: put it into force first")
	}
	return &agreed{Number: a.GetNumber(), Date: a.GetStartDate()}, nil
}
