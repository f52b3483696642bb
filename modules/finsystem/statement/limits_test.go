package statement_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

const (
	camtHead = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>T</Id><Acct><Id><Othr><Id>1</Id></Othr></Id><Ccy>CHF</Ccy></Acct>`
	camtNtry = `<Ntry><Amt Ccy="CHF">2.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2023-05-11</Dt></BookgDt>`
	ofxHead  = `<OFX><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>`
	cbHead   = "1CClientBankExchange\nРасчСчет=40702810000000000001\n"
	mtHead   = ":20:S\n:25:1234567\n:28C:1\n:60F:C231101EUR10,00\n"
)

var table = &statement.Mapping{DateLayouts: []string{"2006-01-02"}, Date: "d", Amount: "a", Purpose: []string{"p"}}

// endless repeats a piece for ever behind a head.
func endless(head, piece string) io.Reader {
	block, at := strings.Repeat(piece, 1+(64<<10)/len(piece)), 0
	return io.MultiReader(strings.NewReader(head), readerFunc(func(p []byte) (int, error) {
		n := copy(p, block[at:])
		at = (at + n) % len(block)
		return n, nil
	}))
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Files without an end, made to take memory or time, end in an error that names the limit, and take little.
func TestHostileFiles(t *testing.T) {
	limits := statement.Limits{Bytes: 2 << 20, Batch: 1 << 20, Entries: 20_000}
	for name, c := range map[string]struct {
		file io.Reader
		o    statement.Options
	}{
		"xml: a text":                    {endless(camtHead+"<Id>", "a"), statement.Options{}},
		"xml: a tag":                     {endless(camtHead+"<", "a"), statement.Options{}},
		"xml: attributes":                {endless(camtHead+"<Ntry ", `a="b" `), statement.Options{}},
		"xml: a text in pieces":          {endless(camtHead+camtNtry+"<AddtlNtryInf>", "a<!---->"), statement.Options{}},
		"xml: a comment":                 {endless(camtHead+"<!--", "a"), statement.Options{}},
		"xml: elements in elements":      {endless(camtHead, "<a>"), statement.Options{}},
		"xml: texts of one entry":        {endless(camtHead+camtNtry+"<NtryDtls><TxDtls><RmtInf>", "<Ustrd>aaaaaaaaaaaaaaaaaaaaaaaaaaaaa</Ustrd>"), statement.Options{}},
		"xml: empty texts":               {endless(camtHead+camtNtry+"<NtryDtls><TxDtls><RmtInf>", "<Ustrd/>"), statement.Options{}},
		"xml: transactions of one entry": {endless(camtHead+camtNtry+"<NtryDtls>", "<TxDtls/>"), statement.Options{}},
		"xml: entries":                   {endless(camtHead, camtNtry+"</Ntry>"), statement.Options{}},
		"xml: balances":                  {endless(camtHead, `<Bal><Amt Ccy="CHF">2.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>`), statement.Options{}},
		"xml: statements":                {endless(camtHead, `</Stmt><Stmt><Acct><Id><Othr><Id>1</Id></Othr></Id><Ccy>CHF</Ccy></Acct>`), statement.Options{}},
		"xml: what is skipped":           {endless(camtHead, `<Intrst></Intrst>`), statement.Options{}},
		"mt940: a line":                  {endless(mtHead+":61:231101D1,00N", "a"), statement.Options{}},
		"mt940: lines of one entry":      {endless(mtHead+":61:231101D1,00NTRFNONREF\n:86:", "?20aaaaaa\n"), statement.Options{}},
		"mt940: entries":                 {endless(mtHead, ":61:231101D1,00NTRFNONREF\n"), statement.Options{}},
		"mt940: words about a statement": {endless(mtHead+":86:", "word\n"), statement.Options{}},
		"1c: a line":                     {endless(cbHead, "a"), statement.Options{}},
		"1c: keys":                       {endless(cbHead, "СекцияДокумент=x\n\n"), statement.Options{}},
		"1c: a purpose":                  {endless(cbHead+"СекцияДокумент=x\nНазначениеПлатежа=a\n", "word\n"), statement.Options{}},
		"ofx: a text":                    {endless(ofxHead+"<STMTTRN><MEMO>", "a"), statement.Options{}},
		"ofx: a verbatim text":           {endless(ofxHead+"<STMTTRN><MEMO><![CDATA[", "]"), statement.Options{}},
		"ofx: verbatim texts":            {endless(ofxHead+"<STMTTRN><MEMO>", "<![CDATA[a]]>"), statement.Options{}},
		"ofx: a tag":                     {endless(ofxHead+"<", "a"), statement.Options{}},
		"ofx: elements in elements":      {endless(ofxHead, "<PAYEE>"), statement.Options{}},
		"ofx: entries":                   {endless(ofxHead, "<STMTTRN><DTPOSTED>20230510<TRNAMT>1<FITID>1</STMTTRN>"), statement.Options{}},
		"csv: a cell":                    {endless("d,a,p\n2023-01-01,1,\"", "a"), statement.Options{Mapping: table, Account: "1", Currency: "EUR"}},
		"csv: a cell of lines":           {endless("d,a,p\n2023-01-01,1,\"", "a\n"), statement.Options{Mapping: table, Account: "1", Currency: "EUR"}},
		"csv: cells of lines":            {endless("d,a,p\n2023-01-01,1,\"", "\n\",\""), statement.Options{Mapping: table, Account: "1", Currency: "EUR"}},
		"csv: cells":                     {endless("d,a,p\n2023-01-01,1", ",a"), statement.Options{Mapping: table, Account: "1", Currency: "EUR"}},
		"csv: rows above the headers":    {endless("x\n", "y,z\n"), statement.Options{Mapping: table, Account: "1", Currency: "EUR"}},
		"csv: entries":                   {endless("d,a,p\n", "2023-01-01,1,x\n"), statement.Options{Mapping: table, Account: "1", Currency: "EUR"}},
		"csv: empty rows":                {endless("d,a,p\n", ",,\n"), statement.Options{Mapping: table, Account: "1", Currency: "EUR"}},
		"csv: blank lines":               {endless("d,a,p\n", "\n"), statement.Options{Mapping: table, Account: "1", Currency: "EUR"}},
		"nothing but blanks":             {endless("", " "), statement.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Limits = limits
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var err error
			for _, err = range statement.Read(t.Context(), c.file, c.o) {
			}
			runtime.ReadMemStats(&after)
			var e *statement.Error
			require.ErrorAs(t, err, &e)
			require.Contains(t, []error{statement.ErrLimit, statement.ErrDamaged, statement.ErrFormat, statement.ErrMapping}, e.Kind)
			require.Less(t, len(e.Error()), 1000)
			require.Less(t, after.HeapSys, before.HeapSys+96<<20)
		})
	}
}

func TestContextAndReader(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range statement.Read(ctx, endless(mtHead, ":61:231101D1,00NTRFNONREF\n"), statement.Options{}) {
		if n++; n == 10 {
			cancel()
		}
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			require.Less(t, n, 20)
		}
	}
	broken := errors.New("the line broke")
	for name, head := range map[string]string{"mt940": mtHead, "camt.053": camtHead, "clientbank": cbHead, "ofx": ofxHead} {
		_, err := statement.ReadAll(t.Context(), io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken)), statement.Options{})
		require.ErrorIs(t, err, broken, name)
	}
	_, err := statement.ReadAll(t.Context(), io.MultiReader(strings.NewReader("d,a,p\n"), iotest.ErrReader(broken)), statement.Options{Mapping: table})
	require.ErrorIs(t, err, broken)
}

// Whoever stops reading is not called again.
func TestStop(t *testing.T) {
	for range statement.Read(t.Context(), endless(mtHead, ":61:231101D1,00NTRFNONREF\n"), statement.Options{}) {
		break
	}
}

// Readers that give a byte at a time, or that end together with the last bytes, make no difference.
func TestSlowReaders(t *testing.T) {
	for _, file := range files {
		for _, c := range cases(t, file) {
			content, o := c.file(t)
			want, wantErr := statement.ReadAll(t.Context(), bytes.NewReader(content), o)
			for _, r := range []io.Reader{iotest.OneByteReader(bytes.NewReader(content)), iotest.DataErrReader(bytes.NewReader(content))} {
				got, err := statement.ReadAll(t.Context(), r, o)
				require.Equal(t, want, got)
				require.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(err))
			}
		}
	}
}

// Files that were cut off anywhere are refused, or lose nothing of what they had.
func TestCutOff(t *testing.T) {
	for _, file := range files[:4] { // where a table is cut off between rows, nobody can tell
		for _, c := range cases(t, file) {
			content, o := c.file(t)
			whole, err := statement.ReadAll(t.Context(), bytes.NewReader(content), o)
			if err != nil {
				continue
			}
			for cut := range content {
				if cut%5 != 0 && cut < len(content)-200 && len(content) > 1000 {
					continue
				}
				part, err := statement.ReadAll(t.Context(), bytes.NewReader(content[:cut]), o)
				if err != nil {
					continue
				}
				for i, w := range part { // of messages that stand one behind the other, the last may be missing whole
					require.Equal(t, whole[i].Entries, w.Entries, "%s: %s, cut at %d", file, c.name, cut)
				}
				require.True(t, file == "mt940" || len(part) == len(whole))
			}
		}
	}
}

func TestWrongEncoding(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		o       statement.Options
	}{
		"broken UTF-8, and said":          {"\xef\xbb\xbf" + mtHead + ":86:\xff", statement.Options{}},
		"broken UTF-8, later":             {mtHead + ":86:Оплата\n" + strings.Repeat(":86:x\n", 20_000) + ":86:\xff\n", statement.Options{}},
		"a byte without meaning":          {mtHead + ":86:\x98\xcf\xf0\xe8", statement.Options{}},
		"half a unit of UTF-16":           {"\xff\xfe:\x002\x000\x00:\x00A\x00\n\x00:\x002\x005\x00:\x00B\x00\n", statement.Options{Format: statement.MT940}},
		"zero bytes":                      {mtHead + ":86:\x00", statement.Options{}},
		"UTF-16 without a mark":           {":\x002\x000\x00", statement.Options{Format: statement.MT940, Encoding: "UTF-16"}},
		"an encoding that nobody has":     {mtHead, statement.Options{Encoding: "klingon"}},
		"ofx, broken":                     {"\xef\xbb\xbf" + ofxHead + "<STMTTRN><MEMO>\xff<", statement.Options{}},
		"csv, broken":                     {"\xef\xbb\xbfd,a,p\n2023-01-01,1,\xff\n", statement.Options{Mapping: table, Account: "1", Currency: "EUR"}},
		"csv, windows-1251 said as UTF-8": {"d,a,p\n2023-01-01,1,\xcf\xf0\n", statement.Options{Mapping: table, Account: "1", Currency: "EUR", Encoding: "UTF-8"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := statement.ReadAll(t.Context(), strings.NewReader(c.content), c.o)
			require.ErrorIs(t, err, statement.ErrEncoding)
		})
	}
}

func TestWrongOptions(t *testing.T) {
	_, err := statement.ReadAll(t.Context(), strings.NewReader(mtHead), statement.Options{Format: "pdf"})
	require.EqualError(t, err, `field Options.Format, "pdf": no such format: it is one of camt.053, mt940, clientbank, ofx, csv`)
	_, err = statement.ReadAll(t.Context(), strings.NewReader(mtHead), statement.Options{Currency: "грн"})
	require.ErrorIs(t, err, statement.ErrMapping)
	_, err = statement.ReadAll(t.Context(), strings.NewReader(mtHead), statement.Options{Format: statement.CSV})
	require.ErrorIs(t, err, statement.ErrMapping)
	_, err = statement.ReadAll(t.Context(), strings.NewReader(mtHead), statement.Options{Format: statement.Camt053})
	require.Error(t, err)
}

func TestPreview(t *testing.T) {
	content, err := encoders["windows-1251"].NewEncoder().Bytes([]byte("Виписка\nДата;Сума\n\"1;1\";2,50\n"))
	require.NoError(t, err)
	rows, err := statement.Preview(t.Context(), bytes.NewReader(content), statement.Options{}, 3)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"Виписка"}, {"Дата", "Сума"}, {"1;1", "2,50"}}, rows)
	_, err = statement.Preview(t.Context(), endless("a,\"", "b"), statement.Options{}, 3)
	require.ErrorIs(t, err, statement.ErrLimit)
}

func TestDetect(t *testing.T) {
	for _, file := range files[:4] {
		for _, c := range cases(t, file) {
			if content, _ := c.file(t); !strings.HasPrefix(c.want, "format:") && c.name != "A document type" && c.name != "Entities" {
				want := map[string]statement.Format{"camt053": statement.Camt053, "mt940": statement.MT940, "clientbank": statement.ClientBank, "ofx": statement.OFX}[file]
				require.Equal(t, want, statement.Detect(content).Format, c.name)
			}
		}
	}
}
