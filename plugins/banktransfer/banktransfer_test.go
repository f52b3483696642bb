package banktransfer_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
	"github.com/opencabinet/cabinet/plugins/banktransfer"
)

var assemble = pt.Assemble(func(router *call.Router) module.Unit {
	return module.Unit(banktransfer.NewUnit(banktransfer.New(router)))
})

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return
	}
	os.Exit(kerneltest.Main(m))
}

// Examples of IBANs as registers print them.
const settings = `modules: {banktransfer: {settings: {language: uk, accounts: [
	{currency: UAH, iban: UA213223130000026007233566001, name: "ТОВ «Зерно»", tax_code: "12345678", bank: "АТ Банк"},
	{currency: EUR, iban: DE89370400440532013000, name: Zerno GmbH, bic: COBADEFFXXX}]}}}`

func TestBankTransfer(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble, Config: settings})
	method := w.Method(t, banktransfer.ID, "")
	create := func(amount, currency string) (*v1.Payment, error) {
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{
			RequestId: store.NewID(), MethodId: method.GetId(), Amount: amount, CurrencyCode: currency, Description: "Рахунок 12\nдругий рядок",
		})
		return made.GetPayment(), err
	}

	t.Run("in hryvnias", func(t *testing.T) {
		p, err := create("1250.50", "UAH")
		require.NoError(t, err)
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, p.GetState())
		require.Nil(t, p.GetExpireTime(), "whoever sees the money says so, whenever it comes")
		require.Equal(t, "Отримувач: ТОВ «Зерно»\nIBAN: UA213223130000026007233566001\nСума: 1250.50 UAH\nПризначення: "+p.GetReference()+
			" Рахунок 12 другий рядок\nКод отримувача: 12345678\nБанк: АТ Банк", p.GetInstructions())
		page := w.Contact.Get(t, "/m/paysystem/qr/"+p.GetQr())
		require.Equal(t, http.StatusOK, page.Status)
		require.Equal(t, "image/png", page.Header.Get("Content-Type"))
		require.True(t, strings.HasPrefix(page.Body, "\x89PNG"))
		require.Contains(t, w.Contact.Get(t, "/payments/"+p.GetId()).Body, "/m/paysystem/qr/"+p.GetId())
		other := w.Portal.Contact(t, w.Client(t, "Another"), "client.director")
		require.Equal(t, http.StatusNotFound, other.Get(t, "/m/paysystem/qr/"+p.GetQr()).Status, "another's payment")
	})
	t.Run("staff say that it came", func(t *testing.T) {
		p, err := create("10", "UAH")
		require.NoError(t, err)
		got, err := pt.Payments(w.Head).ConfirmPayment(t.Context(), &v1.ConfirmPaymentRequest{Id: p.GetId()})
		require.NoError(t, err)
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, got.GetPayment().GetState())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
		_, err = pt.Payments(w.Contact).ConfirmPayment(t.Context(), &v1.ConfirmPaymentRequest{Id: p.GetId()})
		require.Equal(t, codes.PermissionDenied, status.Code(err))
	})
	t.Run("who keeps accounts has booked it from a statement", func(t *testing.T) {
		p, err := create("10.00", "EUR")
		require.NoError(t, err)
		books := v1.NewPaymentServiceClient(w.Router().As(access.AsKernel()))
		_, err = books.SettlePayment(t.Context(), &v1.SettlePaymentRequest{PaymentId: p.GetId(), Amount: pt.Money("10.00")})
		require.Equal(t, codes.FailedPrecondition, status.Code(err), "another currency")
		got, err := books.SettlePayment(t.Context(), &v1.SettlePaymentRequest{PaymentId: p.GetId(), Amount: &kernelv1.Money{CurrencyCode: "EUR", Amount: "10.00"}})
		require.NoError(t, err)
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, got.GetPayment().GetState())
		require.Zero(t, w.Published(t, "PaymentSucceeded", p.GetId()), "it would be booked twice")
	})
	t.Run("a currency without an account", func(t *testing.T) {
		_, err := create("10.00", "USD")
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
	})
	t.Run("what the codes say", func(t *testing.T) {
		ctx, gateway := call.To(access.With(t.Context(), access.AsModule("paysystem")), banktransfer.ID), v1.NewGatewayServiceClient(w.Router())
		ask := func(currency string) string {
			made, err := gateway.CreateCheckout(ctx, &v1.CreateCheckoutRequest{
				PaymentId: store.NewID(), Amount: &kernelv1.Money{CurrencyCode: currency, Amount: "12.50"}, Reference: "PAY0123456789", Description: "Bill 7 (PAY0123456789)",
			})
			require.NoError(t, err)
			return made.GetQrText()
		}
		require.Equal(t, "BCD\n002\n1\nSCT\nCOBADEFFXXX\nZerno GmbH\nDE89370400440532013000\nEUR12.50\n\n\nPAY0123456789 Bill 7", ask("EUR"))
		encoded, ok := strings.CutPrefix(ask("UAH"), "https://bank.gov.ua/qr/")
		require.True(t, ok)
		text, err := base64.RawURLEncoding.DecodeString(encoded)
		require.NoError(t, err)
		require.Equal(t, "BCD\n002\n1\nUCT\n\nТОВ «Зерно»\nUA213223130000026007233566001\nUAH12.5\n12345678\n\n\nPAY0123456789 Bill 7\n", string(text))
	})
}

func TestSettings(t *testing.T) {
	wrong := banktransfer.Settings{Language: "xx", Accounts: []banktransfer.Account{{Currency: "UAH", IBAN: "UA213223130000026007233566002", Name: "A"}, {Currency: "UAH"}}}
	err := wrong.Validate()
	for _, part := range []string{"accounts[0].iban", "accounts[0].tax_code", "accounts[1].currency", "accounts[1].name", "language"} {
		require.ErrorContains(t, err, part)
	}
	require.ErrorContains(t, (&banktransfer.Settings{}).Validate(), "accounts")
}
