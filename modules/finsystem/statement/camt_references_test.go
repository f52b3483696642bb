package statement_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// A payment for several invoices names them all, and the number of a cheque hides none.
func TestSeveralReferredDocuments(t *testing.T) {
	const file = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><IBAN>UA213223130000026007233566001</IBAN></Id><Ccy>UAH</Ccy></Acct>
<Ntry><Amt Ccy="UAH">3.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-05</Dt></BookgDt><NtryDtls><TxDtls><Refs>CHEQUE</Refs><RmtInf>
<Strd><RfrdDocInf><Nb>INVOICE-00001</Nb></RfrdDocInf><CdtrRefInf><Ref>RF1</Ref></CdtrRefInf></Strd>
<Strd><RfrdDocInf><Nb>INVOICE-00002</Nb></RfrdDocInf><RfrdDocInf><Nb>INVOICE-00003</Nb></RfrdDocInf><RfrdDocInf><Nb>INVOICE-00001</Nb></RfrdDocInf><CdtrRefInf><Ref>RF2</Ref></CdtrRefInf></Strd>
</RmtInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>`
	prints := map[string]bool{}
	for cheque, number := range map[string]string{"": "INVOICE-00001", "<ChqNb>77</ChqNb>": "77"} {
		all, err := statement.ReadAll(t.Context(), strings.NewReader(strings.Replace(file, "CHEQUE", cheque, 1)), statement.Options{})
		require.NoError(t, err)
		e := all[0].Entries[0]
		require.Equal(t, number, e.DocumentNumber)
		require.Equal(t, "RF1", e.CreditorReference)
		require.Equal(t, []string{"INVOICE-00001", "INVOICE-00002", "INVOICE-00003", "RF2"}, e.References)
		prints[e.Fingerprint()] = true
	}
	require.Len(t, prints, 2)
}
