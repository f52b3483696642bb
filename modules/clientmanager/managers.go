package clientmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// assignmentService says who serves clients. The main manager is a field of the client, changed by AssignManager; further
// ones are rows here. Nobody is both, so that one grant lets each of them see the client.
type assignmentService struct {
	v1.UnimplementedAssignmentServiceServer
	*Module
}

var _ v1.AssignmentServiceServer = (*assignmentService)(nil)

// mostManagers is how many further managers a client can have.
const mostManagers = 20

// ListManagers lists who serves a client, the main manager first.
func (s *assignmentService) ListManagers(ctx context.Context, r *v1.ListManagersRequest) (*v1.ListManagersResponse, error) {
	client, err := findClient(ctx, s.host.Store, r.GetClientId())
	if err != nil {
		return nil, err
	}
	c := &store.Where{}
	c.Add("client_id = ?::uuid", r.GetClientId())
	var id string
	on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &id)
	if err != nil {
		return nil, err
	}
	if on && id != "" {
		c.Add("user_id > ?::uuid", id)
	}
	type row struct {
		UserID, Name string
		Created      *time.Time
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[row], `
		select user_id::text, name, create_time from clientmanager.further_managers`+c.String()+` order by client_id, further_managers.user_id limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	if !on && client.GetManagerId() != "" {
		rows = append([]row{{UserID: client.GetManagerId(), Name: client.GetManagerName()}}, rows...)
	}
	response := &v1.ListManagersResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows[:min(len(rows), n+1)], n, func(last row) []any {
		if last.UserID == client.GetManagerId() {
			return []any{""} // the further ones begin behind it
		}
		return []any{last.UserID}
	})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		manager := &v1.ClientManager{UserId: row.UserID, ClientId: r.GetClientId(), Name: row.Name, Place: v1.ManagerPlace_MANAGER_PLACE_MAIN}
		if row.Created != nil {
			manager.Place, manager.CreateTime = v1.ManagerPlace_MANAGER_PLACE_FURTHER, timestamppb.New(*row.Created)
		}
		response.Managers = append(response.Managers, manager)
	}
	return response, nil
}

// AddManager lets somebody serve a client beside its main manager.
func (s *assignmentService) AddManager(ctx context.Context, r *v1.AddManagerRequest) (*v1.AddManagerResponse, error) {
	name, err := s.staffName(ctx, r.GetManagerId(), "manager_id")
	if err != nil {
		return nil, err
	}
	manager := &v1.ClientManager{
		UserId: r.GetManagerId(), ClientId: r.GetClientId(), Name: name, Place: v1.ManagerPlace_MANAGER_PLACE_FURTHER, CreateTime: timestamppb.New(s.host.Now()),
	}
	_, err = s.hold(ctx, r.GetClientId(), func(ctx context.Context, tx *store.Tx, client *v1.Client) (*v1.Client, error) {
		if client.GetManagerId() == r.GetManagerId() {
			return nil, refuse(codes.FailedPrecondition, "manager_id", "refusal.main_already", "they are the client's main manager already")
		}
		present, err := store.QueryOne(ctx, tx, pgx.RowTo[int], `select count(*)::int from clientmanager.further_managers where client_id = $1 and user_id <> $2`, client.GetId(), r.GetManagerId())
		if err != nil {
			return nil, err
		}
		if present >= mostManagers {
			return nil, refuse(codes.FailedPrecondition, "manager_id", "refusal.managers_enough", "twenty people help with this client: remove one first")
		}
		tag, err := tx.Exec(ctx, `
			insert into clientmanager.further_managers (client_id, user_id, name, create_time) values ($1, $2, $3, $4) on conflict do nothing`,
			client.GetId(), r.GetManagerId(), name, s.host.Now())
		if err != nil || tag.RowsAffected() == 0 {
			return client, err
		}
		audit.About(tx, client)
		if err := tx.GrantClients(ctx, r.GetManagerId(), client.GetId()); err != nil {
			return nil, err
		}
		return client, s.record(ctx, tx, []entry{{client: client.GetId(), what: "helper_added", detail: name}})
	})
	if err != nil {
		return nil, err
	}
	return &v1.AddManagerResponse{Manager: manager}, nil
}

// RemoveManager takes a further manager away.
func (s *assignmentService) RemoveManager(ctx context.Context, r *v1.RemoveManagerRequest) (*v1.RemoveManagerResponse, error) {
	_, err := s.hold(ctx, r.GetClientId(), func(ctx context.Context, tx *store.Tx, client *v1.Client) (*v1.Client, error) {
		if client.GetManagerId() == r.GetManagerId() {
			return nil, refuse(codes.FailedPrecondition, "manager_id", "refusal.main_stays", "they are the client's main manager: assign another one instead")
		}
		names, err := store.Query(ctx, tx, pgx.RowTo[string], `
			delete from clientmanager.further_managers where client_id = $1 and user_id = $2 returning name`, client.GetId(), r.GetManagerId())
		if err != nil || len(names) == 0 {
			return client, err
		}
		audit.About(tx, client)
		if err := s.record(ctx, tx, []entry{{client: client.GetId(), what: "helper_removed", detail: names[0]}}); err != nil {
			return nil, err
		}
		// Last: it may be the caller who sees the client no more from here on.
		return client, tx.RevokeClients(ctx, r.GetManagerId(), client.GetId())
	})
	if err != nil {
		return nil, err
	}
	return &v1.RemoveManagerResponse{}, nil
}

// helpNoMore ends what the main manager of clients was as a further one. Nobody is both: so the grant of a further manager is
// theirs until they are neither.
func helpNoMore(ctx context.Context, tx *store.Tx, managerID string, clientIDs ...string) error {
	_, err := tx.Exec(ctx, `delete from clientmanager.further_managers where client_id = any($1::uuid[]) and user_id = $2`, clientIDs, managerID)
	return err
}
