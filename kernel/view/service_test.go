package view_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

func assemble(router *call.Router) ([]module.Unit, error) {
	m := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	others := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(m)), module.Unit(accountmanager.NewUnit(others))}, nil
}

const clients = "clientmanager.clients"

func of(conn grpc.ClientConnInterface) kernelv1.ViewServiceClient {
	return kernelv1.NewViewServiceClient(conn)
}

func keep(t *testing.T, who *kerneltest.User, screen, name, query string) *kernelv1.View {
	t.Helper()
	made, err := of(who.Conn).CreateView(t.Context(), &kernelv1.CreateViewRequest{
		RequestId: store.NewID(), View: &kernelv1.View{Screen: screen, Name: name, Query: query},
	})
	require.NoError(t, err)
	return made.GetView()
}

func seen(t *testing.T, who *kerneltest.User, screen string) []string {
	t.Helper()
	list, err := of(who.Conn).ListViews(t.Context(), &kernelv1.ListViewsRequest{Screen: screen})
	require.NoError(t, err)
	names := []string{}
	for _, v := range list.GetViews() {
		names = append(names, v.GetName())
	}
	return names
}

func code(_ any, err error) codes.Code { return status.Code(err) }

func TestViewsAreTheirMakersOwn(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	taras, iryna, head := p.Staff(t, "manager"), p.Staff(t, "manager"), p.Head(t)
	roastery := p.Client(t, "Roastery")
	olena := p.Contact(t, roastery, "client.director")
	mine := keep(t, taras, clients, "  My   own ", "place=Kyiv")
	require.Equal(t, "My own", mine.GetName())
	require.Equal(t, []string{"My own"}, seen(t, taras, clients))
	for name, who := range map[string]*kerneltest.User{"another manager": iryna, "a head": head, "a contact": olena} {
		ctx, views := t.Context(), of(who.Conn)
		require.Empty(t, seen(t, who, ""), name)
		require.Equal(t, codes.NotFound, code(views.GetView(ctx, &kernelv1.GetViewRequest{Id: mine.GetId()})), name)
		require.Equal(t, codes.NotFound, code(views.RenameView(ctx, &kernelv1.RenameViewRequest{Id: mine.GetId(), Name: "Stolen"})), name)
		require.Equal(t, codes.NotFound, code(views.SaveView(ctx, &kernelv1.SaveViewRequest{Id: mine.GetId(), Query: "x=1"})), name)
		require.Equal(t, codes.NotFound, code(views.SetFirstView(ctx, &kernelv1.SetFirstViewRequest{Id: mine.GetId(), First: true})), name)
		require.Equal(t, codes.OK, code(views.DeleteView(ctx, &kernelv1.DeleteViewRequest{Id: mine.GetId()})), name+": as of one that there is not")
		require.Contains(t, []codes.Code{codes.NotFound, codes.PermissionDenied}, code(views.ShareView(ctx, &kernelv1.ShareViewRequest{Id: mine.GetId(), Shared: true})), name)
	}
	got, err := of(taras.Conn).GetView(t.Context(), &kernelv1.GetViewRequest{Id: mine.GetId()})
	require.NoError(t, err)
	require.Equal(t, "place=Kyiv", got.GetView().GetQuery())

	// Contacts have their own, of lists that they may see.
	require.Equal(t, codes.NotFound, code(of(olena.Conn).CreateView(t.Context(), &kernelv1.CreateViewRequest{
		RequestId: store.NewID(), View: &kernelv1.View{Screen: clients, Name: "A look"},
	})))
	keep(t, olena, "kernel.activity", "This year", "from_date=2026-01-01")
	require.Equal(t, []string{"This year"}, seen(t, olena, "kernel.activity"))
	require.Equal(t, codes.PermissionDenied, code(of(olena.Conn).ShareView(t.Context(), &kernelv1.ShareViewRequest{Id: mine.GetId(), Shared: true})))
}

func TestSharedViews(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	taras, iryna, head := p.Staff(t, "manager"), p.Staff(t, "manager"), p.Head(t)
	olena := p.Contact(t, p.Client(t, "Roastery"), "client.director")
	v := keep(t, taras, clients, "Kyiv", "place=Kyiv")
	console := keep(t, head, "kernel.lanes", "Failing", "states=LANE_STATE_FAILING")
	for who, id := range map[*kerneltest.User]string{taras: v.GetId(), head: console.GetId()} {
		_, err := of(who.Conn).ShareView(t.Context(), &kernelv1.ShareViewRequest{Id: id, Shared: true})
		require.NoError(t, err)
	}
	require.Equal(t, []string{"Kyiv"}, seen(t, iryna, ""), "and not those of a list that she may not see")
	require.Empty(t, seen(t, olena, ""))
	ctx, hers := t.Context(), of(iryna.Conn)
	require.Equal(t, codes.NotFound, code(hers.GetView(ctx, &kernelv1.GetViewRequest{Id: console.GetId()})))
	got, err := hers.GetView(ctx, &kernelv1.GetViewRequest{Id: v.GetId()})
	require.NoError(t, err)
	require.False(t, got.GetView().GetMine() || got.GetView().GetChangeable() || got.GetView().GetShareable())
	require.Equal(t, codes.PermissionDenied, code(hers.RenameView(ctx, &kernelv1.RenameViewRequest{Id: v.GetId(), Name: "Hers"})))
	require.Equal(t, codes.PermissionDenied, code(hers.SaveView(ctx, &kernelv1.SaveViewRequest{Id: v.GetId(), Query: ""})))
	require.Equal(t, codes.PermissionDenied, code(hers.ShareView(ctx, &kernelv1.ShareViewRequest{Id: v.GetId()})))
	require.Equal(t, codes.PermissionDenied, code(hers.DeleteView(ctx, &kernelv1.DeleteViewRequest{Id: v.GetId()})))
	_, err = hers.SetFirstView(ctx, &kernelv1.SetFirstViewRequest{Id: v.GetId(), First: true})
	require.NoError(t, err, "what she looks at first is hers to say")
	got, err = of(taras.Conn).GetView(ctx, &kernelv1.GetViewRequest{Id: v.GetId()})
	require.NoError(t, err)
	require.False(t, got.GetView().GetFirst(), "and nobody else's")

	renamed, err := of(head.Conn).RenameView(ctx, &kernelv1.RenameViewRequest{Id: v.GetId(), Name: "The capital"})
	require.NoError(t, err, "a head changes what is shared")
	require.Equal(t, "The capital", renamed.GetView().GetName())
	_, err = of(head.Conn).ShareView(ctx, &kernelv1.ShareViewRequest{Id: v.GetId()})
	require.NoError(t, err)
	require.Empty(t, seen(t, iryna, ""))
	require.NotContains(t, seen(t, head, ""), "The capital")
	require.Equal(t, []string{"The capital"}, seen(t, taras, ""))
}

func TestLimitsOfViews(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head := p.Head(t)
	for i := range 45 {
		keep(t, head, clients, fmt.Sprint("V", i), "")
	}
	create := func(name, query, screen string) codes.Code {
		return code(of(head.Conn).CreateView(t.Context(), &kernelv1.CreateViewRequest{
			RequestId: store.NewID(), View: &kernelv1.View{Screen: screen, Name: name, Query: query},
		}))
	}
	require.Equal(t, codes.AlreadyExists, create("V7", "", clients))
	require.Equal(t, codes.NotFound, create("X", "", "clientmanager.nothing"))
	require.Equal(t, codes.NotFound, create("X", "", "clientmanager.client"), "no list")
	require.Equal(t, codes.InvalidArgument, create("X", "a=%zz", clients))
	require.Equal(t, codes.InvalidArgument, create(" \t ", "", clients))
	require.Equal(t, codes.InvalidArgument, create(fmt.Sprintf("%061d", 1), "", clients))
	errs := kerneltest.AtOnce(10, func(i int) error {
		_, err := of(head.Conn).CreateView(t.Context(), &kernelv1.CreateViewRequest{
			RequestId: store.NewID(), View: &kernelv1.View{Screen: clients, Name: fmt.Sprint("W", i)},
		})
		return err
	})
	require.Equal(t, 5, kerneltest.Count(errs, codes.OK), "the fiftieth is made once")
	require.Equal(t, 5, kerneltest.Count(errs, codes.FailedPrecondition))
	require.Len(t, seen(t, head, clients), 50)
	keep(t, head, "kernel.audit", "Another list", "")
}
