package finsystem

import (
	"context"

	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// TransferToService moves money between a client's balance and a service's own account.
func (s *subscriptionService) TransferToService(ctx context.Context, r *v1.TransferToServiceRequest) (*v1.TransferToServiceResponse, error) {
	row, err := findSubscription(ctx, s.host.Store, r.GetSubscriptionId())
	if err != nil {
		return nil, err
	}
	units, err := money.Units(r.GetAmount())
	switch {
	case row.Status == draft && isContact(ctx):
		return nil, errNoService
	case row.Status == draft:
		return nil, errNotInForce
	case !row.OwnAccount:
		return nil, refuse(codes.FailedPrecondition, "subscription_id", "no_own_account", "the service is charged to the client's balance: it has no account to fill")
	case err != nil:
		return nil, wrongAmount("amount", err)
	case r.GetAmount().GetCurrencyCode() != row.Currency || r.GetCurrencyCode() != "" && r.GetCurrencyCode() != row.Currency:
		return nil, refuse(codes.InvalidArgument, "amount", "service_currency", "the service is in "+row.Currency)
	case units == 0:
		return nil, refuse(codes.InvalidArgument, "amount", "not_zero", "say by how much")
	}
	client, err := s.client(ctx, row.ClientID)
	if err != nil {
		return nil, err
	}
	var response *v1.TransferToServiceResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.TransferToServiceResponse, error) {
			none := int64(0)
			own, err := ledger.Open(ctx, tx, &none, ledger.Of{ClientID: row.ClientID, Kind: "service", Code: row.ID, Currency: row.Currency})
			if err != nil {
				return nil, err
			}
			ids, err := ledger.Open(ctx, tx, s.settings.limit(), ledger.Of{ClientID: row.ClientID, Kind: "client", Currency: row.Currency}, ledger.Of{Kind: "transfer", Currency: row.Currency})
			if err != nil {
				return nil, err
			}
			if _, err := ledger.Post(ctx, tx, ledger.Posting{
				Key: "transfer:" + row.ID + ":" + r.GetRequestId(), Kind: ledger.Transfer, ClientID: row.ClientID, Date: s.today(), AboutID: row.ID, Memo: row.Name, ActorID: actor(ctx),
				BranchID: client.GetBranchId(), ManagerID: client.GetManagerId(), Currency: row.Currency,
				Entries: []ledger.Entry{{Account: ids[0], Contra: ids[1], Amount: -units}, {Account: own[0], Contra: ids[1], Amount: units}},
			}); err != nil {
				return nil, err
			}
			one, err := s.wholeService(ctx, tx, row)
			return &v1.TransferToServiceResponse{Subscription: one}, err
		})
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}
