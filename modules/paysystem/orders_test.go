package paysystem_test

import (
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/modules/paysystem"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

// Whatever order notices come in, however often, and all at once: what is booked is the same. The module is in a process of its own, so
// that notices go there too.
func TestNoticesInAnyOrder(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble, Processes: []string{paysystem.ID}})
	method := w.Method(t, "testpay", "UAH")
	for seed := range uint64(8) {
		p := w.Pay(t, method, "100.00").GetId()
		facts := []*v1.Fact{
			pt.Paid(p, pt.Money("100.00")), refundFact(p, "r1", "10.00"), refundFact(p, "r2", "20.00"),
			chargeback(v1.FactKind_FACT_KIND_CHARGEBACK_OPENED, p, "d1", "30.00"), chargeback(v1.FactKind_FACT_KIND_CHARGEBACK_WON, p, "d1", "30.00"),
			chargeback(v1.FactKind_FACT_KIND_CHARGEBACK_OPENED, p, "d2", "40.00"),
			{Kind: v1.FactKind_FACT_KIND_PAYMENT_FAILED, PaymentId: p}, // of a try before
		}
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same each time
		simulated.Say(p, pt.Paid(p, pt.Money("100.00")))
		var told [][]*v1.Fact
		for range 3 {
			for _, i := range random.Perm(len(facts)) {
				told = append(told, facts[i:i+1], []*v1.Fact{facts[random.IntN(len(facts))], facts[i]})
			}
		}
		codes := make([]int, len(told))
		kerneltest.AtOnce(len(told), func(i int) error {
			headers, body := pt.Notice(true, told[i]...)
			codes[i] = w.Post(t, "testpay", headers, body)
			return nil
		})
		for _, code := range codes {
			require.Equal(t, http.StatusOK, code)
		}
		w.Drained(t)
		got := w.Payment(t, p)
		require.Equal(t, succeeded, got.GetState(), "seed %d", seed)
		require.Equal(t, "30.00", got.GetRefunded().GetAmount(), "seed %d", seed)
		require.Equal(t, "40.00", got.GetChargedBack().GetAmount(), "seed %d", seed)
		for event, times := range map[string]int{"PaymentSucceeded": 1, "PaymentRefunded": 2, "PaymentChargedBack": 2, "ChargebackWon": 1} {
			require.Equal(t, times, w.Published(t, event, p), "%s, seed %d", event, seed)
		}
	}
}
