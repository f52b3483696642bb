package screen

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	finsystemv1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

func report(change func(*module.Screen)) module.Screen {
	s := module.Screen{
		ID: "income", Path: "/income", Kind: module.List, Title: "t", Method: finsystemv1.ReportService_GetIncomeReport_FullMethodName,
		Columns: []module.Column{{Field: "name"}, {Field: "amount"}}, Lead: []string{"from_date", "to_date"},
		Figures: []module.Figure{{Field: "income", Before: "income_before"}}, Bars: &module.Bars{Field: "amount", Before: "before", Out: map[string]string{"kind": "INCOME_KIND_EXPENSE"}},
	}
	change(&s)
	return s
}

func TestFiguresAndBarsFitTheirContract(t *testing.T) {
	_, err := compileOne(report(func(*module.Screen) {}))
	require.NoError(t, err)
	for wrong, change := range map[string]func(*module.Screen){
		`no field "incom"`:                       func(s *module.Screen) { s.Figures[0].Field = "incom" },
		`no field "incom_before"`:                func(s *module.Screen) { s.Figures[0].Before = "incom_before" },
		"draws bars of name, which is no amount": func(s *module.Screen) { s.Bars.Field = "name" },
		"waits for kind = GHOST":                 func(s *module.Screen) { s.Bars.Out["kind"] = "GHOST" },
		"has no one message beside its rows": func(s *module.Screen) {
			s.Method, s.Bars, s.Columns = finsystemv1.DocumentService_ListDocuments_FullMethodName, nil, []module.Column{{Field: "title"}}
		},
	} {
		_, err := compileOne(report(change))
		require.ErrorContains(t, err, wrong)
	}
}

func TestBarsAreBesideTheLargest(t *testing.T) {
	set, err := compileOne(report(func(*module.Screen) {}))
	require.NoError(t, err)
	sc := set.ordered[0]
	money := func(amount string) *kernelv1.Money { return &kernelv1.Money{CurrencyCode: "UAH", Amount: amount} }
	response := &finsystemv1.GetIncomeReportResponse{Rows: []*finsystemv1.IncomeRow{
		{Amount: money("100.00"), Before: money("200.00")},
		{Amount: money("-50.00"), Kind: finsystemv1.IncomeKind_INCOME_KIND_EXPENSE},
		{Amount: money("not an amount")},
	}}
	rows := func(m proto.Message) protoreflect.List {
		return m.ProtoReflect().Get(items(m.ProtoReflect().Descriptor())).List()
	}
	list := rows(response)
	b := sc.bars.among(list)
	require.Equal(t, []*ui.Bar{{Share: 500, Before: 1000}, {Share: 250, Out: true}, {}}, []*ui.Bar{b.of(list.Get(0).Message()), b.of(list.Get(1).Message()), b.of(list.Get(2).Message())})
	nothing := rows(&finsystemv1.GetIncomeReportResponse{Rows: []*finsystemv1.IncomeRow{{}}})
	require.Nil(t, sc.bars.among(nothing).of(nothing.Get(0).Message()))
	require.Nil(t, (*bars)(nil).among(list).of(list.Get(0).Message()))
}
