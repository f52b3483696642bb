package statement_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// An account's number says its currency, and what the caller says is for those that do not.
func TestCurrenciesOfAccounts(t *testing.T) {
	const file = "1CClientBankExchange\nВерсияФормата=1.03\nРасчСчет=ACCOUNT\nСекцияДокумент=Платежное поручение\nНомер=1\nДата=05.11.2026\nСумма=100\n" +
		"ПлательщикСчет=1\nПолучательСчет=ACCOUNT\nДатаПоступило=05.11.2026\nКонецДокумента\nКонецФайла\n"
	for account, want := range map[string]string{
		"40702810900000000001": "RUB", "40702643900000000001": "RUB", "40702344900000000001": "HKD", "40702392900000000001": "JPY", "40702032900000000001": "ARS",
		"40702985900000000001": "PLN", "40702980900000000001": "UAH", "20208000900000000001": "UZS", "UA213223130000026007233566001": "UZS", "26007233566001": "UZS",
		"40702643A00000000001": "UZS",
	} {
		all, err := statement.ReadAll(t.Context(), strings.NewReader(strings.ReplaceAll(file, "ACCOUNT", account)), statement.Options{Currency: "UZS"})
		require.NoError(t, err, account)
		require.Equal(t, want, all[0].Currency, account)
	}
	_, err := statement.ReadAll(t.Context(), strings.NewReader(strings.ReplaceAll(file, "ACCOUNT", "40702001900000000001")), statement.Options{Currency: "UAH"})
	require.EqualError(t, err, `line 3, field РасчСчет, "40702001900000000001": the account is in the currency 001 (its sixth to eighth digit), which is none of ISO 4217: ask the bank which it is`)
	require.ErrorIs(t, err, statement.ErrUnsupported)
}
