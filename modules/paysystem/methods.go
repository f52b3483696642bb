package paysystem

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// methodService keeps the ways to pay.
type methodService struct {
	v1.UnimplementedMethodServiceServer
	*Module
}

var _ v1.MethodServiceServer = (*methodService)(nil)

// ListPaymentMethods lists the ways that a client can choose from.
func (s *methodService) ListPaymentMethods(ctx context.Context, r *v1.ListPaymentMethodsRequest) (*v1.ListPaymentMethodsResponse, error) {
	client, err := s.clientOf(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[methodRow], `select `+methodFields+` from paysystem.methods where not off order by position, id`)
	if err != nil {
		return nil, err
	}
	gateways, err := s.providers(ctx)
	if err != nil {
		return nil, err
	}
	var cards []cardRow
	if paysByCard(access.From(ctx)) {
		cards, err = store.Query(ctx, s.host.Store, pgx.RowToStructByPos[cardRow], `select `+cardFields+` from paysystem.saved_cards where client_id = $1 order by id desc`, client.GetId())
		if err != nil {
			return nil, err
		}
	}
	funds := s.fundsFor(ctx, client.GetId(), r.GetDocumentId())
	response := &v1.ListPaymentMethodsResponse{}
	about := s.describeAll(ctx, slices.DeleteFunc(slices.Clone(gateways), func(id string) bool {
		return !slices.ContainsFunc(rows, func(row methodRow) bool { return row.Gateway == id })
	}))
	for _, row := range rows {
		one := &v1.OfferedMethod{Id: row.ID, Title: row.Title, Kind: methodKinds.Of(row.Kind)}
		switch {
		case !row.offeredTo(client):
		case ofAccount(row.Kind) && !offers(one, funds, row.Currency):
		case row.Gateway != "" && !slices.Contains(gateways, row.Gateway): // it is off now
		case r.GetCurrencyCode() != "" && row.Currency != "" && row.Currency != r.GetCurrencyCode():
		default:
			one.KeepsCards = about[row.Gateway].GetSavedMethods()
			for _, c := range cards {
				if c.MethodID == row.ID {
					response.Methods = append(response.Methods, &v1.OfferedMethod{Id: c.ID, Title: c.Title, Kind: one.GetKind(), SavedCard: true})
				}
			}
			response.Methods = append(response.Methods, one)
		}
	}
	return response, nil
}

// ListMethods lists all ways, in order.
func (s *methodService) ListMethods(ctx context.Context, r *v1.ListMethodsRequest) (*v1.ListMethodsResponse, error) {
	c := &store.Where{}
	var position int32
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &position, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(position, id) > (?, ?::uuid)", position, id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[methodRow], `select `+methodFields+` from paysystem.methods`+c.String()+` order by position, id limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListMethodsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last methodRow) []any { return []any{last.Position, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Methods = append(response.Methods, row.method())
	}
	return response, nil
}

// GetMethod returns a way to pay.
func (s *methodService) GetMethod(ctx context.Context, r *v1.GetMethodRequest) (*v1.GetMethodResponse, error) {
	row, err := findMethod(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	return &v1.GetMethodResponse{Method: row.method()}, nil
}

// methodChanges are the fields that can be written.
var methodChanges = map[string]func(to, from *v1.Method){
	"title":         func(to, from *v1.Method) { to.Title = strings.TrimSpace(from.GetTitle()) },
	"kind":          func(to, from *v1.Method) { to.Kind = from.GetKind() },
	"gateway":       func(to, from *v1.Method) { to.Gateway = from.GetGateway() },
	"currency_code": func(to, from *v1.Method) { to.CurrencyCode = from.GetCurrencyCode() },
	"segment_ids":   func(to, from *v1.Method) { to.SegmentIds = slices.Clone(from.GetSegmentIds()) },
	"least":         func(to, from *v1.Method) { to.Least = from.GetLeast() },
	"most":          func(to, from *v1.Method) { to.Most = from.GetMost() },
	"position":      func(to, from *v1.Method) { to.Position = from.GetPosition() },
	"off":           func(to, from *v1.Method) { to.Off = from.GetOff() },
	"receipts":      func(to, from *v1.Method) { to.Receipts = from.GetReceipts() },
}

// checkMethod refuses what the contract's constraints cannot say.
func checkMethod(m *v1.Method, gateways []string) error {
	if err := module.Constrained("method", m); err != nil {
		return err
	}
	isGateway := m.GetKind() == v1.MethodKind_METHOD_KIND_GATEWAY
	switch {
	case isGateway && !m.GetOff() && !slices.Contains(gateways, m.GetGateway()), isGateway && m.GetGateway() == "":
		return errNoGateway
	case !isGateway && m.GetGateway() != "":
		return errNotGateway
	case m.GetCurrencyCode() == "" && (m.GetLeast() != "" || m.GetMost() != ""):
		return errBoundsIn
	case m.GetCurrencyCode() == "":
		return nil
	}
	if _, err := money.Scale(m.GetCurrencyCode()); err != nil {
		return refuse(codes.InvalidArgument, "method.currency_code", "refusal.no_currency", "there is no such currency: write its three letters, such as UAH")
	}
	var bounds [2]int64
	for i, text := range []string{m.GetLeast(), m.GetMost()} {
		if text == "" {
			continue
		}
		units, err := unitsOf(m.GetCurrencyCode(), text)
		if err != nil {
			return refuse(codes.InvalidArgument, []string{"method.least", "method.most"}[i], "refusal.amount", "this is no amount of the currency")
		}
		bounds[i] = units
	}
	if bounds[1] != 0 && bounds[1] < bounds[0] {
		return errBounds
	}
	return nil
}

// CreateMethod adds a way to pay.
func (s *methodService) CreateMethod(ctx context.Context, r *v1.CreateMethodRequest) (*v1.CreateMethodResponse, error) {
	gateways, err := s.providers(ctx)
	if err != nil {
		return nil, err
	}
	var response *v1.CreateMethodResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateMethodResponse, error) {
			made := &v1.Method{Id: store.NewID(), Revision: 1}
			for _, apply := range methodChanges {
				apply(made, r.GetMethod())
			}
			if err := checkMethod(made, gateways); err != nil {
				return nil, err
			}
			audit.Changed(tx, nil, made)
			return &v1.CreateMethodResponse{Method: made}, saveMethod(ctx, tx, made)
		})
		return err
	})
	return response, err
}

// UpdateMethod changes the named fields. Payments that were begun stay as they were.
func (s *methodService) UpdateMethod(ctx context.Context, r *v1.UpdateMethodRequest) (*v1.UpdateMethodResponse, error) {
	if !store.IsID(r.GetMethod().GetId()) {
		return nil, errNoMethod
	}
	fields, err := module.Named(r.GetUpdateMask(), func(field string) bool { return methodChanges[field] != nil }, ID+".refusal.no_fields", ID+".refusal.unknown_field")
	if err != nil {
		return nil, err
	}
	gateways, err := s.providers(ctx)
	if err != nil {
		return nil, err
	}
	var response *v1.UpdateMethodResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[methodRow], `select `+methodFields+` from paysystem.methods where id = $1 for update`, r.GetMethod().GetId())
		if err != nil {
			return store.NotFoundAs(err, errNoMethod)
		}
		before := row.method()
		if given := r.GetMethod().GetRevision(); given != 0 && given != before.GetRevision() {
			return errMeanwhile
		}
		after := proto.CloneOf(before)
		for _, field := range fields {
			methodChanges[field](after, r.GetMethod())
		}
		if err := checkMethod(after, gateways); err != nil {
			return err
		}
		response = &v1.UpdateMethodResponse{Method: after}
		if proto.Equal(before, after) {
			return nil
		}
		after.Revision++
		audit.Changed(tx, before, after)
		return saveMethod(ctx, tx, after)
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// ListGateways lists the portal's gateways. One that does not answer is called by its id.
func (s *methodService) ListGateways(ctx context.Context, _ *v1.ListGatewaysRequest) (*v1.ListGatewaysResponse, error) {
	ids, err := s.providers(ctx)
	if err != nil {
		return nil, err
	}
	response := &v1.ListGatewaysResponse{}
	about := s.describeAll(ctx, ids)
	for _, id := range ids {
		response.Gateways = append(response.Gateways, &v1.Gateway{Id: id, Title: cmp.Or(about[id].GetTitle(), id)})
	}
	return response, nil
}
