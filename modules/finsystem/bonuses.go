package finsystem

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// bonusService keeps bonuses: a client's account of the kind bonus, for each currency. What is granted is an expense of the business's.
type bonusService struct {
	v1.UnimplementedBonusServiceServer
	*Module
}

var _ v1.BonusServiceServer = (*bonusService)(nil)

type moneyOf = kernelv1.Money

// bonuses is how much a client has.
func bonuses(ctx context.Context, q store.Querier, client, currency string) (int64, error) {
	return spareOf(ctx, q, client, "bonus", currency)
}

// openBonus is the account, which never owes.
func openBonus(ctx context.Context, tx *store.Tx, client, currency string) (int64, error) {
	none := int64(0)
	ids, err := ledger.Open(ctx, tx, &none, ledger.Of{ClientID: client, Kind: "bonus", Currency: currency})
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// GetBonus says how many bonuses a client has.
func (s *bonusService) GetBonus(ctx context.Context, r *v1.GetBonusRequest) (*v1.GetBonusResponse, error) {
	client, err := clientMeant(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	currency, err := s.currency(r.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	units, err := bonuses(ctx, s.host.Store, client, currency)
	if err != nil {
		return nil, err
	}
	if units == 0 { // nobody has an account before something happened
		if _, err := s.client(ctx, client); err != nil {
			return nil, err
		}
	}
	return &v1.GetBonusResponse{Bonus: &v1.Bonus{ClientId: client, CurrencyCode: currency, Balance: money.Of(currency, units)}}, nil
}

// ListBonusPostings lists what changed a client's bonuses, newest first.
func (s *bonusService) ListBonusPostings(ctx context.Context, r *v1.ListBonusPostingsRequest) (*v1.ListBonusPostingsResponse, error) {
	client, err := clientMeant(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	currency, err := s.currency(r.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	c, response := &store.Where{}, &v1.ListBonusPostingsResponse{}
	account, err := s.account(ctx, c, client, "bonus", "", currency)
	if err != nil || *account == 0 {
		return response, err
	}
	var last int64
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &last); err != nil {
		return nil, err
	} else if on {
		c.Add("posting_id < ?", last)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[postingRow], postingsOfAccount(entriesOf(c.String(), asPosted, most)), c.Args...)
	if err != nil {
		return nil, err
	}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last postingRow) []any { return []any{last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Postings = append(response.Postings, row.posting())
	}
	return response, nil
}

// GrantBonus grants bonuses, or takes some.
func (s *bonusService) GrantBonus(ctx context.Context, r *v1.GrantBonusRequest) (*v1.GrantBonusResponse, error) {
	client, err := s.client(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	currency, units, err := amountOf(r)
	if err != nil {
		return nil, err
	}
	if units == 0 {
		return nil, refuse(codes.InvalidArgument, "amount", "not_zero", "say by how much")
	}
	var response *v1.GrantBonusResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.GrantBonusResponse, error) {
			account, err := openBonus(ctx, tx, r.GetClientId(), currency)
			if err != nil {
				return nil, err
			}
			ids, err := ledger.Open(ctx, tx, nil, ledger.Of{Kind: "expense", Code: "bonuses", Currency: currency})
			if err != nil {
				return nil, err
			}
			if _, err := ledger.Post(ctx, tx, ledger.Posting{
				Key: "bonus-granted:" + r.GetRequestId(), Kind: ledger.Bonus, ClientID: r.GetClientId(), Date: s.today(), Currency: currency, Memo: strings.TrimSpace(r.GetReason()),
				ActorID: actor(ctx), BranchID: client.GetBranchId(), ManagerID: client.GetManagerId(), Entries: []ledger.Entry{{Account: account, Contra: ids[0], Amount: units}},
			}); err != nil {
				return nil, err
			}
			now, err := bonuses(ctx, tx, r.GetClientId(), currency)
			if err != nil {
				return nil, err
			}
			b := &v1.Bonus{ClientId: r.GetClientId(), CurrencyCode: currency, Balance: money.Of(currency, now)}
			audit.About(tx, b)
			return &v1.GrantBonusResponse{Bonus: b}, s.host.Publish(ctx, tx, r.GetClientId(), &v1.BonusChanged{
				ClientId: r.GetClientId(), Amount: money.Of(currency, units), ActorId: actor(ctx),
			})
		})
		return err
	})
	var limit *ledger.LimitError
	if errors.As(err, &limit) {
		return nil, refuse(codes.FailedPrecondition, "amount", "not_bonus", "the client has fewer bonuses than that")
	}
	if err != nil {
		return nil, refused(err)
	}
	return response, nil
}

// isRefusal tells whether an error is for its reader: what was asked for cannot be.
func isRefusal(err error) bool { return len(module.Violations(err)) > 0 }
