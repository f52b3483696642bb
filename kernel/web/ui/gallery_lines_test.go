package ui_test

import (
	"strconv"

	"github.com/a-h/templ"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// linesPage is a form with rows, and a thing's rows as a table.
func linesPage() templ.Component {
	row := func(index string, values ...string) ui.RowBox {
		at := "lines[" + index + "]"
		b := ui.RowBox{Name: at, Fields: []ui.Field{
			{Name: at + ".description", Label: "What", Required: true, MaxLength: 500},
			{Name: at + ".quantity", Label: "Quantity", Required: true, Num: true, InputMode: "decimal"},
			{Name: at + ".unit", Label: "Unit", MaxLength: 20},
			{Name: at + ".price", Label: "Price", Required: true, Num: true, InputMode: "decimal"},
			{Name: at + ".discount_percent", Label: "Discount, %", Num: true, InputMode: "decimal"},
			{Kind: ui.FieldSelect, Name: at + ".tax_mode", Label: "Tax", Options: []ui.Option{{Label: "Not chosen"}, {Value: "TOP", Label: "On top"}, {Value: "IN", Label: "Included"}}},
			{Name: at + ".tax_percent", Label: "Tax, %", Num: true, InputMode: "decimal"},
			{Kind: ui.FieldReadOnly, Name: at + ".amount", Label: "Sum", Num: true},
		}}
		for i, v := range values {
			b.Fields[i].Value = v
		}
		return b
	}
	sum := func(b *ui.RowBox, text string) {
		b.Fields[7].Value, b.Fields[7].Content = "", ui.Amount(ui.Money{Amount: text, Text: text, Currency: "UAH"})
	}
	items := []ui.RowBox{
		row("0", "Planned maintenance, November", "4", "unit", "2100.00", "", "TOP", "20"), row("1", "Filter F7 592 × 592", "six", "pc", "640.00", "5", "TOP", "20"), row("2", "", "", "", ""),
	}
	sum(&items[0], "8,400.00")
	items[1].Fields[1].Error = "Write a number, such as 12.5."
	items[1].Hidden = []ui.Hidden{{Name: "lines[1].id", Value: "7"}}
	items[2].Error = "Item: no longer sold"
	part := func(index string) ui.RowBox {
		at := "parts[" + index + "]"
		return ui.RowBox{Name: at, Fields: []ui.Field{
			{Kind: ui.FieldSelect, Name: at + ".document", Label: "Document", Options: []ui.Option{{Label: "Choose…"}, {Value: "1", Label: "INV-2026-00017"}}},
			{Kind: ui.FieldDate, Name: at + ".day", Label: "Day"}, {Kind: ui.FieldCheckbox, Name: at + ".whole", Label: "Whole"},
			{Kind: ui.FieldTextArea, Name: at + ".note", Label: "Note", Rows: 1},
		}}
	}
	set := func(items []ui.RowBox, blank ui.RowBox, most int) *ui.RowSet {
		return &ui.RowSet{Items: items, Blank: blank, Max: most, Add: "Add a line", Row: "Line {n}", Remove: "Remove line {n}", Full: "At most " + strconv.Itoa(most) + " lines.", AddName: "add_row", RemoveName: "remove_row"}
	}
	lines := ui.Field{Kind: ui.FieldRows, Name: "lines", Label: "Lines", Hint: "As they are printed", RowSet: set(items, row(ui.RowIndex), 5)}
	form := ui.Form{
		ID: "invoice", Action: "/lines", CSRF: "token", Guard: true,
		Errors: &ui.ErrorSummary{Title: "Some answers need a second look", Items: []ui.ErrorItem{{Text: "Line 2, Quantity: Write a number", Field: items[1].Fields[1].FieldID()}, {Text: "Line 3: no longer sold", Field: items[2].FieldID()}}},
		Sections: []ui.FormSection{
			{ID: "about", Title: "What it is about", Fields: []ui.Field{{Name: "subject", Label: "Subject", Value: "November"}, lines, {Kind: ui.FieldTextArea, Name: "note", Label: "Note"}}},
			{Fields: []ui.Field{
				{Kind: ui.FieldRows, Name: "parts", Label: "Paid from", Error: "At most 1.", RowSet: set([]ui.RowBox{part("0")}, part(ui.RowIndex), 1)},
				{Kind: ui.FieldReadOnly, Name: "taxes", Label: "Taxes", Content: ui.List(ui.Table{Caption: "Taxes", Columns: []ui.Column{{Label: "Rate"}}, Rows: []ui.Row{{Cells: []ui.Value{{Text: "20 %", Bar: &ui.Bar{Share: 800, Before: 400, Out: true}}}}}})},
			}},
		},
		Submit: ui.Button{Label: "Save the draft", Busy: "Saving…"},
	}
	money := func(text string) ui.Value {
		return ui.Value{Money: &ui.Money{Amount: text, Text: text, Currency: "UAH"}}
	}
	table := ui.Table{ID: "held", Caption: "Lines, 2 rows", Wide: true, Columns: []ui.Column{
		{Label: "What", Role: ui.RolePrimary}, {Label: "Quantity", Num: true, Role: ui.RoleUnder, Labelled: true}, {Label: "Unit", Role: ui.RoleUnder, Labelled: true},
		{Label: "Price", Num: true, Role: ui.RoleUnder, Labelled: true}, {Label: "Sum", Num: true, Role: ui.RoleEnd},
	}, Rows: []ui.Row{
		{Cells: []ui.Value{ui.T("Planned maintenance, November"), ui.T("4"), ui.T("unit"), ui.T("2,100.00"), money("8,400.00")}},
		{Cells: []ui.Value{ui.T("Refrigerant R410A, top-up"), ui.T("3.2"), {}, ui.T("1,450.00"), money("4,640.00")}},
	}}
	return ui.Join(ui.PageHead(ui.Head{Title: "Draft"}), ui.FormBox(form), ui.Section(ui.SectionBox{ID: "held-lines", Title: "Lines", Content: ui.List(table)}))
}
