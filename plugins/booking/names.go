package booking

import (
	"context"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// namesAtOnce is how many clients are asked for at the same time.
const namesAtOnce = 8

// name fills in how clients are called now. Names are another module's, change there, and end there when a client is
// forgotten: so none is kept here. One that cannot be had is left out, and the bookings are shown without it.
func (m *Module) name(ctx context.Context, bookings ...*v1.Booking) {
	of := map[string][]*v1.Booking{}
	for _, b := range bookings {
		of[b.GetClientId()] = append(of[b.GetClientId()], b)
	}
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(namesAtOnce)
	for id, theirs := range of {
		group.Go(func() error {
			response, err := m.clients.GetClient(each, &clientmanagerv1.GetClientRequest{Id: id})
			switch status.Code(err) {
			case codes.OK, codes.NotFound:
			default:
				return err // the others would say the same
			}
			for _, b := range theirs {
				b.ClientName = response.GetClient().GetName()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil && status.Code(err) != codes.PermissionDenied && ctx.Err() == nil {
		m.host.Log.DebugContext(ctx, "clients' names cannot be had now", "error", err)
	}
}
