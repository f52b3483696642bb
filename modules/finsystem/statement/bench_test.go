//go:build unix

package statement_test

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// generated makes a statement while it is read, so that the file takes no memory beside what the reader takes.
type generated struct {
	head, tail string
	entry      func(i int) string
	n, i       int
	rest       string
	bytes      int64
	lines      int64
}

func (g *generated) Read(p []byte) (int, error) {
	for g.rest == "" {
		switch {
		case g.i == 0:
			g.rest = g.head
		case g.i <= g.n:
			g.rest = g.entry(g.i)
		case g.i == g.n+1:
			g.rest = g.tail
		default:
			return 0, io.EOF
		}
		g.lines += int64(strings.Count(g.rest, "\n"))
		g.i++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	g.bytes += int64(n)
	return n, nil
}

// entry i brings i cents, and every third takes them.
func cents(n int) string {
	sum := int64(0)
	for i := range n {
		if (i+1)%3 == 0 {
			sum -= int64(i + 1)
		} else {
			sum += int64(i + 1)
		}
	}
	return decimal.MustNew(sum, 2).String()
}

func camtFile(n int) *generated {
	return &generated{n: n,
		head: `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>
<Stmt><Id>S</Id><Acct><Id><IBAN>UA213223130000026007233566001</IBAN></Id><Ccy>UAH</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="UAH">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2023-05-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="UAH">` + cents(n) + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2023-05-31</Dt></Dt></Bal>
`,
		tail: "</Stmt></BkToCstmrStmt></Document>\n",
		entry: func(i int) string {
			sign, of := "CRDT", "Dbtr"
			if i%3 == 0 {
				sign, of = "DBIT", "Cdtr"
			}
			return fmt.Sprintf(`<Ntry>
  <Amt Ccy="UAH">%s</Amt><CdtDbtInd>%s</CdtDbtInd><RvslInd>false</RvslInd><Sts><Cd>BOOK</Cd></Sts>
  <BookgDt><Dt>2023-05-%02d</Dt></BookgDt><ValDt><Dt>2023-05-%02d</Dt></ValDt><AcctSvcrRef>JBKLN%08d</AcctSvcrRef>
  <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
  <NtryDtls><TxDtls><Refs><EndToEndId>E2E-%d</EndToEndId></Refs>
    <RltdPties><%[7]s><Pty><Nm>ТОВ "Світанок %[6]d"</Nm><Id><OrgId><Othr><Id>14360570</Id></Othr></OrgId></Id></Pty></%[7]s><%[7]sAcct><Id><IBAN>UA903052992990004149123456789</IBAN></Id></%[7]sAcct></RltdPties>
    <RltdAgts><%[7]sAgt><FinInstnId><BICFI>PBANUA2X</BICFI></FinInstnId></%[7]sAgt></RltdAgts>
    <RmtInf><Ustrd>Сплата за послуги згідно рахунку №СФ-%06[6]d від 05.05.2023, у т.ч. ПДВ</Ustrd></RmtInf></TxDtls></NtryDtls>
</Ntry>
`, decimal.MustNew(int64(i), 2), sign, i%28+1, i%28+1, i, i, of)
		}}
}

// batchFile is one entry, whose payments are kept until their sum is known.
func batchFile(n int) *generated {
	total := decimal.MustNew(int64(n)*int64(n+1)/2, 2).String()
	return &generated{n: n,
		head: `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.04">
<BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><IBAN>UA213223130000026007233566001</IBAN></Id><Ccy>UAH</Ccy></Acct>
<Ntry><Amt Ccy="UAH">` + total + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2023-05-11</Dt></BookgDt><NtryDtls>
`,
		tail: "</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>\n",
		entry: func(i int) string {
			return fmt.Sprintf(`<TxDtls><Refs><EndToEndId>E2E-%[1]d</EndToEndId></Refs><Amt Ccy="UAH">%[2]s</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<RltdPties><Dbtr><Nm>ТОВ "Світанок %[1]d"</Nm></Dbtr><DbtrAcct><Id><IBAN>UA903052992990004149123456789</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>Сплата за послуги згідно рахунку №СФ-%06[1]d від 05.05.2023, у т.ч. ПДВ</Ustrd></RmtInf></TxDtls>
`, i, decimal.MustNew(int64(i), 2))
		}}
}

func mtBenchFile(n int) *generated {
	return &generated{n: n, head: ":20:S\n:25:UA213223130000026007233566001\n:28C:1\n:60F:C230501UAH0,00\n", tail: ":62F:C230531UAH" + strings.Replace(cents(n), ".", ",", 1) + "\n-\n",
		entry: func(i int) string {
			mark := "C"
			if i%3 == 0 {
				mark = "D"
			}
			return fmt.Sprintf(":61:2305%02d05%02d%s%sNTRFD%d//R%08d\n:86:/EREF/E%d//CNTP/UA903052992990004149123456789/PBANUA2X/SVITANOK %d/\n/REMI/USTD//OPLATA RAHUNKU %06d/\n",
				i%28+1, i%28+1, mark, strings.Replace(decimal.MustNew(int64(i), 2).String(), ".", ",", 1), i, i, i, i, i)
		}}
}

func cbFile(n int) *generated {
	const own = "40702810938000012345"
	return &generated{n: n, head: "1CClientBankExchange\nВерсияФормата=1.03\nКодировка=UTF-8\nРасчСчет=" + own + "\nСекцияРасчСчет\nРасчСчет=" + own + "\nНачальныйОстаток=0.00\nКонечныйОстаток=" + cents(n) + "\nКонецРасчСчет\n", tail: "КонецФайла\n",
		entry: func(i int) string {
			us, other, date := "Получатель", "Плательщик", "ДатаПоступило"
			if i%3 == 0 {
				us, other, date = other, us, "ДатаСписано"
			}
			return fmt.Sprintf("СекцияДокумент=Платежное поручение\nНомер=%d\nДата=%02[2]d.05.2023\nСумма=%[3]s\n%[4]s=%02[2]d.05.2023\n%[5]sСчет=%[6]s\n%[7]sСчет=40702810500000067890\n%[7]sИНН=7728168971\n%[7]s1=ООО Ромашка %[1]d\nНазначениеПлатежа=Оплата по счёту № %[1]d\nКонецДокумента\n",
				i, i%28+1, decimal.MustNew(int64(i), 2), date, us, own, other)
		}}
}

func ofxFile(n int) *generated {
	return &generated{n: n, head: "OFXHEADER:100\nVERSION:102\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>UAH<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>\n", tail: "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n",
		entry: func(i int) string {
			return fmt.Sprintf("<STMTTRN>\n<TRNTYPE>OTHER\n<DTPOSTED>202305%02d\n<TRNAMT>%s\n<FITID>%d\n<NAME>ТОВ Світанок\n<MEMO>Сплата рахунку %d\n</STMTTRN>\n", i%28+1, decimal.MustNew(int64(i), 2), i, i)
		}}
}

func csvFile(n int) *generated {
	return &generated{n: n, head: "date;amount;name;account;tax;purpose;ref\n",
		entry: func(i int) string {
			return fmt.Sprintf("%02d.05.2023;%s;\"ТОВ \"\"Світанок %d\"\"\";UA903052992990004149123456789;14360570;Сплата рахунку %d;R%d\n", i%28+1, decimal.MustNew(int64(i), 2), i, i, i)
		}}
}

// Statements of 100,000 entries, and one batch of 30,000 payments: entries, lines and bytes in a second, and the most memory that reading it took. A child of
// the benchmark's would be the only way to a peak of its own; so the peak of the process is set back before each run, and what
// the process held before it is counted in.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
		file func(int) *generated
		o    statement.Options
	}{
		{"camt.053", 100_000, camtFile, statement.Options{}},
		{"camt.053 batch", 30_000, batchFile, statement.Options{}},
		{"mt940", 100_000, mtBenchFile, statement.Options{}},
		{"clientbank", 100_000, cbFile, statement.Options{}},
		{"ofx", 100_000, ofxFile, statement.Options{}},
		{"csv", 100_000, csvFile, statement.Options{Account: "1", Currency: "UAH", Mapping: &statement.Mapping{DateLayouts: []string{"02.01.2006"}, Date: "date", Amount: "amount",
			Counterparty: "name", CounterpartyAccount: "account", CounterpartyTaxID: "tax", Purpose: []string{"purpose"}, BankReference: "ref"}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			debug.FreeOSMemory()
			_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // Linux: VmHWM begins anew
			var lines, bytes int64
			var heap uint64
			started, used := time.Now(), cpu(b)
			for b.Loop() {
				g := c.file(c.n)
				entries := 0
				for item, err := range statement.Read(b.Context(), g, c.o) {
					require.NoError(b, err)
					if item.Kind != statement.Booked {
						continue
					}
					if entries++; entries%10_000 == 0 {
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						heap = max(heap, m.HeapAlloc)
					}
				}
				require.Equal(b, c.n, entries)
				lines += g.lines
				bytes += g.bytes
			}
			took := time.Since(started).Seconds()
			b.ReportMetric(float64(c.n*b.N)/(cpu(b)-used), "entries/cpu-s")
			b.ReportMetric(float64(lines)/took, "lines/s")
			b.ReportMetric(float64(c.n*b.N)/took, "entries/s")
			b.ReportMetric(float64(bytes)/1e6/took, "MB/s")
			b.ReportMetric(float64(heap)/1e6, "heap-MB")
			b.ReportMetric(peak(), "peak-MB")
		})
	}
}

// cpu is how long processors have worked for this process, whatever else they did meanwhile.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// peak is the most that the process has had in memory, or nothing where nobody says.
func peak() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(m[1]), 64)
	return kb * 1024 / 1e6
}

// A statement of a million lines takes no more memory than one of a few.
func TestMemoryIsBounded(t *testing.T) {
	most := func(n int) (heap uint64) {
		i := 0
		for item, err := range statement.Read(t.Context(), camtFile(n), statement.Options{}) {
			require.NoError(t, err)
			if i++; i%1000 == 0 && item.Kind == statement.Booked {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap = max(heap, m.HeapAlloc)
			}
		}
		return heap
	}
	few, many := most(1500), most(6000)
	require.Less(t, many, few+2<<20)
}
