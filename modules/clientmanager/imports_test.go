package clientmanager_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func (p *portal) upload(who user, content string) *v1.Import {
	p.t.Helper()
	made, err := p.imports.CreateImport(who, &v1.CreateImportRequest{RequestId: store.NewID(), FileName: "clients.csv", Content: []byte(content)})
	require.NoError(p.t, err)
	return made.GetImport()
}

// suggested is the mapping that the columns' names suggest.
func suggested(i *v1.Import) (out []*kernelv1.ImportMapping) {
	for n, column := range i.GetColumns() {
		if column.GetSuggestedField() != "" {
			out = append(out, &kernelv1.ImportMapping{Column: int32(n), Field: column.GetSuggestedField()})
		}
	}
	return out
}

func (p *portal) check(who user, i *v1.Import) *v1.Import {
	p.t.Helper()
	got, err := p.imports.CheckImport(who, &v1.CheckImportRequest{Id: i.GetId(), Mapping: suggested(i)})
	require.NoError(p.t, err)
	return got.GetImport()
}

func (p *portal) run(who user, i *v1.Import) *v1.Import {
	p.t.Helper()
	got, err := p.imports.RunImport(who, &v1.RunImportRequest{Id: i.GetId()})
	require.NoError(p.t, err)
	return got.GetImport()
}

// report writes the lines of an import's report as "line outcome column key".
func (p *portal) report(who user, i *v1.Import) (lines []string) {
	p.t.Helper()
	r := &v1.ListImportRowsRequest{ImportId: i.GetId(), PageSize: 3}
	for {
		got, err := p.imports.ListImportRows(who, r)
		require.NoError(p.t, err)
		for _, row := range got.GetRows() {
			outcome := strings.ToLower(strings.TrimPrefix(row.GetOutcome().String(), "ROW_OUTCOME_"))
			key := strings.TrimPrefix(row.GetMessageKey(), "clientmanager.import.")
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s %s %s %s", row.GetLine(), row.GetTitle(), outcome, row.GetColumn(), key)))
			require.Equal(p.t, key != "", row.GetMessage() != "")
		}
		if r.PageToken = got.GetNextPageToken(); r.PageToken == "" {
			return lines
		}
	}
}

const file = `Name,Code,ЄДРПОУ,Phone,Kind,Nothing
Zerno,ZR-1,12345678,+380445550142,,x
Lan,LN-1,,,person,
,LN-2,,,,
Niva,,12345678,,,
Kolos,KL-1,,call me,,
=cmd(),,,,,
Foreign,,99,,,
Present,PR-1,55,,,
Same,SM-1,,,,
Two,PR-1,77,,,
`

func TestImport(t *testing.T) {
	p := newPortal(t)
	olha, head := p.manager("Olha"), p.head()
	p.add(head, &v1.Client{Name: "Not Olha's", TaxId: "99"})
	present := p.add(olha, &v1.Client{Name: "Former name", Code: "PR-1", Kind: v1.ClientKind_CLIENT_KIND_PERSON, Phone: "+380445550100"})
	p.add(olha, &v1.Client{Name: "Same", Code: "SM-1"})
	i := p.upload(olha, file)
	require.EqualValues(t, 10, i.GetRows())
	require.Equal(t, []string{"Zerno", "Lan", "Niva"}, i.GetColumns()[0].GetSamples())
	require.Equal(t, "name", i.GetFields()[0].GetName())
	require.True(t, i.GetFields()[0].GetRequired())
	_, err := p.imports.RunImport(olha, &v1.RunImportRequest{Id: i.GetId()})
	refused(t, err, codes.FailedPrecondition, "id", "clientmanager.import.not_checked")

	before := p.rows("select count(*) from clientmanager.history")
	dry := p.check(olha, i)
	want := &kernelv1.ImportReport{DryRun: true, Rows: 10, Created: 2, Updated: 1, Unchanged: 1, Failed: 6}
	require.True(t, proto.Equal(want, dry.GetReport()), "%v", dry.GetReport())
	require.Equal(t, before, p.rows("select count(*) from clientmanager.history"), "a dry run writes nothing")
	lines := []string{
		"4  failed Name bad_name", "5 Niva failed ЄДРПОУ tax_id_twice", "6 Kolos failed Phone bad_phone", "7 =cmd() failed Name formula",
		"8 Foreign failed  not_yours", "11 Two failed Code code_twice",
		"2 Zerno created", "3 Lan created", "9 Present updated", "10 Same unchanged",
	}
	require.Equal(t, lines, p.report(olha, i))

	done := p.run(olha, i)
	want.DryRun = false
	require.True(t, proto.Equal(want, done.GetReport()), "a run does what the dry run said: %v", done.GetReport())
	require.True(t, done.GetDone())
	require.Equal(t, lines, p.report(olha, i))
	got, err := p.clients.GetClient(olha, &v1.GetClientRequest{Id: present.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{"Present", "55", "+380445550100"}, []string{got.GetClient().GetName(), got.GetClient().GetTaxId(), got.GetClient().GetPhone()})
	require.Equal(t, v1.ClientKind_CLIENT_KIND_PERSON, got.GetClient().GetKind(), "an empty cell leaves what is there")
	list, err := p.clients.ListClients(olha, &v1.ListClientsRequest{})
	require.NoError(t, err)
	require.Equal(t, []string{"Lan", "Present", "Same", "Zerno"}, names(list.GetClients()), "who imports serves what is new")
	require.Equal(t, v1.ClientKind_CLIENT_KIND_PERSON, list.GetClients()[0].GetKind())
	require.Len(t, events[*v1.ClientCreated](p), 5)
	require.Equal(t, 2, p.rows("select count(*) from clientmanager.history where what = 'imported' and actor = 'Olha'"))
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.history where what = 'updated_by_import' and fields = '{name,tax_id}'"))

	p.add(olha, &v1.Client{Name: "Later", Code: "LN-1x"})
	again := p.run(olha, i)
	require.True(t, proto.Equal(done, again), "running twice gives the first report")
	_, err = p.imports.CheckImport(olha, &v1.CheckImportRequest{Id: i.GetId(), Mapping: suggested(i)})
	refused(t, err, codes.FailedPrecondition, "id", "clientmanager.import.done_already")

	second := p.upload(olha, file)
	report := p.check(olha, second).GetReport()
	require.EqualValues(t, 4, report.GetUnchanged()+report.GetUpdated(), "the same file again finds what it brought: %v", report)
	require.Zero(t, report.GetCreated())
}

func TestImportMapping(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	i := p.upload(head, "a,b,c\n1,2,3\n")
	for _, test := range []struct {
		field, reason string
		mapping       []*kernelv1.ImportMapping
	}{
		{"mapping", "no_name", []*kernelv1.ImportMapping{{Column: 0, Field: "code"}}},
		{"mapping[0].field", "no_such_field", []*kernelv1.ImportMapping{{Column: 0, Field: "status"}}},
		{"mapping[1].column", "no_such_column", []*kernelv1.ImportMapping{{Column: 0, Field: "name"}, {Column: 3, Field: "code"}}},
		{"mapping[1].column", "column_twice", []*kernelv1.ImportMapping{{Column: 0, Field: "name"}, {Column: 0, Field: "code"}}},
		{"mapping[1].field", "field_twice", []*kernelv1.ImportMapping{{Column: 0, Field: "name"}, {Column: 1, Field: "name"}}},
	} {
		_, err := p.imports.CheckImport(head, &v1.CheckImportRequest{Id: i.GetId(), Mapping: test.mapping})
		refused(t, err, codes.InvalidArgument, test.field, "clientmanager.import."+test.reason)
	}
	got, err := p.imports.CheckImport(head, &v1.CheckImportRequest{Id: i.GetId(), Mapping: []*kernelv1.ImportMapping{
		{Column: 2, Field: "name"}, {Column: 0, Field: "tags"}, {Column: 1, Field: "tags"},
	}})
	require.NoError(t, err)
	require.EqualValues(t, 1, got.GetImport().GetReport().GetCreated())
	p.run(head, i)
	list, err := p.clients.ListClients(head, &v1.ListClientsRequest{Tags: []string{"1", "2"}})
	require.NoError(t, err)
	require.Equal(t, []string{"3"}, names(list.GetClients()))
}

func TestImportRunFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	i := p.upload(olha, "name,code\nA,1\nB,2\nC,3\n")
	p.check(olha, i)
	reports := make([]*v1.RunImportResponse, 8)
	errs := kerneltest.AtOnce(len(reports), func(n int) (err error) {
		reports[n], err = p.imports.RunImport(olha, &v1.RunImportRequest{Id: i.GetId()})
		return err
	})
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK), "%v", errs)
	for _, r := range reports {
		require.True(t, proto.Equal(reports[0], r))
	}
	require.EqualValues(t, 3, reports[0].GetImport().GetReport().GetCreated())
	require.Equal(t, 3, p.rows("select count(*) from clientmanager.clients"))
	require.Len(t, events[*v1.ClientCreated](p), 3)
}

// Two files that name the same new clients: whichever is second is told, and has written nothing.
func TestImportsOfTheSameAtOnce(t *testing.T) {
	p := newPortal(t)
	people := []user{p.manager("Olha"), p.manager("Petro")}
	uploads := make([]*v1.Import, len(people))
	var content strings.Builder
	content.WriteString("name,code\n")
	for n := range 300 {
		fmt.Fprintf(&content, "Client %d,C-%d\n", n, n)
	}
	for n, who := range people {
		uploads[n] = p.upload(who, content.String())
		require.EqualValues(t, 300, p.check(who, uploads[n]).GetReport().GetCreated())
	}
	errs := kerneltest.AtOnce(len(people), func(n int) error {
		_, err := p.imports.RunImport(people[n], &v1.RunImportRequest{Id: uploads[n].GetId()})
		return err
	})
	require.Equal(t, 300, p.rows("select count(*) from clientmanager.clients"))
	require.Equal(t, 300, p.rows("select count(*) from kernel.client"))
	require.Positive(t, kerneltest.Count(errs, codes.OK))
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK)+kerneltest.Count(errs, codes.Aborted), "%v", errs)
	for n, who := range people {
		if status.Code(errs[n]) == codes.Aborted {
			refused(t, errs[n], codes.Aborted, "", "clientmanager.import.meanwhile")
			report := p.check(who, uploads[n]).GetReport()
			require.EqualValues(t, 300, report.GetFailed(), "they are another manager's now")
		}
	}
}

// Killed in the middle, an import has written nothing, and can be run again.
func TestImportKilledInTheMiddle(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	var content bytes.Buffer
	content.WriteString("name,code\n")
	for n := range 2500 {
		fmt.Fprintf(&content, "Client %d,C-%d\n", n, n)
	}
	i := p.upload(olha, content.String())
	p.check(olha, i)
	admin := p.admin()
	// The third chunk of history is never written: the connection is cut off as it begins.
	_, err := admin.Exec(t.Context(), `
		create function public.cut() returns trigger language plpgsql security definer as $$
		begin
			if (select count(*) from clientmanager.history) >= 2000 then perform pg_terminate_backend(pg_backend_pid()); end if;
			return new;
		end $$;
		create trigger cut before insert on clientmanager.history for each row execute function public.cut()`)
	require.NoError(t, err)
	_, err = p.imports.RunImport(olha, &v1.RunImportRequest{Id: i.GetId()})
	require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
	// Schedules publish too, whenever their time comes.
	events := "kernel.outbox where type like 'cabinet.clientmanager.%'"
	for _, table := range []string{"clientmanager.clients", "clientmanager.history", "kernel.client", "kernel.client_grant", events} {
		require.Zero(t, p.rows("select count(*) from "+table), table)
	}
	_, err = admin.Exec(t.Context(), `drop trigger cut on clientmanager.history`)
	require.NoError(t, err)
	ended, cancel := context.WithCancel(olha)
	cancel()
	_, err = p.imports.RunImport(ended, &v1.RunImportRequest{Id: i.GetId()})
	require.Equal(t, codes.Canceled, status.Code(err))
	require.EqualValues(t, 2500, p.run(olha, i).GetReport().GetCreated())
	require.Equal(t, 2500, p.rows("select count(*) from clientmanager.clients"))
}

// A file is its uploader's, also before those who see every client, and for a day.
func TestImportIsOnesOwn(t *testing.T) {
	p := newPortal(t)
	olha, petro, head := p.manager("Olha"), p.manager("Petro"), p.head()
	i := p.upload(olha, "name\nA\n")
	p.check(olha, i)
	for _, who := range []user{petro, head} {
		_, err := p.imports.GetImport(who, &v1.GetImportRequest{Id: i.GetId()})
		refused(t, err, codes.NotFound, "", "clientmanager.refusal.no_import")
		_, err = p.imports.CheckImport(who, &v1.CheckImportRequest{Id: i.GetId(), Mapping: suggested(i)})
		refused(t, err, codes.NotFound, "", "clientmanager.refusal.no_import")
		_, err = p.imports.RunImport(who, &v1.RunImportRequest{Id: i.GetId()})
		refused(t, err, codes.NotFound, "", "clientmanager.refusal.no_import")
		_, err = p.imports.ListImportRows(who, &v1.ListImportRowsRequest{ImportId: i.GetId()})
		refused(t, err, codes.NotFound, "", "clientmanager.refusal.no_import")
	}
	p.clock.Move(24 * time.Hour)
	_, err := p.imports.RunImport(olha, &v1.RunImportRequest{Id: i.GetId()})
	refused(t, err, codes.NotFound, "", "clientmanager.refusal.no_import")
	p.upload(petro, "name\nB\n")
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.imports"), "files of yesterday are forgotten")
	require.Zero(t, p.rows("select count(*) from clientmanager.import_rows"))
}

func TestImportOfBrokenFiles(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	for content, want := range map[string]string{
		" \n":                                  "clientmanager.import.file_empty",
		"name\n":                               "clientmanager.import.file_header_only",
		"name\n\x00":                           "clientmanager.import.file_no_text",
		"name\nCaf\xe9 Zo\xeb\n":               "clientmanager.import.file_encoding",
		"name\n\"A\n":                          "",
		"name\n" + strings.Repeat("x", 10<<20): "",
	} {
		_, err := p.imports.CreateImport(olha, &v1.CreateImportRequest{RequestId: store.NewID(), FileName: "x.csv", Content: []byte(content)})
		refused(t, err, codes.InvalidArgument, "content", want)
		require.Less(t, len(err.Error()), 500)
	}
	_, err := p.imports.CreateImport(olha, &v1.CreateImportRequest{RequestId: store.NewID(), FileName: "x.csv"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.Zero(t, p.rows("select count(*) from clientmanager.imports"))
}

func TestImportOnce(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	r := &v1.CreateImportRequest{RequestId: store.NewID(), FileName: "x.csv", Content: []byte("name\nA\n")}
	first, err := p.imports.CreateImport(olha, r)
	require.NoError(t, err)
	again, err := p.imports.CreateImport(olha, r)
	require.NoError(t, err)
	require.True(t, proto.Equal(first, again))
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.imports"))
}

// The companies of the S&P 500, when the file is there: every row is a client.
func TestImportOfCompanies(t *testing.T) {
	content, err := os.ReadFile("../../../shared/data/companies.csv")
	if err != nil {
		t.Skip("no ../shared/data/companies.csv beside the repository: ", err)
	}
	p := newPortal(t, func(s *clientmanager.Settings) { s.Country = "UA" })
	head := p.head()
	i := p.upload(head, string(content))
	require.EqualValues(t, 503, i.GetRows())
	guesses := map[string]string{}
	for _, c := range i.GetColumns() {
		guesses[c.GetHeader()] = c.GetSuggestedField()
	}
	require.Equal(t, map[string]string{
		"Symbol": "code", "Security": "name", "GICS Sector": "tags", "GICS Sub-Industry": "", "Headquarters Location": "place",
		"Date added": "", "CIK": "", "Founded": "",
	}, guesses)
	require.True(t, proto.Equal(&kernelv1.ImportReport{DryRun: true, Rows: 503, Created: 503}, p.check(head, i).GetReport()))
	require.True(t, proto.Equal(&kernelv1.ImportReport{Rows: 503, Created: 503}, p.run(head, i).GetReport()))
	got, err := p.clients.ListClients(head, &v1.ListClientsRequest{Name: "smith", Tags: []string{"Industrials"}, Place: "milw"})
	require.NoError(t, err)
	require.Equal(t, []string{"A. O. Smith"}, names(got.GetClients()))
	second := p.upload(head, string(content))
	require.True(t, proto.Equal(&kernelv1.ImportReport{DryRun: true, Rows: 503, Unchanged: 503}, p.check(head, second).GetReport()))
}
