package numbergenerator_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/numbergenerator"
)

func manifestOf() module.Manifest { return numbergenerator.New().Manifest() }

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// requireField asks for a refusal that names the field at fault.
func requireField(t testing.TB, err error, code codes.Code, field string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code.String(), status.Code(err).String(), "%v", err)
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				if v.GetField() == field {
					return
				}
			}
		}
	}
	require.Fail(t, "the field is not named", "%s in %v", field, status.Convert(err).Details())
}

const (
	never   = v1.Restart_RESTART_NEVER
	yearly  = v1.Restart_RESTART_YEARLY
	monthly = v1.Restart_RESTART_MONTHLY
)

func TestHostilePatterns(t *testing.T) {
	t.Parallel()
	p := open(t)
	for pattern, c := range map[string]struct {
		restart v1.Restart
		field   string
	}{
		"no number":                     {never, "series.pattern"},
		"{n}{n}":                        {never, "series.pattern"},
		"{n:0}":                         {never, "series.pattern"},
		"{n:13}":                        {never, "series.pattern"},
		"{n:99999999999}":               {never, "series.pattern"},
		"{n:-1}":                        {never, "series.pattern"},
		"{N}":                           {never, "series.pattern"},
		"{n}{":                          {never, "series.pattern"},
		"{{n}}":                         {never, "series.pattern"},
		"}{n}{":                         {never, "series.pattern"},
		"{}{n}":                         {never, "series.pattern"},
		"{dd}{n}":                       {never, "series.pattern"},
		"{prefix}{n}":                   {yearly, "series.pattern"},
		"{mm}-{n}":                      {yearly, "series.pattern"},
		"{yyyy}-{n}":                    {monthly, "series.pattern"},
		"{mm}-{n} ":                     {monthly, "series.pattern"},
		"{branch}{n}":                   {never, "series.branch_code"},
		"a\u200b{n}":                    {never, "series.pattern"},
		"a\u202e{n}":                    {never, "series.pattern"},
		"a\x01{n}":                      {never, "series.pattern"},
		"٣{n}":                          {never, "series.pattern"},
		"a\u0301\u0301{n}":              {never, "series.pattern"},
		strings.Repeat("x", 58) + "{n}": {never, "series.pattern"},
		"{n":                            {never, "series.pattern"},
	} {
		_, err := p.create(&v1.Series{Key: "invoice", Name: "Invoices", Pattern: pattern, Prefix: "P", Restart: c.restart})
		requireField(t, err, codes.InvalidArgument, c.field)
		_, err = p.series.PreviewSeries(p.head, &v1.PreviewSeriesRequest{Series: &v1.Series{Pattern: pattern, Prefix: "P", Restart: c.restart}})
		requireField(t, err, codes.InvalidArgument, c.field)
	}
	for _, prefix := range []string{"{n}", "{", "a\u00ad", "a\nb", strings.Repeat("p", 51)} {
		_, err := p.create(&v1.Series{Key: "invoice", Name: "Invoices", Pattern: "{prefix}{n}", Prefix: prefix, Restart: never})
		requireField(t, err, codes.InvalidArgument, "series.prefix")
	}
	// Signs that mean something to a regular expression, to SQL or to a format are signs.
	for i, prefix := range []string{`a.*'"\$%s`, "(?i)[0-9]+|^", "-- №#/:;&<>"} {
		key := string(rune('a' + i))
		p.made(&v1.Series{Key: key, Name: key, Pattern: "{prefix}{n}", Prefix: prefix, Restart: never})
		require.Equal(t, prefix+"1", p.must(p.self(), document{key: key, date: "2026-01-12", kind: "x", id: store.NewID()}))
		s := p.of(key)
		s.Name = "Another name"
		_, err := p.series.UpdateSeries(p.head, &v1.UpdateSeriesRequest{Series: s, UpdateMask: mask("name")})
		require.NoError(t, err)
	}
}

func TestTwoSeriesNeverGiveTheSameNumber(t *testing.T) {
	t.Parallel()
	p := open(t)
	type look struct {
		pattern, prefix string
		restart         v1.Restart
	}
	for _, c := range []struct {
		one, other look
		meet       bool
	}{
		{look{"{n}", "", never}, look{"{n:5}", "", never}, true},
		{look{"A{n}", "", never}, look{"{prefix}{n}", "A", never}, true},
		{look{"A{n}", "", never}, look{"A1{n}", "", never}, true},
		{look{"A{n}", "", never}, look{"A0{n}", "", never}, false},
		{look{"A{n}", "", never}, look{"A-{n}", "", never}, false},
		{look{"A{n}", "", never}, look{"a{n}", "", never}, false},
		{look{"A{n:5}", "", never}, look{"A{n:6}", "", never}, true},
		{look{"A{yyyy}{n}", "", yearly}, look{"A{n}", "", never}, true},
		{look{"A{yyyy}-{n}", "", yearly}, look{"A{n}", "", never}, false},
		{look{"A{yyyy}-{n}", "", yearly}, look{"A2026-{n:4}", "", never}, true},
		{look{"A{yy}{mm}-{n}", "", monthly}, look{"A{yyyy}-{n}", "", yearly}, true},
		{look{"{n}/{yy}", "", yearly}, look{"{n}/{mm}", "", never}, true},
		{look{"{n}/{yyyy}", "", yearly}, look{"{n}/{yy}", "", yearly}, false},
		{look{"{n}-X", "", never}, look{"{n}-Y", "", never}, false},
		{look{"{n}1", "", never}, look{"1{n}", "", never}, true},
		{look{"7{n:12}", "", never}, look{"{n}", "", never}, false}, // which has twelve digits at most
	} {
		one := p.made(&v1.Series{Key: "one", Name: "One", Pattern: c.one.pattern, Prefix: c.one.prefix, Restart: c.one.restart})
		other := &v1.Series{Key: "other", Name: "Other", Pattern: c.other.pattern, Prefix: c.other.prefix, Restart: c.other.restart}
		_, err := p.create(other)
		if c.meet {
			requireField(t, err, codes.AlreadyExists, "series.pattern")
		} else {
			require.NoError(t, err, "%v and %v", c.one, c.other)
		}
		_, err = p.admin().Exec(t.Context(), "delete from numbergenerator.series")
		require.NoError(t, err)
		p.made(other)
		one.Id = ""
		_, err = p.create(one)
		require.Equal(t, c.meet, err != nil, "it is the same the other way round: %v and %v", c.one, c.other)
		_, err = p.admin().Exec(t.Context(), "delete from numbergenerator.series")
		require.NoError(t, err)
	}
}

func TestWhatWasGivenDoesNotComeAgain(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.made(&v1.Series{Key: "invoice", Name: "Invoices", Pattern: "A{n}", Restart: never})
	for range 12 {
		p.must(p.self(), bill("2026-01-12"))
	}
	update := func(s *v1.Series, fields ...string) error {
		s.Id = p.of("invoice").GetId()
		_, err := p.series.UpdateSeries(p.head, &v1.UpdateSeriesRequest{Series: s, UpdateMask: mask(fields...)})
		return err
	}
	// A11 was given, and would be the first of a new year's beginning at one.
	requireField(t, update(&v1.Series{Pattern: "A1{n}"}, "pattern"), codes.AlreadyExists, "series.pattern")
	require.NoError(t, update(&v1.Series{Pattern: "A{n:3}"}, "pattern"), "A10 to A12 are what they would be anyhow, and were given")
	require.Equal(t, "A013", p.must(p.self(), bill("2026-01-12")))
	require.NoError(t, update(&v1.Series{Pattern: "B{yyyy}-{n}", Restart: yearly}, "pattern", "restart"))
	require.Equal(t, "B2026-1", p.must(p.self(), bill("2026-01-12")))
	requireField(t, update(&v1.Series{Restart: never}, "restart"), codes.AlreadyExists, "series.pattern")
	requireField(t, update(&v1.Series{Pattern: "A{n:3}", Restart: monthly}, "pattern", "restart"), codes.InvalidArgument, "series.pattern")
	// Nor by another series.
	_, err := p.create(&v1.Series{Key: "act", Name: "Acts", Pattern: "A{n}", Restart: never})
	requireField(t, err, codes.AlreadyExists, "series.pattern")
	_, err = p.create(&v1.Series{Key: "act", Name: "Acts", Pattern: "A{n:5}", Restart: never})
	require.NoError(t, err)
}

func TestAPeriodGoesOnAtAnotherNumber(t *testing.T) {
	t.Parallel()
	p := open(t)
	s := p.made(&v1.Series{Key: "invoice", Name: "Invoices", Pattern: "{yyyy}-{n:4}", Restart: yearly})
	next := func(n int64, date string) error {
		_, err := p.series.SetNextNumber(p.head, &v1.SetNextNumberRequest{Id: s.GetId(), NextNumber: n, Date: date})
		return err
	}
	require.NoError(t, next(153, ""), "the old programme gave 152 this year")
	require.Equal(t, "2026-0153", p.must(p.self(), bill("2026-01-12")))
	require.Equal(t, "2025-0001", p.must(p.self(), bill("2025-12-31")), "another period")
	requireField(t, next(153, ""), codes.FailedPrecondition, "next_number")
	requireField(t, next(1, "2026-06-01"), codes.FailedPrecondition, "next_number")
	requireField(t, next(5, "2026-02-30"), codes.InvalidArgument, "date")
	require.NoError(t, next(170, ""))
	require.NoError(t, next(160, ""), "nothing was given in between")
	require.NoError(t, next(160, ""), "twice is once")
	require.Equal(t, "2026-0160", p.must(p.self(), bill("2026-02-12")))
	require.Equal(t, []string{"2026 153-160 given 2, left out 6, missing 0 []", "2025 1-1 given 1, left out 0, missing 0 []"}, p.periods(s.GetId()))

	// An auditor sees what somebody deleted behind the portal's back, wherever.
	for range 6 {
		p.must(p.self(), bill("2026-02-12"))
	}
	_, err := p.admin().Exec(t.Context(), `
		alter table numbergenerator.number disable trigger user;
		delete from numbergenerator.number where period = '2026' and n in (153, 162, 163, 166)`)
	require.NoError(t, err)
	require.Equal(t, "2026 153-166 given 4, left out 6, missing 4 [153 162–163 166]", p.periods(s.GetId())[0])
}

func TestPreviewOfNumbers(t *testing.T) {
	t.Parallel()
	p := open(t)
	preview := func(s *v1.Series) string {
		r, err := p.series.PreviewSeries(p.head, &v1.PreviewSeriesRequest{Series: s})
		require.NoError(t, err)
		return r.GetNext() + " " + r.GetAfter() + " " + r.GetNextYear()
	}
	yearlySeries := &v1.Series{Pattern: "{prefix}{yy}/{n:3}", Prefix: "K", Restart: yearly, FirstNumber: 5}
	require.Equal(t, "K26/005 K26/006 K27/005", preview(yearlySeries))
	require.Equal(t, "K-7 K-8 K-7", preview(&v1.Series{Pattern: "{prefix}{n}", Prefix: "K-", Restart: never, FirstNumber: 7}))
	p.must(p.self(), bill("2026-01-12"))
	s := p.of("invoice")
	require.Equal(t, "INVOICE-00002 INVOICE-00003 INVOICE-00002", preview(s))
	s.Prefix = "F-"
	require.Equal(t, "F-00002 F-00003 F-00002", preview(s))
	require.Equal(t, "INVOICE-", p.of("invoice").GetPrefix(), "it kept nothing")
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(p.self(), bill("2026-01-12"))
	s := p.of("invoice")
	_, err := p.series.CreateSeries(p.manager, &v1.CreateSeriesRequest{RequestId: store.NewID(), Series: series()})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.series.UpdateSeries(p.manager, &v1.UpdateSeriesRequest{Series: s, UpdateMask: mask("name")})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	numbers, err := p.series.ListNumbers(p.manager, &v1.ListNumbersRequest{SeriesId: s.GetId()})
	require.NoError(t, err)
	require.Len(t, numbers.GetNumbers(), 1)
	require.Equal(t, "billing", numbers.GetNumbers()[0].GetModule())
	require.Equal(t, "2026-01-12", numbers.GetNumbers()[0].GetDate())
	_, err = p.series.ListNumbers(context.WithoutCancel(t.Context()), &v1.ListNumbersRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))

	s.Name = "Invoices"
	changed, err := p.series.UpdateSeries(p.head, &v1.UpdateSeriesRequest{Series: s, UpdateMask: mask("name")})
	require.NoError(t, err)
	require.Equal(t, s.GetRevision()+1, changed.GetSeries().GetRevision())
	s.Name = "Bills"
	_, err = p.series.UpdateSeries(p.head, &v1.UpdateSeriesRequest{Series: s, UpdateMask: mask("name")})
	require.Equal(t, codes.Aborted, status.Code(err), "somebody changed it meanwhile")
	_, err = p.series.UpdateSeries(p.head, &v1.UpdateSeriesRequest{Series: s, UpdateMask: mask("key")})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "a key stays")
}

func TestPagesOfNumbers(t *testing.T) {
	t.Parallel()
	p := open(t)
	s := p.made(&v1.Series{Key: "invoice", Name: "Invoices", Pattern: "{yyyy}-{n}", Restart: yearly})
	var want []string
	for _, date := range []string{"2025-03-01", "2026-03-01"} {
		for range 6 {
			want = append([]string{p.must(p.self(), bill(date))}, want...)
		}
	}
	var got []string
	r := &v1.ListNumbersRequest{SeriesId: s.GetId(), PageSize: 5}
	for {
		page, err := p.series.ListNumbers(p.manager, r)
		require.NoError(t, err)
		for _, n := range page.GetNumbers() {
			got = append(got, n.GetText())
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			break
		}
	}
	require.Equal(t, want, got)
	page, err := p.series.ListNumbers(p.manager, &v1.ListNumbersRequest{Text: "2025-4"})
	require.NoError(t, err)
	require.Len(t, page.GetNumbers(), 1)
	page, err = p.series.ListNumbers(p.manager, &v1.ListNumbersRequest{DocumentId: page.GetNumbers()[0].GetDocumentId(), Period: "2025"})
	require.NoError(t, err)
	require.Len(t, page.GetNumbers(), 1)
}
