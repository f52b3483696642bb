package statement_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// Where the kind of an entry and its sign contradict each other, neither is believed.
func TestKindsAndSignsInOFX(t *testing.T) {
	const file = "OFXHEADER:100\nVERSION:102\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>BRL<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>\n" +
		"<STMTTRN><TRNTYPE>KIND<DTPOSTED>20261105<TRNAMT>AMOUNT<FITID>1<MEMO>RENT</STMTTRN>\n</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
	for _, c := range []struct {
		kind, amount string
		wrong        bool
	}{
		{"DEBIT", "-250.00", false}, {"CREDIT", "250.00", false}, {"XFER", "250.00", false}, {"XFER", "-250.00", false}, {"DEBIT", "0.00", false},
		{"DEBIT", "250.00", true}, {"debit", "+250.00", true}, {"CREDIT", "-250.00", true},
	} {
		_, err := statement.ReadAll(t.Context(), strings.NewReader(strings.NewReplacer("KIND", c.kind, "AMOUNT", c.amount).Replace(file)), statement.Options{})
		if !c.wrong {
			require.NoError(t, err, c)
			continue
		}
		require.EqualError(t, err, `statement of 1, line 5, field TRNTYPE, TRNAMT, "`+strings.ToUpper(c.kind)+", "+c.amount+
			`": the kind of the entry and the sign of its amount say different things of whether money came or went: ask the bank which is right`)
	}
}
