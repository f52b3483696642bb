package view

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

const (
	// ownMost is how many views of a list somebody may have; sharedMost how many of others' are shown.
	ownMost    = 50
	sharedMost = 200
)

// List is a list of which views can be saved.
type List struct {
	// Title is the key of what it is called.
	Title string
	// Sees tells whether somebody may see it.
	Sees func(who access.Principal) bool
}

// Config is what the service needs. All of it is required.
type Config struct {
	// Rows are those of the schema [ID].
	Rows   *store.Store
	Policy *access.Policy
	// Lists are the portal's as it is now, by "module.screen".
	Lists func() map[string]List
	Now   func() time.Time
}

type service struct {
	kernelv1.UnimplementedViewServiceServer
	Config
}

var _ kernelv1.ViewServiceServer = (*service)(nil)

// Register provides the contract on the router.
func Register(r grpc.ServiceRegistrar, cfg Config) {
	kernelv1.RegisterViewServiceServer(r, &service{Config: cfg})
}

func refuse(code codes.Code, field, key, text string) error {
	return module.Refusal(code, field, "kernel.views."+key, text)
}

var (
	errNoView = refuse(codes.NotFound, "", "no_view", "there is no such view among yours and those that colleagues share")
	errTaken  = refuse(codes.AlreadyExists, "view.name", "taken", "you have a view of this list by this name: choose another")
	errFull   = refuse(codes.FailedPrecondition, "view.name", "full", "you have 50 views of this list: delete one first")
	errOthers = refuse(codes.PermissionDenied, "", "others", "a shared view is changed by its maker, or by who may share for everybody")
	errNoUser = refuse(codes.FailedPrecondition, "", "no_user", "views are somebody's own, and no user acts here")
)

// sees tells whether the caller may see a list.
func (s *service) sees(ctx context.Context, screen string) bool {
	list, known := s.Lists()[screen]
	return known && list.Sees(access.From(ctx))
}

// reach is how far the caller may share.
func (s *service) reach(ctx context.Context) access.Reach {
	who := access.From(ctx)
	if who.Kind != access.Staff {
		return access.None
	}
	reach, _ := s.Policy.Reach(who.Roles, sharing)
	return reach
}

// changeable tells whether the caller may change a view that they see.
func (s *service) changeable(ctx context.Context, r row) bool {
	return r.UserID == access.From(ctx).UserID || r.Shared && s.reach(ctx) == access.All
}

func (s *service) view(ctx context.Context, r row, first string) *kernelv1.View {
	mine, reach := r.UserID == access.From(ctx).UserID, s.reach(ctx)
	return &kernelv1.View{
		Id: r.ID, Name: r.Name, Screen: r.Screen, ScreenTitle: s.Lists()[r.Screen].Title, Query: r.Query, Shared: r.Shared, First: first == r.ID,
		Mine: mine, Changeable: s.changeable(ctx, r), Shareable: reach == access.All || mine && reach != access.None,
	}
}

// shown reads a view again, as the caller sees it.
func (s *service) shown(ctx context.Context, id string) (*kernelv1.View, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	firsts, err := s.firsts(ctx)
	return s.view(ctx, r, firsts[r.Screen]), err
}

// ListViews lists the caller's views and those that colleagues share.
func (s *service) ListViews(ctx context.Context, r *kernelv1.ListViewsRequest) (*kernelv1.ListViewsResponse, error) {
	who := access.From(ctx)
	if !who.IsUser() {
		return nil, errNoUser
	}
	rows, err := s.own(ctx, r.GetScreen())
	if err != nil {
		return nil, err
	}
	if who.Kind == access.Staff {
		others, err := s.shared(ctx, r.GetScreen())
		if err != nil {
			return nil, err
		}
		rows = append(rows, others...)
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return !s.sees(ctx, r.Screen) })
	response := &kernelv1.ListViewsResponse{}
	if len(rows) == 0 {
		return response, nil
	}
	firsts, err := s.firsts(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(strings.Compare(a.Screen, b.Screen), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	for _, r := range rows {
		response.Views = append(response.Views, s.view(ctx, r, firsts[r.Screen]))
	}
	return response, nil
}

// GetView returns a view.
func (s *service) GetView(ctx context.Context, r *kernelv1.GetViewRequest) (*kernelv1.GetViewResponse, error) {
	v, err := s.shown(ctx, r.GetId())
	return &kernelv1.GetViewResponse{View: v}, err
}

// named is a name in the form it is kept in.
func named(text string) (string, error) {
	name := strings.Join(strings.Fields(text), " ")
	if name == "" {
		return "", refuse(codes.InvalidArgument, "view.name", "nameless", "give the view a name")
	}
	return name, nil
}

// CreateView keeps a list as the caller looks at it.
func (s *service) CreateView(ctx context.Context, r *kernelv1.CreateViewRequest) (*kernelv1.CreateViewResponse, error) {
	who := access.From(ctx)
	if !who.IsUser() {
		return nil, errNoUser
	}
	want := r.GetView()
	if !s.sees(ctx, want.GetScreen()) {
		return nil, refuse(codes.NotFound, "view.screen", "no_list", "there is no such list among those you may see")
	}
	name, err := named(want.GetName())
	if err != nil {
		return nil, err
	}
	if _, err := url.ParseQuery(want.GetQuery()); err != nil {
		return nil, refuse(codes.InvalidArgument, "view.query", "no_query", "this is no query of an address")
	}
	var response *kernelv1.CreateViewResponse
	err = s.Rows.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*kernelv1.CreateViewResponse, error) {
			// One at a time for each user: or two at once would both be the fiftieth.
			if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('views.' || $1, 0))`, who.UserID); err != nil {
				return nil, err
			}
			n, err := store.QueryOne(ctx, tx, pgx.RowTo[int], `select count(*)::int from views.views where screen = $1`, want.GetScreen())
			if err != nil {
				return nil, err
			}
			if n >= ownMost {
				return nil, errFull
			}
			made := row{ID: store.NewID(), UserID: who.UserID, Screen: want.GetScreen(), Name: name, Query: want.GetQuery()}
			_, err = tx.Exec(ctx, `insert into views.views (id, user_id, screen, name, query, create_time) values ($1, $2, $3, $4, $5, $6)`,
				made.ID, made.UserID, made.Screen, made.Name, made.Query, s.Now())
			return &kernelv1.CreateViewResponse{View: s.view(ctx, made, "")}, taken(err)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

func taken(err error) error {
	if store.Constraint(err) == "views_name_unique" {
		return errTaken
	}
	return err
}

// change changes a view that the caller may change.
func (s *service) change(ctx context.Context, id, sql string, arg any) (*kernelv1.View, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if !s.changeable(ctx, r) {
		return nil, errOthers
	}
	done, err := s.rewrite(ctx, r, sql, arg)
	switch {
	case err != nil:
		return nil, taken(err)
	case !done: // it was taken back meanwhile
		return nil, errNoView
	}
	return s.shown(ctx, id)
}

// RenameView gives a view another name.
func (s *service) RenameView(ctx context.Context, r *kernelv1.RenameViewRequest) (*kernelv1.RenameViewResponse, error) {
	name, err := named(r.GetName())
	if err != nil {
		return nil, err
	}
	v, err := s.change(ctx, r.GetId(), `update views.views set name = $2 where id = $1`, name)
	return &kernelv1.RenameViewResponse{View: v}, err
}

// SaveView has a view hold other filters.
func (s *service) SaveView(ctx context.Context, r *kernelv1.SaveViewRequest) (*kernelv1.SaveViewResponse, error) {
	if _, err := url.ParseQuery(r.GetQuery()); err != nil {
		return nil, refuse(codes.InvalidArgument, "query", "no_query", "this is no query of an address")
	}
	v, err := s.change(ctx, r.GetId(), `update views.views set query = $2 where id = $1`, r.GetQuery())
	return &kernelv1.SaveViewResponse{View: v}, err
}

// ShareView lets colleagues see a view, or not any more.
func (s *service) ShareView(ctx context.Context, r *kernelv1.ShareViewRequest) (*kernelv1.ShareViewResponse, error) {
	found, err := s.find(ctx, r.GetId())
	if err != nil {
		return nil, err
	}
	if !s.changeable(ctx, found) {
		return nil, errOthers
	}
	if _, err := s.rewrite(ctx, found, `update views.views set shared = $2 where id = $1`, r.GetShared()); err != nil {
		return nil, err
	}
	if found.Shared = r.GetShared(); !found.Shared && found.UserID != access.From(ctx).UserID {
		return &kernelv1.ShareViewResponse{}, nil // the caller sees it no more
	}
	v, err := s.shown(ctx, r.GetId())
	return &kernelv1.ShareViewResponse{View: v}, err
}

// DeleteView takes a view away.
func (s *service) DeleteView(ctx context.Context, r *kernelv1.DeleteViewRequest) (*kernelv1.DeleteViewResponse, error) {
	found, err := s.find(ctx, r.GetId())
	switch {
	case errors.Is(err, errNoView):
		return &kernelv1.DeleteViewResponse{}, nil
	case err != nil:
		return nil, err
	case !s.changeable(ctx, found):
		return nil, errOthers
	}
	_, err = s.rewrite(ctx, found, `delete from views.views where id = $1`)
	return &kernelv1.DeleteViewResponse{}, err
}

// SetFirstView says what the caller's list opens with.
func (s *service) SetFirstView(ctx context.Context, r *kernelv1.SetFirstViewRequest) (*kernelv1.SetFirstViewResponse, error) {
	found, err := s.find(ctx, r.GetId())
	if err != nil {
		return nil, err
	}
	err = s.Rows.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if !r.GetFirst() {
			_, err := tx.Exec(ctx, `delete from views.first where view_id = $1`, found.ID)
			return err
		}
		_, err := tx.Exec(ctx, `insert into views.first (user_id, screen, view_id) values ($1, $2, $3)
			on conflict (user_id, screen) do update set view_id = excluded.view_id`, access.From(ctx).UserID, found.Screen, found.ID)
		return err
	})
	return &kernelv1.SetFirstViewResponse{}, err
}
