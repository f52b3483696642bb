package finsystem_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
)

// sold issues an invoice that charges, on a day, of some hours at 100 without tax, booked as an item.
func (d *desk) sold(client, item, hours, day string) *v1.Document {
	d.t.Helper()
	return d.issued(client, func(doc *v1.Document) {
		l := line(item, hours, "100", noTax, "")
		l.Item = item
		doc.Lines, doc.IssueDate, doc.PaymentDays = []*v1.DocumentLine{l}, day, 30
	})
}

func inShort(rows []*v1.IncomeRow) (out []string) {
	for _, r := range rows {
		out = append(out, r.GetName()+" "+r.GetAmount().GetAmount()+" / "+r.GetBefore().GetAmount()+" "+r.GetDifference().GetAmount()+" "+r.GetChangePercent()+" % of "+r.GetSharePercent())
	}
	return out
}

func TestIncome(t *testing.T) {
	o := newOfficeOn(t, 29)
	o.head.payOn(o.zerno, "10000.00", "2026-10-01", "B-1")
	o.head.payOn(o.other, "10000.00", "2026-10-01", "B-2")
	o.manager.sold(o.zerno, "maintenance", "10", "2026-10-15") // 1,000 in October
	o.manager.sold(o.zerno, "maintenance", "15", "2026-11-15") // 1,500 in November
	o.head.sold(o.other, "repairs", "5", "2026-11-20")         // 500 of a client whom nobody serves
	o.head.sold(o.other, "repairs", "2", "2025-11-03")         // 200 a year ago
	taken := o.manager.sold(o.zerno, "repairs", "7", "2026-11-03")
	_, err := o.manager.documents.VoidDocument(t.Context(), &v1.VoidDocumentRequest{Id: taken.GetId(), Reason: "a mistake"})
	require.NoError(t, err)
	o.head.adjust(o.zerno, "30.00", "2026-11-07", "Goodwill")
	o.head.adjust(o.zerno, "-12.00", "2026-11-08", "A late fee")

	ask := func(who *desk, change func(*v1.GetIncomeReportRequest)) *v1.GetIncomeReportResponse {
		t.Helper()
		r := &v1.GetIncomeReportRequest{FromDate: "2026-11-01", ToDate: "2026-11-30"}
		if change != nil {
			change(r)
		}
		got, err := who.reports().GetIncomeReport(t.Context(), r)
		require.NoError(t, err)
		return got
	}
	t.Run("by item, against the month before", func(t *testing.T) {
		got := ask(o.head, nil)
		require.Equal(t, []string{
			"maintenance 1500.00 / 1000.00 500.00 50 % of 74.6", "repairs 500.00 / 0.00 500.00  % of 24.9", "adjustment 12.00 / 0.00 12.00  % of 0.6",
			"adjustment 30.00 / 0.00 30.00  % of 100",
		}, inShort(got.GetRows()))
		r := got.GetReport()
		require.Equal(t, []string{"2012.00", "30.00", "1982.00", "1000.00", "0.00", "1000.00", "2026-10-01", "2026-10-31"}, []string{
			r.GetIncome().GetAmount(), r.GetExpense().GetAmount(), r.GetResult().GetAmount(), r.GetIncomeBefore().GetAmount(), r.GetExpenseBefore().GetAmount(),
			r.GetResultBefore().GetAmount(), r.GetBeforeFromDate(), r.GetBeforeToDate(),
		})
	})
	t.Run("against last year", func(t *testing.T) {
		got := ask(o.head, func(r *v1.GetIncomeReportRequest) {
			r.Compare, r.Kinds = v1.IncomeCompare_INCOME_COMPARE_LAST_YEAR, []v1.IncomeKind{v1.IncomeKind_INCOME_KIND_INCOME}
		})
		require.Equal(t, []string{
			"maintenance 1500.00 / 0.00 1500.00  % of 74.6", "repairs 500.00 / 200.00 300.00 150 % of 24.9", "adjustment 12.00 / 0.00 12.00  % of 0.6",
		}, inShort(got.GetRows()))
	})
	t.Run("against nothing, page by page", func(t *testing.T) {
		var rows []*v1.IncomeRow
		token := ""
		for range 4 {
			got := ask(o.head, func(r *v1.GetIncomeReportRequest) {
				r.Compare, r.PageSize, r.PageToken = v1.IncomeCompare_INCOME_COMPARE_NONE, 1, token
			})
			require.Nil(t, got.GetReport().GetIncomeBefore())
			rows, token = append(rows, got.GetRows()...), got.GetNextPageToken()
		}
		require.Empty(t, token)
		require.Equal(t, []string{"maintenance 1500.00 /    % of 74.6", "repairs 500.00 /    % of 24.9", "adjustment 12.00 /    % of 0.6", "adjustment 30.00 /    % of 100"}, inShort(rows))
	})
	t.Run("by month", func(t *testing.T) {
		got := ask(o.head, func(r *v1.GetIncomeReportRequest) {
			r.FromDate, r.GroupBy, r.Compare = "2026-10-01", v1.IncomeGroup_INCOME_GROUP_MONTH, v1.IncomeCompare_INCOME_COMPARE_LAST_YEAR
			r.Kinds = []v1.IncomeKind{v1.IncomeKind_INCOME_KIND_INCOME}
		})
		require.Equal(t, []string{"2026-10 1000.00 / 0.00 1000.00  % of 33.2", "2026-11 2012.00 / 200.00 1812.00 906 % of 66.8"}, inShort(got.GetRows()))
	})
	t.Run("by whose it is, and each figure opens to its postings", func(t *testing.T) {
		for _, by := range []v1.IncomeGroup{
			v1.IncomeGroup_INCOME_GROUP_ITEM, v1.IncomeGroup_INCOME_GROUP_BRANCH, v1.IncomeGroup_INCOME_GROUP_MANAGER, v1.IncomeGroup_INCOME_GROUP_CLIENT, v1.IncomeGroup_INCOME_GROUP_MONTH,
		} {
			got := ask(o.head, func(r *v1.GetIncomeReportRequest) { r.GroupBy = by })
			require.NotEmpty(t, got.GetRows())
			for _, row := range got.GetRows() {
				request := &v1.ListReportPostingsRequest{
					FromDate: row.GetFromDate(), ToDate: row.GetToDate(), CurrencyCode: row.GetCurrencyCode(), Kind: row.GetKind(), GroupBy: row.GetGroupBy(), Key: row.GetKey(), PageSize: 2,
				}
				sum, n := int64(0), int64(0)
				for {
					list, err := o.head.reports().ListReportPostings(t.Context(), request)
					require.NoError(t, err)
					require.Equal(t, row.GetAmount().GetAmount(), list.GetTotals().GetAmount().GetAmount())
					for _, p := range list.GetPostings() {
						sum, n = sum+units(t, p.GetAmount()), n+1
					}
					if request.PageToken = list.GetNextPageToken(); request.PageToken == "" {
						require.Equal(t, list.GetTotals().GetPostings(), n)
						break
					}
				}
				require.Equal(t, units(t, row.GetAmount()), sum, "%v %v", by, row.GetKey())
			}
		}
		byManager := ask(o.head, func(r *v1.GetIncomeReportRequest) { r.GroupBy = v1.IncomeGroup_INCOME_GROUP_MANAGER })
		require.Equal(t, []string{o.manager.user.ID, ""}, []string{byManager.GetRows()[0].GetManagerId(), byManager.GetRows()[1].GetManagerId()})
	})
	t.Run("managers see their own clients'", func(t *testing.T) {
		got := ask(o.manager, nil)
		require.Equal(t, []string{"1512.00", "30.00"}, []string{got.GetReport().GetIncome().GetAmount(), got.GetReport().GetExpense().GetAmount()})
		list, err := o.manager.reports().ListReportPostings(t.Context(), &v1.ListReportPostingsRequest{
			FromDate: "2026-11-01", ToDate: "2026-11-30", GroupBy: v1.IncomeGroup_INCOME_GROUP_CLIENT, Key: o.other,
		})
		require.NoError(t, err)
		require.Empty(t, list.GetPostings())
		_, err = o.director.reports().GetIncomeReport(t.Context(), &v1.GetIncomeReportRequest{})
		require.Equal(t, codes.PermissionDenied, status.Code(err))
	})
}
