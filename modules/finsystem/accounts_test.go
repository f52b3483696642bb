package finsystem_test

import (
	"context"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// agreement makes one of a client's that is in force.
func (o *office) agreement(client, number string) string {
	o.t.Helper()
	agreements := clientmanagerv1.NewAgreementServiceClient(o.head.user.Conn)
	made, err := agreements.CreateAgreement(o.t.Context(), &clientmanagerv1.CreateAgreementRequest{RequestId: store.NewID(), Agreement: &clientmanagerv1.Agreement{
		ClientId: client, Number: number, Kind: clientmanagerv1.AgreementKind_AGREEMENT_KIND_SERVICE, StartDate: "2026-03-01", CurrencyCode: "UAH",
	}})
	require.NoError(o.t, err)
	_, err = agreements.ActivateAgreement(o.t.Context(), &clientmanagerv1.ActivateAgreementRequest{Id: made.GetAgreement().GetId()})
	require.NoError(o.t, err)
	return made.GetAgreement().GetId()
}

// postings are what an account's statement says, newest first, page by page.
func (d *desk) postings(r *v1.ListPostingsRequest) ([]string, error) {
	d.t.Helper()
	r.PageSize = 2
	var out []string
	for {
		list, err := d.ledger.ListPostings(d.t.Context(), r)
		if err != nil {
			return nil, err
		}
		for _, p := range list.GetPostings() {
			out = append(out, p.GetMemo()+" "+p.GetAmount().GetAmount())
		}
		if r.PageToken = list.GetNextPageToken(); r.PageToken == "" {
			return out, nil
		}
	}
}

// Any figure opens to what made it: by agreement, by service, and on the business's own accounts.
func TestPostingsOfAnyAccount(t *testing.T) {
	o := newOffice(t)
	agreement := o.agreement(o.zerno, "24/118")
	o.manager.paid(o.zerno, "5000.00", "")
	o.manager.issued(o.zerno, func(d *v1.Document) { d.AgreementId, d.PaymentDays, d.Subject = agreement, 5, "By agreement" })
	o.manager.issued(o.zerno, func(d *v1.Document) { d.PaymentDays, d.Subject = 5, "Without" })
	o.head.paid(o.other, "70.00", "")
	subscriptions := v1.NewSubscriptionServiceClient(o.manager.user.Conn)
	service := func(name, agreement string, own bool) string {
		made, err := subscriptions.CreateSubscription(t.Context(), &v1.CreateSubscriptionRequest{RequestId: store.NewID(), Start: true, Subscription: &v1.Subscription{
			ClientId: o.zerno, AgreementId: agreement, Name: name, CurrencyCode: "UAH", Price: "300", Quantity: "1", TaxMode: noTax, OwnAccount: own,
			Period: v1.ServicePeriod_SERVICE_PERIOD_ONE_OFF, StartDate: "2026-11-01",
		}})
		require.NoError(t, err)
		return made.GetSubscription().GetId()
	}
	hosting, filled := service("Hosting", agreement, false), service("Telephony", "", true)
	_, err := subscriptions.CreateSubscription(t.Context(), &v1.CreateSubscriptionRequest{RequestId: store.NewID(), Subscription: &v1.Subscription{
		ClientId: o.zerno, AgreementId: o.agreement(o.other, "24/119"), Name: "x", CurrencyCode: "UAH", Price: "1", Period: v1.ServicePeriod_SERVICE_PERIOD_MONTH, StartDate: "2026-11-01",
	}})
	refusedFor(t, err, codes.InvalidArgument, "subscription.agreement_id", "no_agreement")
	_, err = v1.NewSubscriptionServiceClient(o.director.user.Conn).TransferToService(t.Context(), &v1.TransferToServiceRequest{RequestId: store.NewID(), SubscriptionId: filled, Amount: uah("450.00")})
	require.NoError(t, err)

	list, err := o.director.ledger.ListAccounts(t.Context(), &v1.ListAccountsRequest{})
	require.NoError(t, err)
	var said []string
	for _, a := range list.GetAccounts() {
		said = append(said, strings.Join([]string{a.GetName(), a.GetCharged().GetAmount(), a.GetDue().GetAmount(), a.GetBalance().GetAmount()}, " "))
	}
	require.Equal(t, []string{"24/118 1500.00 0.00 ", "Hosting 300.00 0.00 ", "Telephony 0.00 300.00 450.00"}, said)
	for _, c := range []struct {
		who     *desk
		account string
		want    []string
	}{
		{o.director, "agreement:" + agreement, []string{"Hosting -300.00", "By agreement -1200.00"}},
		{o.manager, "service:" + hosting, []string{"Hosting -300.00"}},
		{o.director, "service:" + filled, []string{"Telephony 450.00"}},
		{o.head, "bank:UA213223130000026007233566001", []string{" 70.00", " 5000.00"}},
		{o.head, "revenue:general", []string{"Hosting 300.00", "Without 1000.00", "By agreement 1000.00"}},
		{o.head, "tax:20", []string{"Without 200.00", "By agreement 200.00"}},
	} {
		got, err := c.who.postings(&v1.ListPostingsRequest{Account: c.account})
		require.NoError(t, err, c.account)
		require.ElementsMatch(t, c.want, got, c.account)
	}
	for account, who := range map[string]*desk{
		"bank:UA213223130000026007233566001": o.manager, "revenue:general": o.director, "bank:UA0": o.head, "client:x": o.head, "service:" + store.NewID(): o.head, "service:" + filled: o.stranger,
	} {
		_, err := who.postings(&v1.ListPostingsRequest{Account: account})
		require.Equal(t, codes.NotFound, status.Code(err), account)
	}
	named, err := o.director.ledger.ListPostings(t.Context(), &v1.ListPostingsRequest{Account: "agreement:" + agreement})
	require.NoError(t, err)
	require.Equal(t, []string{"24/118", "1500.00"}, []string{named.GetAccount().GetName(), named.GetAccount().GetCharged().GetAmount()})
	foreign, err := o.stranger.postings(&v1.ListPostingsRequest{Account: "agreement:" + agreement})
	require.NoError(t, err)
	require.Empty(t, foreign)
	none, err := o.stranger.ledger.ListPostings(t.Context(), &v1.ListPostingsRequest{Account: "agreement:" + agreement})
	require.NoError(t, err)
	require.Nil(t, none.GetAccount())
	_, err = o.head.ledger.ListPostings(t.Context(), &v1.ListPostingsRequest{Account: "service:" + filled, ClientId: o.other})
	require.Equal(t, codes.NotFound, status.Code(err))

	// Staff who name nobody see what moved for all whom they serve.
	all, err := o.head.postings(&v1.ListPostingsRequest{})
	require.NoError(t, err)
	require.Len(t, all, 7)
	served, err := o.manager.postings(&v1.ListPostingsRequest{})
	require.NoError(t, err)
	require.Len(t, served, 6)
	own, err := o.head.ledger.ListAccounts(t.Context(), &v1.ListAccountsRequest{})
	require.NoError(t, err)
	require.Equal(t, []string{"bank:UA213223130000026007233566001", "5070.00"}, []string{own.GetAccounts()[0].GetAccount(), own.GetAccounts()[0].GetBalance().GetAmount()})
	_, err = o.manager.ledger.ListAccounts(t.Context(), &v1.ListAccountsRequest{})
	require.Equal(t, codes.InvalidArgument, status.Code(err))

	// Every link of these pages leads somewhere.
	for _, who := range []*desk{o.head, o.manager, o.director} {
		paths := []string{"/clients/" + o.zerno + "/balance", "/clients/" + o.zerno + "/balance?tab=client_accounts", "/postings", "/documents",
			"/clients/" + o.zerno + "/documents", "/services", "/clients/" + o.zerno + "/services/new", "/clients/" + o.zerno + "/documents/new"}
		switch who {
		case o.head:
			paths = append(paths, "/clients/"+o.zerno+"/balance/adjust", "/books", "/books/accounts")
		case o.director:
			paths = []string{"/balance", "/postings", "/documents", "/services"}
		}
		done := map[string]bool{}
		for i := 0; i < len(paths) && i < 90; i++ {
			page := who.user.Get(t, paths[i])
			require.Equal(t, http.StatusOK, page.Status, "%s, to which one of %v leads", paths[i], paths)
			for _, href := range regexp.MustCompile(`href="(/(?:postings|accounts|clients/[^"/]+/(?:balance|documents|services)|balance|books|documents|services)[^"]*)"`).FindAllStringSubmatch(page.Body, -1) {
				if at := html.UnescapeString(href[1]); !done[at] && !strings.Contains(at, ".csv") {
					done[at] = true
					paths = append(paths, at)
				}
			}
		}
	}
}

// Money that goes from one client to another is seen by both, each with their own side alone.
func TestATransferIsSeenFromBothSides(t *testing.T) {
	o := newOffice(t)
	o.head.paid(o.zerno, "100.00", "")
	o.head.paid(o.other, "1.00", "")
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, o.DSN)
	require.NoError(t, err)
	defer conn.Close(ctx)
	require.NoError(t, pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `select set_config('role', all_role, true) from finsystem.books`)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			select finsystem.post(array['gift'], array['\x01'::bytea], array['transfer'], array[z.client_id], array[4000], array['UAH'], array['2026-11-02'::date], array[null::bigint],
				array[null::uuid], array['To Other, for Zerno'], array[null::uuid], array[null::uuid], array[null::uuid], array[1, 1], array[z.id, y.id], array[w.id, w.id], array[-4000, 4000])
			from finsystem.accounts z, finsystem.accounts y, finsystem.open_accounts(array[null::uuid], array['transfer'], array[''], array['UAH'], null) w(id)
			where z.client_id = $1::uuid and y.client_id = $2::uuid`, o.zerno, o.other)
		return err
	}))
	for who, want := range map[*desk][]string{o.director: {"To Other, for Zerno -40.00", "60.00"}, o.stranger: {"Transfer between clients 40.00", "41.00"}} {
		list, err := who.ledger.ListPostings(t.Context(), &v1.ListPostingsRequest{})
		require.NoError(t, err)
		require.Len(t, list.GetPostings(), 2)
		p := list.GetPostings()[0]
		require.Equal(t, want, []string{p.GetMemo() + " " + p.GetAmount().GetAmount(), p.GetBalance().GetAmount()})
		got, err := who.ledger.GetPosting(t.Context(), &v1.GetPostingRequest{Id: p.GetId()})
		require.NoError(t, err)
		require.Equal(t, p.GetClientId(), got.GetPosting().GetClientId())
		require.Len(t, got.GetPosting().GetEntries(), 1)
		require.Equal(t, p.GetAmount().GetAmount(), got.GetPosting().GetEntries()[0].GetAmount().GetAmount())
		page := who.user.Get(t, "/postings/"+p.GetId())
		require.Equal(t, http.StatusOK, page.Status)
		if who == o.stranger {
			require.NotContains(t, got.String()+page.Body, o.zerno)
			require.NotContains(t, page.Body, "Zerno")
		}
	}
	all, err := o.head.postings(&v1.ListPostingsRequest{})
	require.NoError(t, err)
	require.Len(t, all, 4)
	unknown := o.desk(o.Contact(t, o.Client(t, "Third"), "client.director"))
	list, err := o.head.ledger.ListPostings(t.Context(), &v1.ListPostingsRequest{ClientId: o.zerno})
	require.NoError(t, err)
	_, err = unknown.ledger.GetPosting(t.Context(), &v1.GetPostingRequest{Id: list.GetPostings()[0].GetId()})
	require.Equal(t, codes.NotFound, status.Code(err))
}
