package clientmanager

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// entityService joins clients that are legal entities of one customer. A group is a mark on rows that each stay behind their
// own fence: the caller sees, joins and parts only what they see anyway.
type entityService struct {
	v1.UnimplementedEntityServiceServer
	*Module
}

var _ v1.EntityServiceServer = (*entityService)(nil)

var (
	errPerson = refuse(codes.FailedPrecondition, "", "entities.person", "a person has no legal entities: each is a client of its own")
	errItself = refuse(codes.FailedPrecondition, "other_client_id", "entities.itself", "choose another client")
)

// ListEntities lists those of a client's group, by name; none for a client that stands by itself.
func (s *entityService) ListEntities(ctx context.Context, r *v1.ListEntitiesRequest) (*v1.ListEntitiesResponse, error) {
	client, err := findClient(ctx, s.host.Store, r.GetClientId())
	if err != nil {
		return nil, err
	}
	if client.GetGroupId() == "" {
		return &v1.ListEntitiesResponse{}, nil
	}
	c := &store.Where{}
	c.Add("group_id = ?::uuid", client.GetGroupId())
	var key []byte
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &key, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(name_key, id) > (?, ?::uuid)", key, id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[clientRow],
		`select `+clientColumns+` from clientmanager.clients`+c.String()+` order by name_key, id limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListEntitiesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last clientRow) []any { return []any{last.NameKey, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Clients = append(response.Clients, s.shown(ctx, row.client()))
	}
	return response, nil
}

// PreviewEntity gives what a new entity has alike with one that is there.
func (s *entityService) PreviewEntity(ctx context.Context, r *v1.PreviewEntityRequest) (*v1.PreviewEntityResponse, error) {
	client, err := findClient(ctx, s.host.Store, r.GetClientId())
	if err != nil {
		return nil, err
	}
	return &v1.PreviewEntityResponse{Client: &v1.Client{
		Kind: v1.ClientKind_CLIENT_KIND_COMPANY, Tags: client.GetTags(), Email: client.GetEmail(), Phone: client.GetPhone(),
		Website: client.GetWebsite(), Place: client.GetPlace(), Address: client.GetAddress(), CountryCode: client.GetCountryCode(),
	}}, nil
}

// CreateEntity makes a client in the group of another, which gets one where it had none.
func (s *entityService) CreateEntity(ctx context.Context, r *v1.CreateEntityRequest) (*v1.CreateEntityResponse, error) {
	if err := s.checkExtra(r.GetClient(), true); err != nil {
		return nil, err
	}
	rules, err := s.assigning(ctx) // before the transaction: another module is asked
	if err != nil {
		return nil, err
	}
	var response *v1.CreateEntityResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateEntityResponse, error) {
			first, err := holdClient(ctx, tx, r.GetClientId())
			if err != nil {
				return nil, err
			}
			if first, err = s.grouped(ctx, tx, first); err != nil {
				return nil, err
			}
			client := &v1.Client{Id: store.NewID(), Kind: v1.ClientKind_CLIENT_KIND_COMPANY, GroupId: first.GetGroupId()}
			for _, change := range changes {
				change.apply(client, r.GetClient())
			}
			client.Kind = v1.ClientKind_CLIENT_KIND_COMPANY
			tidy(client)
			if err := module.Constrained("client", client); err != nil {
				return nil, err
			}
			if err := s.fits(client); err != nil {
				return nil, err
			}
			place := placing{rules: rules}
			if !ownOnly(ctx) { // who sees only some clients makes it where they work, and serves it
				place.managerID, place.managerName = first.GetManagerId(), first.GetManagerName()
				if open, err := isOpen(ctx, tx, first.GetBranchId()); err != nil {
					return nil, err
				} else if open {
					client.BranchId = first.GetBranchId()
				}
			}
			if err := s.addPlaced(ctx, tx, byHand, client, place); err != nil {
				return nil, taken(err)
			}
			if err := s.placeNew(ctx, tx, client, place); err != nil {
				return nil, err
			}
			news := &v1.EntityAdded{ClientId: client.GetId(), Time: timestamppb.New(s.host.Now())}
			if r.GetSamePeople() {
				news.PeopleOf = first.GetId()
			}
			return &v1.CreateEntityResponse{Client: s.shown(ctx, client)}, s.host.Publish(ctx, tx, client.GetId(), news)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// grouped gives a held client a group, where it has none.
func (m *Module) grouped(ctx context.Context, tx *store.Tx, client *v1.Client) (*v1.Client, error) {
	switch {
	case client.GetKind() == v1.ClientKind_CLIENT_KIND_PERSON:
		return nil, errPerson
	case client.GetGroupId() != "":
		return client, nil
	}
	return m.putInGroup(ctx, tx, client, store.NewID(), "entity_joined")
}

// putInGroup puts a held client into a group, or with an empty one out of its own, and says so.
func (m *Module) putInGroup(ctx context.Context, tx *store.Tx, client *v1.Client, group, what string) (*v1.Client, error) {
	present := proto.CloneOf(client)
	client.GroupId = group
	client, err := m.save(ctx, tx, present, client, entry{what: what})
	if err != nil {
		return nil, err
	}
	return client, m.host.Publish(ctx, tx, client.GetId(), &v1.ClientRegrouped{ClientId: client.GetId(), Time: client.GetUpdateTime()})
}

// JoinEntities puts two clients into one group. Those that belong to the second one come along, seen by the caller or not.
func (s *entityService) JoinEntities(ctx context.Context, r *v1.JoinEntitiesRequest) (*v1.JoinEntitiesResponse, error) {
	if r.GetClientId() == r.GetOtherClientId() {
		return nil, errItself
	}
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		both, err := findClients(ctx, tx, []string{r.GetClientId(), r.GetOtherClientId()}, true)
		if err != nil {
			return err
		}
		first, second := both[r.GetClientId()], both[r.GetOtherClientId()]
		if first == nil || second == nil {
			return errNoClient
		}
		if first, err = s.grouped(ctx, tx, first); err != nil {
			return err
		}
		former := second.GetGroupId()
		if former == first.GetGroupId() {
			return nil
		}
		if second.GetKind() == v1.ClientKind_CLIENT_KIND_PERSON {
			return errPerson
		}
		audit.Concerns(tx, second.GetId())
		if _, err := s.putInGroup(ctx, tx, second, first.GetGroupId(), "entity_joined"); err != nil || former == "" {
			return err
		}
		moved, err := store.Query(ctx, tx, pgx.RowTo[string], `select clientmanager.regroup($1, $2)::text`, former, first.GetGroupId())
		if err != nil {
			return err
		}
		for _, id := range moved {
			if err := s.host.Publish(ctx, tx, id, &v1.ClientRegrouped{ClientId: id, Time: timestamppb.New(s.host.Now())}); err != nil {
				return err
			}
		}
		return nil
	})
	return &v1.JoinEntitiesResponse{}, err
}

// PartEntity takes a client out of its group.
func (s *entityService) PartEntity(ctx context.Context, r *v1.PartEntityRequest) (*v1.PartEntityResponse, error) {
	_, err := s.hold(ctx, r.GetClientId(), func(ctx context.Context, tx *store.Tx, client *v1.Client) (*v1.Client, error) {
		if client.GetGroupId() == "" {
			return client, nil
		}
		return s.putInGroup(ctx, tx, client, "", "entity_parted")
	})
	return &v1.PartEntityResponse{}, err
}

// entityAdded gives the people of a customer's other entity the same roles in the new one.
func (m *Module) entityAdded(ctx context.Context, _ event.Event, e *v1.EntityAdded) error {
	if !store.IsID(e.GetPeopleOf()) {
		return m.noted(ctx)
	}
	_, err := m.admissions.CopyMemberships(ctx, &accountmanagerv1.CopyMembershipsRequest{
		RequestId: stepID(e.GetClientId(), "people"), FromClientId: e.GetPeopleOf(), ClientId: e.GetClientId(),
	})
	if err != nil {
		return err
	}
	return m.noted(ctx)
}
