package paysystem

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/call"
)

// to is the context of a call to a gateway. It is made in nobody's name: what the business has with its gateways is not for a
// payer to have a part in.
func (m *Module) to(ctx context.Context, gateway string) context.Context {
	return call.To(m.host.Self(ctx), gateway)
}

func (m *Module) describe(ctx context.Context, gateway string) (*v1.DescribeGatewayResponse, error) {
	return m.gateways.DescribeGateway(m.to(ctx, gateway), &v1.DescribeGatewayRequest{})
}

// orGateway is an error of a gateway as its payer is told it.
func orGateway(err error) error {
	if passing(err) || status.Code(err) == codes.NotFound || status.Code(err) == codes.Unimplemented {
		return errGateway // it is off or away: that may change
	}
	return errRefused
}

// providers are the portal's gateways.
func (m *Module) providers(ctx context.Context) ([]string, error) {
	return m.host.Providers(ctx, v1.GatewayService_ServiceDesc.ServiceName)
}

// answerWithin is how long gateways have to say what they can do where somebody waits for a list of them.
const answerWithin = 2 * time.Second

// describeAll asks gateways what they can do, each once and all at the same time. Those that do not answer are left out: one that hangs must not keep the others
// from who wants to pay.
func (m *Module) describeAll(ctx context.Context, gateways []string) map[string]*v1.DescribeGatewayResponse {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	about := map[string]*v1.DescribeGatewayResponse{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, id := range gateways {
		wg.Go(func() {
			if one, err := m.describe(ctx, id); err == nil {
				mu.Lock()
				defer mu.Unlock()
				about[id] = one
			}
		})
	}
	wg.Wait()
	return about
}

// noticeURL is where a gateway posts notices to.
func (m *Module) noticeURL(gateway string) string {
	return m.host.URL + "/m/" + ID + "/hooks/" + gateway
}

// stateOf asks a gateway what is true of a payment.
func (m *Module) stateOf(ctx context.Context, p *paymentRow) ([]*v1.Fact, error) {
	response, err := m.gateways.GetCheckout(m.to(ctx, p.Gateway), &v1.GetCheckoutRequest{
		PaymentId: p.ID, GatewayPaymentId: p.GatewayID, Amount: p.money(p.Amount),
	})
	return response.GetFacts(), err
}
