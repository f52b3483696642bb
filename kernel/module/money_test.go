package module_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web"
)

func TestUnitsOfARequest(t *testing.T) {
	units, err := module.Units("invoice.total", &kernelv1.Money{CurrencyCode: "UAH", Amount: "12.50"})
	require.NoError(t, err)
	require.EqualValues(t, 1250, units)
	bundle, err := locale.NewBundle(web.Texts())
	require.NoError(t, err)
	for amount, field := range map[[2]string]string{
		{"UAH", "0.001"}: "invoice.total.amount", {"UAH", "1,5"}: "invoice.total.amount", {"UAH", "9999999999999999999"}: "invoice.total.amount",
		{"XXX", "1"}: "invoice.total.currency_code",
	} {
		_, err := module.Units("invoice.total", &kernelv1.Money{CurrencyCode: amount[0], Amount: amount[1]})
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		bad := module.Violations(err)
		require.Len(t, bad, 1)
		require.Equal(t, field, bad[0].GetField())
		for _, lang := range locale.Languages() {
			require.True(t, bundle.For(lang, nil).Has(bad[0].GetReason()), bad[0].GetReason())
		}
	}
}
