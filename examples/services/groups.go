package main

import (
	"context"
	"net/url"

	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// segments are how the company groups its clients.
var segments = []*clientsv1.Segment{
	{Name: "Key accounts", Priority: 10, TagsAny: []string{"Key account", "24/7"}, Note: "Answered first; their managers agree prices with the head."},
	{Name: "Companies in Kyiv", Priority: 20, Kinds: []clientsv1.ClientKind{clientsv1.ClientKind_CLIENT_KIND_COMPANY}, Places: []string{"Kyiv"}},
}

// groups makes the segments, and a view that the first manager shares.
func (t *teller) groups(ctx context.Context) error {
	for _, s := range segments {
		_, err := clientsv1.NewSegmentServiceClient(t.kernel).CreateSegment(ctx, &clientsv1.CreateSegmentRequest{RequestId: once("segment " + s.GetName()), Segment: s})
		if err != nil {
			return err
		}
	}
	manager := kernelv1.NewViewServiceClient(t.served[staff[0].clients[0].GetName()])
	made, err := manager.CreateView(ctx, &kernelv1.CreateViewRequest{RequestId: once("view"), View: &kernelv1.View{
		Screen: "clientmanager.clients", Name: "Small ones, newest first",
		Query: url.Values{"tags": {"Small"}, "order_by": {clientsv1.ClientOrder_CLIENT_ORDER_NEWEST.String()}}.Encode(),
	}})
	if err != nil {
		return err
	}
	_, err = manager.ShareView(ctx, &kernelv1.ShareViewRequest{Id: made.GetView().GetId(), Shared: true})
	return err
}
