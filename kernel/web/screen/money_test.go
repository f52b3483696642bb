package screen

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

func TestAmountsAsPeopleTypeThem(t *testing.T) {
	for typed, want := range map[string]string{
		"60000": "60000", " 60 000,50 ": "60000.50", "60\u00a0000": "60000", "60,000.50": "60000.50", "1,5": "1.5", "1'000.00": "1000.00",
		"−5": "-5", "": "",
		// What could be read in two ways, or in none, is left to the contract to refuse.
		"1.000,50": "1.000,50", "1,000,000": "1,000,000", "ten": "ten",
	} {
		require.Equal(t, want, amountOf(typed), typed)
	}
}

// An amount is in the currency that stands beside it; nothing typed is no amount.
func TestMoneyIsInTheCurrencyBesideIt(t *testing.T) {
	request := &clientmanagerv1.CreateAgreementRequest{Agreement: &clientmanagerv1.Agreement{CurrencyCode: "EUR"}}
	limit, err := findIn(request.ProtoReflect().Descriptor(), "credit_limit")
	require.NoError(t, err)
	fields := map[string]fieldPath{"credit_limit": limit}
	sendsMoney(request.ProtoReflect(), fields, url.Values{"credit_limit": {"60 000,50"}})
	require.True(t, proto.Equal(&kernelv1.Money{CurrencyCode: "EUR", Amount: "60000.50"}, request.GetAgreement().GetCreditLimit()))
	require.Equal(t, []string{"60000.50"}, typed(request.ProtoReflect(), limit))
	sendsMoney(request.ProtoReflect(), fields, url.Values{})
	require.NotNil(t, request.GetAgreement().GetCreditLimit(), "a form that does not ask for it leaves it")
	sendsMoney(request.ProtoReflect(), fields, url.Values{"credit_limit": {""}})
	require.Nil(t, request.GetAgreement().GetCreditLimit())
	require.Nil(t, typed(request.ProtoReflect(), limit))
}
