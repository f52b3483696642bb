package export_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return // a test's portal runs a module in a process of its own: this one
	}
	os.Exit(kerneltest.Main(m))
}

func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts))}, nil
}

const config = `
name: Export
time_zone: Europe/Kyiv
roles:
  archivist:
    title: {en: Archivist, uk: Архіваріус, ru: Архивариус}
    staff: true
    permissions: {clientmanager.clients.read: all, clientmanager.contacts.read: all, clientmanager.clients.export: granted}
modules:
  clientmanager:
    settings:
      fields:
        - {id: area, type: decimal, title: {en: Area, uk: Площа, ru: Площадь}}
        - {id: since, type: date, title: {en: Served since, uk: Обслуговуємо від, ru: Обслуживаем с}}
  accountmanager: {settings: {letters: log}}
`

var began = time.Date(2031, 5, 5, 10, 0, 0, 0, time.UTC)

func open(t *testing.T, more string, processes ...string) (*kerneltest.Portal, *kerneltest.Clock) {
	t.Helper()
	clock := kerneltest.NewClock(began)
	return kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: config + more, Clock: clock, Processes: processes}), clock
}

func add(t *testing.T, u *kerneltest.User, clients ...*clientmanagerv1.Client) {
	t.Helper()
	for _, c := range clients {
		_, err := clientmanagerv1.NewClientServiceClient(u.Conn).CreateClient(t.Context(), &clientmanagerv1.CreateClientRequest{RequestId: store.NewID(), Client: c})
		require.NoError(t, err)
	}
}

func many(t *testing.T, u *kerneltest.User, n int) {
	t.Helper()
	for i := range n {
		add(t, u, &clientmanagerv1.Client{Name: fmt.Sprintf("Client %04d", i)})
	}
}

// take exports a list as somebody and returns the file.
func take(t *testing.T, u *kerneltest.User, r *kernelv1.ExportListRequest) (*kernelv1.ExportFile, []byte, error) {
	t.Helper()
	stream, err := kernelv1.NewExportServiceClient(u.Conn).ExportList(t.Context(), r)
	if err != nil {
		return nil, nil, err
	}
	var file *kernelv1.ExportFile
	var content bytes.Buffer
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return file, content.Bytes(), nil
		}
		if err != nil {
			return nil, nil, err
		}
		if part.GetFile() != nil {
			file = part.GetFile()
		}
		content.Write(part.GetContent())
	}
}

func clients(format kernelv1.ExportFormat) *kernelv1.ExportListRequest {
	return &kernelv1.ExportListRequest{Screen: "clientmanager.clients", Format: format, Language: "en"}
}

var (
	asCSV  = kernelv1.ExportFormat_EXPORT_FORMAT_CSV
	asXLSX = kernelv1.ExportFormat_EXPORT_FORMAT_XLSX
)

// table reads a file of comma-separated values: column → value, a row each.
func table(t *testing.T, content []byte) []map[string]string {
	t.Helper()
	text, ok := strings.CutPrefix(string(content), "\ufeff")
	require.True(t, ok, "it begins with a byte order mark")
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	return rows(records)
}

func rows(records [][]string) (out []map[string]string) {
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, cell := range record {
			row[records[0][i]] = cell
		}
		out = append(out, row)
	}
	return out
}

func admin(t *testing.T, p *kerneltest.Portal) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// counted is how many rows count for somebody.
func counted(t *testing.T, p *kerneltest.Portal, u *kerneltest.User) (n int) {
	t.Helper()
	require.NoError(t, admin(t, p).QueryRow(t.Context(), "select coalesce(sum(rows), 0) from kernel.export where user_id = $1", u.ID).Scan(&n))
	return n
}

var zerno = &clientmanagerv1.Client{
	Name: "Zerno, «Roastery»", Code: "ZR-1", TaxId: "12345678", Kind: clientmanagerv1.ClientKind_CLIENT_KIND_COMPANY, Email: "office@zerno.example",
	Phone: "+380445550142", Website: "https://zerno.example", Place: "Kyiv", Address: "Nyzhnii Val 19\nKyiv", CountryCode: "UA",
	Tags: []string{"coffee", "yard"}, Note: "pays late",
	Extra: []*kernelv1.FieldValue{{Id: "area", Value: "120.50"}, {Id: "since", Value: "2020-03-01"}},
}

func TestAFileHoldsWhatItsReaderSees(t *testing.T) {
	t.Parallel()
	p, _ := open(t, "")
	head := p.Head(t)
	evil := &clientmanagerv1.Client{Name: `=HYPERLINK("http://evil.example","x")`, Code: "@SUM(1)", Place: "-1+1", Note: "+cmd|' /C calc'!A0"}
	add(t, head, zerno, evil, &clientmanagerv1.Client{Name: "'=quoted", Code: "Q"})
	many(t, head, 401) // more than two pages

	file, content, err := take(t, head, clients(asCSV))
	require.NoError(t, err)
	require.EqualValues(t, 404, file.GetRows())
	require.EqualValues(t, len(content), file.GetBytes())
	require.Equal(t, "clients-2031-05-05.csv", file.GetName())
	all := table(t, content)
	require.Len(t, all, 404)
	byCode := map[string]map[string]string{}
	for _, row := range all {
		byCode[row["Code"]] = row
	}
	got := byCode["ZR-1"]
	for column, want := range map[string]string{
		"Name": zerno.Name, "Tax ID": "12345678", "Email": "office@zerno.example", "Phone": "+380445550142", "Address": zerno.Address, "Country": "UA",
		"Tags": "coffee, yard", "Note": "pays late", "Status": "Active", "Area": "120.50", "Served since": "2020-03-01", "Manager": "", "Since": "2031-05-05 13:00",
	} {
		require.Contains(t, got, column)
		require.Equal(t, want, got[column], column)
	}
	require.NotContains(t, string(content), "Revision")
	t.Run("what a spreadsheet would compute", func(t *testing.T) {
		row := byCode["'@SUM(1)"]
		require.Equal(t, "'"+evil.Name, row["Name"])
		require.Equal(t, "'-1+1", row["Place"])
		require.Equal(t, "'"+evil.Note, row["Note"])
	})
	t.Run("as a workbook", func(t *testing.T) {
		file, content, err := take(t, head, clients(asXLSX))
		require.NoError(t, err)
		require.Equal(t, "clients-2031-05-05.xlsx", file.GetName())
		book, err := excelize.OpenReader(bytes.NewReader(content))
		require.NoError(t, err)
		defer book.Close() //nolint:errcheck // it was only read
		records, err := book.GetRows(book.GetSheetName(0))
		require.NoError(t, err)
		require.Len(t, records, 405)
		for _, row := range rows(records) {
			if row["Code"] == "ZR-1" {
				require.Equal(t, []string{"120.50", "2020-03-01", "2031-05-05 13:00", "+380445550142"}, []string{row["Area"], row["Served since"], row["Since"], row["Phone"]})
			}
			require.NotContains(t, "=+-@", row["Name"][:1])
		}
	})
	t.Run("by the filters in force", func(t *testing.T) {
		r := clients(asCSV)
		r.Filters = []*kernelv1.ExportFilter{{Field: "tags", Values: []string{"yard"}}}
		_, content, err := take(t, head, r)
		require.NoError(t, err)
		require.Len(t, table(t, content), 1)
		r.Filters = []*kernelv1.ExportFilter{{Field: "tag", Values: []string{"yard"}}}
		_, _, err = take(t, head, r)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "a misspelt filter must not export everything")
		require.ErrorContains(t, err, "tags")
	})
	t.Run("and comes back by an import", func(t *testing.T) {
		imports := clientmanagerv1.NewImportServiceClient(head.Conn)
		for name, format := range map[string]kernelv1.ExportFormat{"clients.csv": asCSV, "clients.xlsx": asXLSX} {
			r := clients(format)
			r.Language = "uk"
			_, content, err := take(t, head, r)
			require.NoError(t, err)
			made, err := imports.CreateImport(t.Context(), &clientmanagerv1.CreateImportRequest{RequestId: store.NewID(), FileName: name, Content: content})
			require.NoError(t, err)
			var mapping []*kernelv1.ImportMapping
			mapped := map[string]bool{}
			for i, c := range made.GetImport().GetColumns() {
				if f := c.GetSuggestedField(); f != "" {
					mapping = append(mapping, &kernelv1.ImportMapping{Column: int32(i), Field: f})
					mapped[f] = true
				}
			}
			for _, field := range []string{"name", "legal_name", "code", "tax_id", "kind", "email", "phone", "website", "place", "address", "country_code", "tags", "note", "extra.area", "extra.since"} {
				require.True(t, mapped[field], "%s: the import knows the column of %s", name, field)
			}
			checked, err := imports.CheckImport(t.Context(), &clientmanagerv1.CheckImportRequest{Id: made.GetImport().GetId(), Mapping: mapping})
			require.NoError(t, err)
			report := checked.GetImport().GetReport()
			require.Zero(t, report.GetFailed(), name)
			require.Zero(t, report.GetUpdated(), name)
			require.EqualValues(t, 3, report.GetUnchanged(), "those that have a code")
		}
	})
}

func TestWhoMayExport(t *testing.T) {
	t.Parallel()
	p, _ := open(t, "")
	head, manager, archivist := p.Head(t), p.Staff(t, "manager"), p.Staff(t, "archivist")
	many(t, head, 3)
	mine := p.Client(t, "Served")
	p.Serve(t, archivist, mine)
	director := p.Contact(t, mine, "client.director")
	for _, u := range []*kerneltest.User{manager, director, p.Anonymous(t)} {
		_, _, err := take(t, u, clients(asCSV))
		require.Contains(t, []codes.Code{codes.PermissionDenied, codes.Unauthenticated}, status.Code(err), "%s: %v", u.Role, err)
	}
	require.NotContains(t, manager.Get(t, "/clients").Body, `name="export"`)
	page := head.Get(t, "/clients?without_manager=true")
	require.Contains(t, page.Body, `action="/clients?without_manager=true"`, "the filters in force are the file's")
	require.Contains(t, page.Body, "10,000 rows left for you today")

	// Archivists see every client, and export those granted alone.
	_, content, err := take(t, archivist, clients(asCSV))
	require.NoError(t, err)
	require.Len(t, table(t, content), 1)

	for _, name := range []string{"clientmanager.client", "clientmanager.history", "kernel.audit", "no.list", "accountmanager.users"} {
		r := clients(asCSV)
		r.Screen = name
		_, _, err := take(t, head, r)
		require.Equal(t, codes.NotFound, status.Code(err), name)
	}
	t.Run("by the page", func(t *testing.T) {
		got := head.Post(t, "/clients?without_manager=true", url.Values{"export": {"csv"}})
		require.Equal(t, http.StatusOK, got.Status, got.Body)
		require.Equal(t, "attachment; filename=clients-2031-05-05.csv", got.Header.Get("Content-Disposition"))
		require.Equal(t, "no-store", got.Header.Get("Cache-Control"))
		require.Len(t, table(t, []byte(got.Body)), 3)
		require.Equal(t, http.StatusForbidden, manager.Post(t, "/clients", url.Values{"export": {"csv"}}).Status)
		forged, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+"/clients", strings.NewReader("export=csv"))
		require.NoError(t, err)
		forged.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := head.HTTP.Do(forged)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusForbidden, answer.StatusCode, "without the form's token")
	})
	t.Run("is told to the audit log", func(t *testing.T) {
		var done, refused int
		require.NoError(t, admin(t, p).QueryRow(t.Context(), `select count(*) filter (where outcome = 'done'), count(*) filter (where outcome = 'refused')
			from kernel.audit_entry where method = $1`, kernelv1.ExportService_ExportList_FullMethodName).Scan(&done, &refused))
		require.Equal(t, 2, done)
		require.Equal(t, 3, refused, "a manager and a director, by contract and by page")
		var changes string
		require.NoError(t, admin(t, p).QueryRow(t.Context(), `select string_agg(d.changes::text, ' ' order by number) from kernel.audit_detail d
			join kernel.audit_entry e on e.id = d.entry_id where e.method = $1 and e.outcome = 'done' and e.actor_id = $2`, kernelv1.ExportService_ExportList_FullMethodName, head.ID).Scan(&changes))
		for _, want := range []string{"clientmanager.clients", "without_manager=true", "csv", `"rows", "staff": true, "after": "3"`} {
			require.Contains(t, strings.ReplaceAll(changes, `"after": "3", "field": "rows", "staff": true`, `"rows", "staff": true, "after": "3"`), want)
		}
		require.Contains(t, head.Get(t, "/audit").Body, "exported a list")
	})
}

func TestAProofBeforeAnExport(t *testing.T) {
	t.Parallel()
	p, clock := open(t, "export: {proof_minutes: 10}\n")
	head := p.Head(t)
	many(t, head, 1)
	_, _, err := take(t, head, clients(asCSV))
	require.NoError(t, err, "fresh from the door")
	clock.Move(11 * time.Minute)
	_, _, err = take(t, head, clients(asCSV))
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	page := head.Post(t, "/clients", url.Values{"export": {"csv"}})
	require.Equal(t, http.StatusForbidden, page.Status)
	require.Contains(t, page.Body, "Is it you?")
}

func TestQuota(t *testing.T) {
	t.Parallel()
	p, _ := open(t, "export: {rows_per_day: 10, max_rows: 8}\n")
	head, other := p.Head(t), p.Head(t)
	many(t, head, 4)
	// Two files of four rows, and not a third: however many are asked for at once, on whichever node.
	beside := p.Beside(t)
	twin := beside.User(t, head.Token)
	var given atomic.Int32
	var group sync.WaitGroup
	for i := range 12 {
		who := []*kerneltest.User{head, twin}[i%2]
		group.Go(func() {
			_, content, err := take(t, who, clients(asCSV))
			if err == nil && len(content) > 0 {
				given.Add(1)
				return
			}
			if status.Code(err) != codes.ResourceExhausted {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 2, given.Load())
	require.Equal(t, 8, counted(t, p, head))
	page := head.Post(t, "/clients", url.Values{"export": {"xlsx"}})
	require.Equal(t, http.StatusUnprocessableEntity, page.Status)
	for _, said := range []string{"The list was not exported", "Rows in this list: 4. Left for you today: 2.", "More will be free from 6 May 2031, 13:00 on."} {
		require.Contains(t, page.Body, said)
	}
	_, _, err := take(t, other, clients(asCSV))
	require.NoError(t, err, "each person has their own")
	later := func(by string) {
		_, err := admin(t, p).Exec(t.Context(), "update kernel.export set time = time - $1::interval", by)
		require.NoError(t, err)
	}
	later("23:59:59")
	_, _, err = take(t, head, clients(asCSV))
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	later("2 seconds")
	_, _, err = take(t, head, clients(asCSV))
	require.NoError(t, err)
	many(t, head, 5)
	_, _, err = take(t, other, clients(asCSV))
	require.Equal(t, codes.ResourceExhausted, status.Code(err), "more than a file may have")
	require.ErrorContains(t, err, "One file may have 8 rows")
}

// The list is walked through the router wherever its module runs.
func TestAModuleInItsOwnProcess(t *testing.T) {
	t.Parallel()
	p, _ := open(t, "", "clientmanager")
	head := p.Head(t)
	add(t, head, zerno)
	_, content, err := take(t, head, clients(asCSV))
	require.NoError(t, err)
	require.Equal(t, "120.50", table(t, content)[0]["Area"])
}
