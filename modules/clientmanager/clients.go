package clientmanager

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// clientService is the register of clients. Everything is read and written with the caller's own eyes: what they do not
// see is not there.
type clientService struct {
	v1.UnimplementedClientServiceServer
	*Module
}

var _ v1.ClientServiceServer = (*clientService)(nil)

// ListClients lists the clients the caller sees.
func (s *clientService) ListClients(ctx context.Context, r *v1.ListClientsRequest) (*v1.ListClientsResponse, error) {
	sight, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.filter(ctx, sight, r)
	if err != nil {
		return nil, err
	}
	o, after := orderOf(r), store.Where{}
	var key []byte
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &key, &id); err != nil {
		return nil, err
	} else if on {
		after = o.after(c, key, id)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[listed], selectPage(c, sight, after, o, n+1), c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListClientsResponse{}
	if len(rows) > 0 {
		response.TotalSize, response.TotalIsMore = min(rows[0].Total, sight.counted()), rows[0].Total > sight.counted()
	}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last listed) []any {
		if o.of != nil {
			key = o.of(last.clientRow)
		}
		return []any{key, last.ID}
	})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Clients = append(response.Clients, s.shown(ctx, row.client()))
	}
	return response, nil
}

// GetClient returns a client the caller sees, also one that was merged into such a client.
func (s *clientService) GetClient(ctx context.Context, r *v1.GetClientRequest) (*v1.GetClientResponse, error) {
	client, err := findClient(ctx, s.host.Store, r.GetId())
	if errors.Is(err, errNoClient) {
		client, err = findMerged(ctx, s.host.Store, r.GetId())
	}
	if err != nil {
		return nil, err
	}
	return &v1.GetClientResponse{Client: s.shown(ctx, client)}, nil
}

// CreateClient adds a client. Who sees only some clients becomes the manager of what they add, or would not see it: but for
// who leads its branch.
func (s *clientService) CreateClient(ctx context.Context, r *v1.CreateClientRequest) (*v1.CreateClientResponse, error) {
	rules, err := s.assigning(ctx) // before the transaction: another module is asked
	if err != nil {
		return nil, err
	}
	var response *v1.CreateClientResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateClientResponse, error) {
			if err := s.checkExtra(r.GetClient(), true); err != nil {
				return nil, err
			}
			client := &v1.Client{Id: store.NewID(), BranchId: r.GetClient().GetBranchId()}
			for _, change := range changes {
				change.apply(client, r.GetClient())
			}
			tidy(client)
			if err := module.Constrained("client", client); err != nil {
				return nil, err
			}
			if err := s.fits(client); err != nil {
				return nil, err
			}
			if err := s.add(ctx, tx, rules, byHand, client); err != nil {
				return nil, taken(err)
			}
			return &v1.CreateClientResponse{Client: s.shown(ctx, client)}, nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// ownOnly tells whether a member of staff acts who sees only the clients granted to them.
func ownOnly(ctx context.Context) bool {
	if who, ok := importerOf(ctx); ok {
		return !who.all
	}
	return access.From(ctx).Kind == access.Staff && access.DecisionFrom(ctx).Reach == access.Granted
}

// UpdateClient changes the named fields.
func (s *clientService) UpdateClient(ctx context.Context, r *v1.UpdateClientRequest) (*v1.UpdateClientResponse, error) {
	if !store.IsID(r.GetClient().GetId()) {
		return nil, refuse(codes.InvalidArgument, "client.id", "refusal.which", "say by its id which client is meant")
	}
	fields, err := named(r.GetUpdateMask(), changes)
	if err != nil {
		return nil, err
	}
	if slices.Contains(fields, extraField) {
		if err := s.checkExtra(r.GetClient(), false); err != nil {
			return nil, err
		}
	}
	client, err := s.change(ctx, r.GetClient(), fields, "updated")
	if err != nil {
		return nil, err
	}
	return &v1.UpdateClientResponse{Client: s.shown(ctx, client)}, nil
}

// named are the fields that an update is about, of those that can be changed.
func named[F any](mask *fieldmaskpb.FieldMask, changes map[string]F) ([]string, error) {
	known := func(field string) bool { _, ok := changes[field]; return ok }
	return module.Named(mask, known, "clientmanager.refusal.nothing_named", "clientmanager.refusal.no_field")
}

// change writes the named fields of a client over. A change that is there already is no change, whatever the revision:
// so a retry succeeds.
func (m *Module) change(ctx context.Context, want *v1.Client, fields []string, what string) (*v1.Client, error) {
	return m.hold(ctx, want.GetId(), func(ctx context.Context, tx *store.Tx, present *v1.Client) (*v1.Client, error) {
		client, differ := changed(present, want, fields)
		switch {
		case len(differ) == 0:
			return present, nil
		case want.GetRevision() != 0 && want.GetRevision() != present.GetRevision():
			return nil, m.changedMeanwhile(ctx, tx, present, want.GetRevision())
		}
		if err := module.Constrained("client", client); err != nil {
			return nil, err
		}
		if err := m.fits(client, differ...); err != nil {
			return nil, err
		}
		return m.save(ctx, tx, present, client, entry{what: what, fields: differ})
	})
}

// hold runs do with a client that nobody else changes meanwhile.
func (m *Module) hold(ctx context.Context, id string, do func(ctx context.Context, tx *store.Tx, client *v1.Client) (*v1.Client, error)) (*v1.Client, error) {
	var out *v1.Client
	err := m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := m.holdRules(ctx, tx); err != nil {
			return err
		}
		client, err := holdClient(ctx, tx, id)
		if err != nil {
			return err
		}
		out, err = do(ctx, tx, client)
		return err
	})
	return out, taken(err)
}

// save writes a held client over, with its history. present is how it was.
func (m *Module) save(ctx context.Context, tx *store.Tx, present, client *v1.Client, e entry) (*v1.Client, error) {
	audit.Changed(tx, present, client)
	client = proto.CloneOf(client)
	client.Revision++
	client.UpdateTime = timestamppb.New(m.host.Now())
	if err := m.overwriteClients(ctx, tx, []*v1.Client{client}); err != nil {
		return nil, err
	}
	e.client, e.revision = client.GetId(), client.GetRevision()
	return client, m.record(ctx, tx, []entry{e})
}

// GetOverview counts the clients the caller sees.
func (s *clientService) GetOverview(ctx context.Context, _ *v1.GetOverviewRequest) (*v1.GetOverviewResponse, error) {
	now := s.host.Now().In(s.host.Zone)
	return s.overview(ctx, time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, s.host.Zone))
}
