package paysystem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// savedCardService shows cards that gateways keep.
type savedCardService struct {
	v1.UnimplementedSavedCardServiceServer
	*Module
}

var _ v1.SavedCardServiceServer = (*savedCardService)(nil)

// cardRow is a card as it is kept. The token is what the gateway calls it, sealed for this row.
type cardRow struct {
	ID, ClientID, CustomerID, Gateway, MethodID string
	Token                                       []byte
	Title, Brand, LastFour                      string
	Month, Year                                 int32
	Created                                     time.Time
}

const cardFields = `id::text, client_id::text, customer_id::text, gateway, method_id::text, token, title, brand, last_four, expire_month, expire_year, create_time`

// cardToken and customerToken are what tokens are sealed for.
const (
	cardToken     = "saved-card"
	customerToken = "gateway-customer"
)

func (r *cardRow) card() *v1.SavedCard {
	c := &v1.SavedCard{
		Id: r.ID, ClientId: r.ClientID, Title: r.Title, Brand: r.Brand, LastFour: r.LastFour, Gateway: r.Gateway, CreateTime: timestamppb.New(r.Created),
	}
	if r.Year > 0 {
		c.Expires = fmt.Sprintf("%02d/%04d", r.Month, r.Year)
	}
	return c
}

func findCard(ctx context.Context, q store.Querier, id string) (cardRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[cardRow], `select `+cardFields+` from paysystem.saved_cards where id = $1`, id)
	return row, store.NotFoundAs(err, errNoCard)
}

// paysByCard tells whether somebody may pay with a client's kept cards: a contact, and no member of staff who acts as one.
func paysByCard(who access.Principal) bool { return who.Kind == access.Contact && who.ActedBy == "" }

// ListSavedCards lists those of a client, newest first.
func (s *savedCardService) ListSavedCards(ctx context.Context, r *v1.ListSavedCardsRequest) (*v1.ListSavedCardsResponse, error) {
	c := &store.Where{}
	if client := access.From(ctx).ClientMeant(r.GetClientId()); client != "" {
		c.Add("client_id = ?::uuid", client)
	}
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id); err != nil {
		return nil, err
	} else if on {
		c.Add("id < ?::uuid", id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[cardRow], `select `+cardFields+` from paysystem.saved_cards`+c.String()+` order by id desc limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListSavedCardsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last cardRow) []any { return []any{last.ID} })
	for _, row := range rows {
		response.SavedCards = append(response.SavedCards, row.card())
	}
	return response, err
}

// DeleteSavedCard has the gateway forget a card first: what is not on the list any more is nowhere.
func (s *savedCardService) DeleteSavedCard(ctx context.Context, r *v1.DeleteSavedCardRequest) (*v1.DeleteSavedCardResponse, error) {
	row, err := findCard(ctx, s.host.Store, r.GetId())
	if errors.Is(err, errNoCard) { // nor is there one of another's that the caller could tell from none
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	token, customer, err := s.tokens(s.host.Self(ctx), &row)
	if err != nil {
		return nil, err
	}
	_, err = s.gateways.RemoveSavedMethod(s.to(ctx, row.Gateway), &v1.RemoveSavedMethodRequest{ClientId: row.ClientID, Id: token, CustomerToken: customer})
	if err != nil && passing(err) {
		return nil, errGateway
	}
	if err != nil { // it is gone there already
		s.host.Log.WarnContext(ctx, "a gateway knows no such card", "gateway", row.Gateway, "card", row.ID, "error", err)
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.Changed(tx, row.card(), nil)
		_, err := tx.Exec(ctx, "delete from paysystem.saved_cards where id = $1", row.ID)
		return err
	})
	return &v1.DeleteSavedCardResponse{}, err
}

// tokens are what a card and its owner are to the gateway.
func (m *Module) tokens(ctx context.Context, c *cardRow) (card, customer string, err error) {
	opened, err := m.host.Secrets.Open(cardToken, c.Token, []byte(c.ID))
	if err != nil {
		return "", "", err
	}
	customer, err = m.customer(ctx, c.CustomerID)
	return string(opened), customer, err
}

// customer is what a client is to a gateway, by the id of the row that keeps it; empty for none.
func (m *Module) customer(ctx context.Context, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	sealed, err := store.QueryOne(ctx, m.host.Store, pgx.RowTo[[]byte], "select token from paysystem.customers where id = $1", id)
	if err != nil {
		return "", err
	}
	opened, err := m.host.Secrets.Open(customerToken, sealed, []byte(id))
	return string(opened), err
}

// customerOf finds the row that keeps what a client is to a gateway; empty for none.
func (m *Module) customerOf(ctx context.Context, client, gateway string) (string, error) {
	ids, err := store.Query(ctx, m.host.Store, pgx.RowTo[string], "select id::text from paysystem.customers where client_id = $1 and gateway = $2 order by id desc limit 1", client, gateway)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

// knows keeps what a gateway says that a payment's client is to it, where that is new.
func (m *Module) knows(ctx context.Context, tx *store.Tx, p *paymentRow, present, said string) error {
	if said == "" || said == present {
		return nil
	}
	id := store.NewID()
	sealed, err := m.host.Secrets.Seal(customerToken, []byte(said), []byte(id))
	if err != nil {
		return err
	}
	p.CustomerID = id
	_, err = tx.Exec(ctx, "insert into paysystem.customers (id, client_id, gateway, token, create_time) values ($1, $2, $3, $4, $5)", id, p.ClientID, p.Gateway, sealed, m.host.Now())
	return err
}

// savedCardsDue asks a gateway which cards it keeps for the client of a payment, and has the list say the same.
func (m *Module) savedCardsDue(ctx context.Context, _ event.Event, e *v1.SavedCardsDue) error {
	p, err := findPayment(ctx, m.host.Store, e.GetPaymentId())
	if errors.Is(err, errNoPayment) || err == nil && p.CustomerID == "" {
		return m.nothing(ctx)
	}
	if err != nil {
		return err
	}
	customer, err := m.customer(ctx, p.CustomerID)
	if err != nil {
		return err
	}
	list, err := m.gateways.ListSavedMethods(m.to(ctx, p.Gateway), &v1.ListSavedMethodsRequest{ClientId: p.ClientID, CustomerToken: customer})
	if err != nil && passing(err) {
		return m.later(ctx, e.GetTries(), p.ClientID, &v1.SavedCardsDue{PaymentId: p.ID, Tries: e.GetTries() + 1}, err)
	}
	if err != nil {
		m.host.Log.WarnContext(ctx, "a gateway does not say which cards it keeps", "gateway", p.Gateway, "error", err)
		return m.nothing(ctx)
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, p.ClientID)
		return m.keepCards(ctx, tx, &p, list.GetSavedMethods())
	})
}

// keepCards makes the list of a customer's cards what a gateway says.
func (m *Module) keepCards(ctx context.Context, tx *store.Tx, p *paymentRow, said []*v1.SavedMethod) error {
	if _, err := tx.Exec(ctx, "select from paysystem.customers where id = $1 for update", p.CustomerID); err != nil { // one at a time
		return err
	}
	known, err := store.Query(ctx, tx, pgx.RowToStructByPos[cardRow], `select `+cardFields+` from paysystem.saved_cards where customer_id = $1`, p.CustomerID)
	if err != nil {
		return err
	}
	var tokens []string
	for _, c := range known {
		token, err := m.host.Secrets.Open(cardToken, c.Token, []byte(c.ID))
		if err != nil {
			return err
		}
		tokens = append(tokens, string(token))
		if !slices.ContainsFunc(said, func(s *v1.SavedMethod) bool { return s.GetId() == string(token) }) {
			if _, err := tx.Exec(ctx, "delete from paysystem.saved_cards where id = $1", c.ID); err != nil {
				return err
			}
		}
	}
	for _, s := range said {
		if s.GetId() == "" || slices.Contains(tokens, s.GetId()) {
			continue
		}
		id := store.NewID()
		sealed, err := m.host.Secrets.Seal(cardToken, []byte(s.GetId()), []byte(id))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into paysystem.saved_cards (id, client_id, customer_id, gateway, method_id, token, title, brand, last_four, expire_month, expire_year, create_time)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			id, p.ClientID, p.CustomerID, p.Gateway, p.MethodID, sealed, short(s.GetTitle()), short(s.GetBrand()), short(s.GetLastFour()), s.GetExpireMonth(), s.GetExpireYear(), m.host.Now()); err != nil {
			return err
		}
	}
	return nil
}
