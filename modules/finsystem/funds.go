package finsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// accountService pays bills with what the business and a client have with each other already, for paysystem.
type accountService struct {
	paysystemv1.UnimplementedAccountServiceServer
	*Module
}

var _ paysystemv1.AccountServiceServer = (*accountService)(nil)

const prepayment, bonus, deferred = "prepayment", "bonus", "deferral"

var errNoBill = refuse(codes.NotFound, "document_id", "no_document", "there is no such document among those you may see")

var spendingKinds = map[paysystemv1.MethodKind]string{
	paysystemv1.MethodKind_METHOD_KIND_PREPAYMENT: prepayment, paysystemv1.MethodKind_METHOD_KIND_BONUS: bonus, paysystemv1.MethodKind_METHOD_KIND_DEFERRAL: deferred,
}

// GetFunds says what a client could pay a bill with now.
func (s *accountService) GetFunds(ctx context.Context, r *paysystemv1.GetFundsRequest) (*paysystemv1.GetFundsResponse, error) {
	ctx = s.host.Self(ctx)
	d, err := findDocument(ctx, s.host.Store, r.GetDocumentId())
	if err != nil || d.ClientID != r.GetClientId() || !d.payable() {
		return nil, errNoDocument
	}
	out := &paysystemv1.GetFundsResponse{Due: money.Of(d.Currency, d.left())}
	if d.Kind == topUp { // what is there already tops nothing up
		out.Prepayment, out.Bonus = money.Of(d.Currency, 0), money.Of(d.Currency, 0)
		return out, nil
	}
	for to, of := range map[**moneyOf]func(context.Context, store.Querier, string, string) (int64, error){&out.Prepayment: ahead, &out.Bonus: bonuses} {
		units, err := of(ctx, s.host.Store, d.ClientID, d.Currency)
		if err != nil {
			return nil, err
		}
		*to = money.Of(d.Currency, units)
	}
	until, err := s.putOff(ctx, s.host.Store, d, "")
	if err == nil {
		out.DeferUntil = until.Format(time.DateOnly)
	} else if !isRefusal(err) {
		return nil, err
	}
	return out, nil
}

// ahead is what a client paid ahead and what nothing has used up: what is free of its payments, as far as the balance still has it. Money of the balance
// that invoices wait for which were charged is not used up by them.
func ahead(ctx context.Context, q store.Querier, client, currency string) (int64, error) {
	return store.QueryOne(ctx, q, pgx.RowTo[int64], `
		select greatest(0, least(
			(select coalesce(sum(amount - reversed - allocated), 0) from finsystem.payments where client_id = $1 and currency_code = $2 and source <> 'bonus'), `+unspent+`))::bigint`,
		client, currency)
}

// unspent is what a client's balance has and what is not held of it, in the currency $2, before invoices take it that were charged to it and are not paid yet.
const unspent = `(select coalesce(sum(b.balance - b.held), 0) from finsystem.balances b join finsystem.accounts a on a.id = b.account_id
				where a.client_id = $1 and a.currency_code = $2 and a.kind = 'client')
			+ (select coalesce(sum(total - credited - paid), 0)
				from finsystem.documents d where d.client_id = $1 and d.currency_code = $2 and d.status = 'issued' and d.kind = 'invoice' and d.charged)`

func unspentOf(ctx context.Context, q store.Querier, client, currency string) (int64, error) {
	return store.QueryOne(ctx, q, pgx.RowTo[int64], "select ("+unspent+")::bigint", client, currency)
}

// deliveredOf is what was charged by what was made of it.
const deliveredOf = `(select coalesce(sum(a.total - a.credited), 0) from finsystem.documents a
	where a.based_on_id = d.id and a.status = 'issued' and a.charged and a.kind <> 'credit_note')`

// PayFromAccount pays a bill from what was paid ahead or with bonuses, or puts it off.
func (s *accountService) PayFromAccount(ctx context.Context, r *paysystemv1.PayFromAccountRequest) (*paysystemv1.PayFromAccountResponse, error) {
	ctx = s.host.Self(ctx)
	client, err := s.client(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	units, err := money.Units(r.GetAmount())
	if err != nil || units <= 0 {
		return nil, refuse(codes.InvalidArgument, "amount", "amount_above_zero", "the amount is above zero")
	}
	want := spending{
		PaymentID: r.GetPaymentId(), ClientID: r.GetClientId(), Kind: spendingKinds[r.GetKind()], DocumentID: r.GetDocumentId(),
		Currency: r.GetAmount().GetCurrencyCode(), Asked: units,
	}
	var done spending
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, want.ClientID)
		if err := s.lockMoney(ctx, tx, want.ClientID, want.Currency); err != nil {
			return err
		}
		known, err := store.Query(ctx, tx, pgx.RowToStructByPos[spending], spendingFields+" where payment_id = $1", want.PaymentID)
		switch {
		case err != nil:
			return err
		case len(known) > 0:
			if done = known[0]; !done.is(want) {
				return errOther
			}
			return nil
		case client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED:
			return refuse(codes.FailedPrecondition, "client_id", "suspended", "the client is suspended: resume the client first")
		}
		done, err = s.spend(ctx, tx, want, client, r)
		return err
	})
	if err != nil {
		return nil, refused(err)
	}
	return &paysystemv1.PayFromAccountResponse{Amount: money.Of(done.Currency, done.Amount), DueDate: dateText(done.Due)}, nil
}

func (s *accountService) spend(ctx context.Context, tx *store.Tx, w spending, client *clientmanagerv1.Client, r *paysystemv1.PayFromAccountRequest) (spending, error) {
	// Accounts and payments are locked before documents, whoever pays. What is refused after that was not done.
	var free []paymentRow
	var err error
	switch w.Kind {
	case prepayment:
		free, err = freePayments(ctx, tx, w.ClientID, w.Currency)
	case bonus:
		free, err = s.payBonus(ctx, tx, &w, client, r)
	}
	if err != nil {
		return w, err
	}
	d, err := holdDocument(ctx, tx, w.DocumentID)
	switch {
	case err != nil, d.ClientID != w.ClientID:
		return w, errNoBill
	case d.Kind == topUp:
		return w, refuse(codes.FailedPrecondition, "method_id", "not_for_top_ups", "a bill for topping up is paid with money that comes: choose another way to pay")
	case !d.payable() || d.left() <= 0:
		return w, refuse(codes.FailedPrecondition, "", "nothing_due", "nothing is left to pay of this bill")
	case d.Currency != w.Currency:
		return w, refuse(codes.InvalidArgument, "currency_code", "bill_currency", "the bill is in "+d.Currency)
	case w.Asked > d.left():
		return w, refuse(codes.FailedPrecondition, "amount", "above_due", "this is more than is left to pay of the bill: "+text(d.Currency, d.left()))
	}
	switch w.Kind {
	case prepayment:
		err = s.payAhead(ctx, tx, &w, d, free, r.GetPartly())
	case bonus:
		err = s.put(ctx, tx, free[0].ID, d, w.Amount)
	case deferred:
		err = s.defers(ctx, tx, &w, d)
	}
	if err != nil {
		return w, err
	}
	_, err = tx.Exec(ctx, `insert into finsystem.spendings (payment_id, client_id, kind, document_id, currency_code, asked, amount, due_date, create_time)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, w.PaymentID, w.ClientID, w.Kind, w.DocumentID, w.Currency, w.Asked, w.Amount, w.Due, s.host.Now())
	return w, err
}

// atMost is how much is paid where there is so much: less than was asked for only where that was wanted.
func atMost(asked, has int64, currency string, partly bool, reason string) (int64, error) {
	switch {
	case asked <= has:
		return asked, nil
	case partly && has > 0:
		return has, nil
	}
	return 0, refuse(codes.FailedPrecondition, "amount", reason, "there is less than that: "+text(currency, has)+"; write a smaller amount, or pay partly")
}

func text(currency string, units int64) string {
	return money.Of(currency, units).GetAmount() + " " + currency
}

// payAhead puts what was paid ahead towards a bill. Nothing is posted: the money is on the client's account, and stays there.
func (s *accountService) payAhead(ctx context.Context, tx *store.Tx, w *spending, d documentRow, free []paymentRow, partly bool) error {
	has, err := ahead(ctx, tx, w.ClientID, w.Currency)
	if err != nil {
		return err
	}
	if w.Amount, err = atMost(w.Asked, has, w.Currency, partly, "not_ahead"); err != nil {
		return err
	}
	left := w.Amount
	for _, p := range free {
		part := min(left, p.free())
		if part <= 0 {
			continue
		}
		if err := s.put(ctx, tx, p.ID, d, part); err != nil {
			return err
		}
		d.Paid += part
		left -= part
	}
	return nil
}

// freePayments are a client's of which something is free, held.
func freePayments(ctx context.Context, tx *store.Tx, client, currency string) ([]paymentRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[paymentRow], `select `+paymentFields+` from finsystem.payments
		where client_id = $1 and currency_code = $2 and source <> 'bonus' and allocated < amount - reversed order by id for update`, client, currency)
}

// payBonus brings bonuses to the client's account, as a payment that is free for a bill. What is taken back of it is bonuses again.
func (s *accountService) payBonus(ctx context.Context, tx *store.Tx, w *spending, client *clientmanagerv1.Client, r *paysystemv1.PayFromAccountRequest) ([]paymentRow, error) {
	d, err := findDocument(ctx, tx, w.DocumentID)
	if err != nil || d.ClientID != w.ClientID {
		return nil, errNoBill
	}
	has, err := bonuses(ctx, tx, w.ClientID, w.Currency)
	if err != nil {
		return nil, err
	}
	if w.Amount, err = atMost(w.Asked, has, w.Currency, r.GetPartly(), "not_bonus"); err != nil {
		return nil, err
	}
	from, err := openBonus(ctx, tx, w.ClientID, w.Currency)
	if err != nil {
		return nil, err
	}
	ids, err := ledger.Open(ctx, tx, s.settings.limit(), ledger.Of{ClientID: w.ClientID, Kind: "client", Currency: w.Currency}, ledger.Of{Kind: "transfer", Currency: w.Currency})
	if err != nil {
		return nil, err
	}
	id, key := store.NewID(), bonusKey(w.PaymentID)
	posted, err := ledger.Post(ctx, tx, ledger.Posting{
		Key: key, Kind: ledger.Payment, ClientID: w.ClientID, Date: s.today(), Currency: w.Currency, AboutID: id, Memo: d.Number, ActorID: r.GetActorId(),
		BranchID: client.GetBranchId(), ManagerID: client.GetManagerId(),
		Entries: []ledger.Entry{{Account: from, Contra: ids[1], Amount: -w.Amount}, {Account: ids[0], Contra: ids[1], Amount: w.Amount}},
	})
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `
		insert into finsystem.payments (id, source_key, client_id, source, currency_code, amount, pay_date, title, reference, posting_id, create_time)
		values ($1, $2, $3, 'bonus', $4, $5, $6, $7, '', $8, $9)`,
		id, key, w.ClientID, w.Currency, w.Amount, s.today(), d.Number, posted[0].ID, s.host.Now()); err != nil {
		return nil, err
	}
	return []paymentRow{{ID: id}}, nil
}

func bonusKey(payment string) string { return "bonus:" + payment }
