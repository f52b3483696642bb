package screen

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	finsystemv1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

func TestRowsThatAContractLacksStopThePortal(t *testing.T) {
	for says, change := range map[string]func(detail, form *module.Section, s []module.Screen){
		`no field "prise"; did you mean "price"?`:                         func(d, _ *module.Section, _ []module.Screen) { d.Rows["lines"] = []string{"prise"} },
		`names columns of the field "taxes", which its section`:           func(d, _ *module.Section, _ []module.Screen) { d.Rows["taxes"] = []string{"percent"} },
		`names columns of subject, which is no repeated message`:          func(_, f *module.Section, _ []module.Screen) { f.Rows["subject"] = []string{"x"} },
		`names the column price of lines twice`:                           func(d, _ *module.Section, _ []module.Screen) { d.Rows["lines"] = []string{"price", "price"} },
		`calls the field "lines.item" by another name, which its section`: func(_, f *module.Section, _ []module.Screen) { f.Labels = map[string]string{"lines.item": "x"} },
		`asks for the rows lines, in which there is nothing to ask for`:   func(_, f *module.Section, _ []module.Screen) { f.Rows["lines"] = []string{"amount"} },
		`speaks of the column lines.prise, which the rows lines lack`:     func(_, f *module.Section, _ []module.Screen) { f.Rows = nil; f.Needed = []string{"lines.prise"} },
		`asks for the rows taxes, of which there may be any number`:       func(_, f *module.Section, _ []module.Screen) { f.Fields = []string{"taxes"}; f.Rows = nil },
		`asks for the column net.currency_code of taxes, which no row`: func(_, f *module.Section, _ []module.Screen) {
			f.Fields = []string{"taxes"}
			f.Rows = map[string][]string{"taxes": {"net.currency_code"}}
		},
		`has choices for the field "lines.item", which its section "" lacks`: func(_, f *module.Section, _ []module.Screen) { f.Choices = map[string]module.Choice{"lines.item": {}} },
	} {
		screens := paperScreens()
		change(&screens[0].Sections[0], &screens[3].Sections[0], screens)
		_, err := Compile(linked{}, []module.Manifest{{ID: "finsystem", Screens: screens}})
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, "screen finsystem.paper")
	}
	text, err := json.Marshal(paperScreens()[0])
	require.NoError(t, err)
	var again module.Screen
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, lineColumns(), again.Sections[0].Rows, "a plugin's manifest carries them")
}

func TestDetailsShowRowsAsTables(t *testing.T) {
	d := newDesk(t)
	page := d.show(t, "/papers/"+paperID)
	heads := regexp.MustCompile(`(?s)<th scope="col"([^>]*)>\s*([^<]*?)\s*</th>`)
	var got []string
	for _, m := range heads.FindAllStringSubmatch(page.html, -1) {
		num := ""
		if strings.Contains(m[1], "num") {
			num = " >"
		}
		got = append(got, m[2]+num)
	}
	require.Equal(t, []string{"What it is", "Quantity >", "Unit", "Price >", "Tax mode", "Amount >", "Percent", "Net >", "Tax >"}, got)
	require.Contains(t, page.html, "November · 15,648.00\u00a0UAH<", "what it comes to stands at the top, and what is not set does not")
	require.Contains(t, page.html, "<caption>What for, 2 rows</caption>")
	for _, cell := range []string{"Planned maintenance", "2,100.00", "8,400.00", "On top"} {
		require.Contains(t, page.html, cell)
	}
	require.Contains(t, page.html, `<td class="num under" data-label="Quantity">`, "a phone says what a figure is")
	require.Contains(t, page.html, `<td class="num end">`, "and has what it comes to at the right")

	d.kept.Lines, d.kept.Taxes[0].Percent = nil, ""
	page = d.show(t, "/papers/"+paperID)
	require.NotContains(t, page.html, "What for", "no rows, no table")
	require.NotContains(t, page.html, "Percent", "nor a column that the screen does not name, without anything in it")
}

func set(form url.Values, row int, values ...string) {
	for i := 0; i < len(values); i += 2 {
		form.Set(fmt.Sprintf("lines[%d].%s", row, values[i]), values[i+1])
	}
}

func TestRowsOfANewThing(t *testing.T) {
	d := newDesk(t)
	page := d.show(t, "/papers/new")
	require.Contains(t, page.form, "lines[0].description", "there is a row to begin with")
	require.NotContains(t, page.form, "lines[0].amount")
	require.NotContains(t, page.html, `lines[0].amount`, "nothing came to anything yet")
	for _, part := range []string{
		`role="group" id="f-lines-0" tabindex="-1" aria-labelledby="f-lines-0-row"`, "Row 1", "Add a line", `for="f-lines-0-price"`, `inputmode="decimal"`, `name="add_row" value="lines"`,
		`name="remove_row" value="lines[0]"`, `data-max="500"`, `name="lines[~].price"`,
	} {
		require.Contains(t, page.html, part)
	}
	form := page.form
	form.Set("kind", "DOCUMENT_KIND_INVOICE")
	form.Set("currency_code", "UAH")
	set(form, 0, "description", "Planned maintenance", "quantity", "four", "price", "2 100,50", "tax_mode", "TAX_MODE_ON_TOP")

	t.Run("one more", func(t *testing.T) {
		again := clone(form)
		again.Set("add_row", "lines")
		page := d.send(t, "/papers/new", again)
		require.Zero(t, d.calls, "nothing is sent")
		require.Equal(t, "four", page.form.Get("lines[0].quantity"))
		require.Equal(t, "TAX_MODE_ON_TOP", page.form.Get("lines[0].tax_mode"))
		require.Equal(t, []string{""}, page.form["lines[1].price"])
		require.Regexp(t, `id="f-lines-1-description"[^>]*autofocus`, page.html)
		again = page.form
		set(again, 1, "description", "Second")
		again.Set("remove_row", "lines[0]")
		page = d.send(t, "/papers/new", again)
		require.Equal(t, "Second", page.form.Get("lines[0].description"))
		require.NotContains(t, page.form, "lines[1].description")
		require.Regexp(t, `id="f-lines-0-description"[^>]*autofocus`, page.html)
		page.form.Set("remove_row", "lines[0]")
		page = d.send(t, "/papers/new", page.form)
		require.Equal(t, []string{""}, page.form["lines[0].description"], "there is always one to write in")
	})
	t.Run("what is wrong stands beside it", func(t *testing.T) {
		wrong := clone(form)
		set(wrong, 1, "description", " ", "price", "", "quantity", "")
		set(wrong, 40, "description", strings.Repeat("я", 501), "quantity", "1", "price", "1")
		page := d.send(t, "/papers/new", wrong)
		require.True(t, page.Invalid)
		require.Regexp(t, `(?s)id="f-lines-0-quantity-error">.*?Write a number, such as 12.5\.`, page.html)
		require.Regexp(t, `(?s)id="f-lines-1-description-error">.*?At most 500 characters\.`, page.html, "the third row that came is the second that counts")
		require.Contains(t, page.html, `<a href="#f-lines-0-quantity">Row 1, Quantity: Write a number, such as 12.5.</a>`)
		require.Contains(t, page.html, `<a href="#f-lines-1-description">Row 2, What it is: At most 500 characters.</a>`)
		require.Equal(t, "2 100,50", page.form.Get("lines[0].price"), "what was typed stays")
		require.NotContains(t, page.form, "lines[2].price")
	})
	t.Run("what no choice is", func(t *testing.T) {
		wrong := clone(form)
		set(wrong, 0, "quantity", "4", "tax_mode", "TAX_MODE_NEVER")
		page := d.send(t, "/papers/new", wrong)
		require.Contains(t, page.html, `id="f-lines-0-tax_mode-error"`)
	})
	t.Run("sent", func(t *testing.T) {
		form := clone(form)
		set(form, 0, "quantity", "4")
		set(form, 9, "description", "Last", "quantity", "0,5", "price", "-1")
		set(form, 10, "description", "", "price", " ")
		set(form, 3, "description", "Middle", "quantity", "1", "price", "1")
		page := d.send(t, "/papers/new", form)
		require.Equal(t, "/papers", page.Redirect)
		require.True(t, proto.Equal(&finsystemv1.Document{Kind: 1, CurrencyCode: "UAH", Lines: []*finsystemv1.DocumentLine{
			{Description: "Planned maintenance", Quantity: "4", Price: "2100.50", TaxMode: 1}, {Description: "Middle", Quantity: "1", Price: "1"}, {Description: "Last", Quantity: "0.5", Price: "-1"},
		}}, d.sent), "in order, without the empty one: %v", d.sent)
	})
}

func TestRowsOfAnExistingThing(t *testing.T) {
	path := "/papers/" + paperID + "/edit"
	t.Run("unchanged they are not sent", func(t *testing.T) {
		d := newDesk(t)
		page := d.show(t, path)
		require.Contains(t, page.html, "Per unit")
		require.Contains(t, page.html, "8,400.00", "what a row came to is shown")
		require.NotContains(t, page.form, "lines[0].amount", "and not sent")
		require.Equal(t, "maintenance", page.form.Get("lines[0].item"), "what the form does not ask for goes along")
		page.form.Set("subject", "December")
		d.send(t, path, page.form)
		require.Equal(t, []string{"subject"}, d.mask)
		require.Len(t, d.kept.GetLines(), 2)
	})
	t.Run("changed they are sent whole, by one name", func(t *testing.T) {
		d := newDesk(t)
		form := d.show(t, path).form
		set(form, 1, "quantity", "3,5")
		page := d.send(t, path, form)
		require.NotEmpty(t, page.Redirect)
		require.Equal(t, []string{"lines"}, d.mask)
		require.Equal(t, []string{"4", "3.5"}, []string{d.sent.GetLines()[0].GetQuantity(), d.sent.GetLines()[1].GetQuantity()})
		require.Equal(t, "maintenance", d.sent.GetLines()[0].GetItem())
		require.Nil(t, d.sent.GetLines()[0].GetAmount())
	})
	t.Run("all taken away", func(t *testing.T) {
		d := newDesk(t)
		form := d.show(t, path).form
		for name := range form {
			if strings.HasPrefix(name, "lines[") {
				form.Del(name)
			}
		}
		d.send(t, path, form)
		require.Equal(t, []string{"lines"}, d.mask)
		require.Empty(t, d.sent.GetLines())
	})
	t.Run("a row that was changed comes to something else", func(t *testing.T) {
		d := newDesk(t)
		form := d.show(t, path).form
		set(form, 1, "quantity", "many")
		page := d.send(t, path, form)
		require.True(t, page.Invalid)
		require.Contains(t, page.html, "8,400.00")
		require.NotContains(t, page.html, "4,640.00")
	})
	t.Run("a form that has no rows leaves them", func(t *testing.T) {
		d := newDesk(t)
		form := d.show(t, path).form
		for name := range form {
			if strings.HasPrefix(name, "lines") || strings.HasSuffix(name, "_lines") {
				form.Del(name)
			}
		}
		form.Set("lines", "stolen")
		form.Set("subject", "x")
		d.send(t, path, form)
		require.Equal(t, []string{"subject"}, d.mask)
	})
	t.Run("somebody was faster elsewhere", func(t *testing.T) {
		d := newDesk(t)
		form := d.show(t, path).form
		d.kept.Lines, d.kept.Revision = d.kept.Lines[:1], 8
		form.Set("subject", "December")
		page := d.send(t, path, form)
		require.NotEmpty(t, page.Redirect)
		require.Equal(t, []string{"subject"}, d.mask)
		require.Len(t, d.kept.GetLines(), 1)
	})
	t.Run("somebody was faster in the same rows", func(t *testing.T) {
		d := newDesk(t)
		form := d.show(t, path).form
		d.kept.Lines, d.kept.Revision = d.kept.Lines[:1], 8
		set(form, 0, "price", "1")
		page := d.send(t, path, form)
		require.True(t, page.Invalid)
		require.Regexp(t, `(?s)id="f-lines-error">.*Planned maintenance`, page.html)
		require.Equal(t, "1", page.form.Get("lines[0].price"), "mine stay, to be sent again")
		require.NotEmpty(t, d.send(t, path, page.form).Redirect)
		require.Len(t, d.kept.GetLines(), 2)
	})
}

func TestReferencesInRowsAreTitlesThatLead(t *testing.T) {
	page := newDesk(t).show(t, "/payments/"+paperID)
	require.Equal(t, 2, strings.Count(page.html, "INV-2026-00017"))
	require.Contains(t, page.html, `<a href="/papers/`+paperID+`">`)
	require.Contains(t, page.html, "100.00")
	require.Contains(t, page.Live, "cabinet.finsystem.v1.Document", "a title that changes is shown anew")
}

func TestRowsOfferWhatThereIsToChoose(t *testing.T) {
	screens := paperScreens()
	edit := &screens[3].Sections[0]
	edit.Labels, edit.Rows["lines"] = nil, []string{"description", "item", "tax_mode"}
	edit.Choices = map[string]module.Choice{"lines.item": {Method: finsystemv1.DocumentService_ListDocuments_FullMethodName, Value: "title", Label: "title"}}
	d := deskWith(t, screens)
	page := d.show(t, "/papers/"+paperID+"/edit")
	require.Equal(t, "maintenance", page.form.Get("lines[0].item"), "what was chosen stays, though it is offered no more")
	require.Equal(t, []string{""}, page.form["lines[1].item"])
	require.Equal(t, 3, strings.Count(page.html, `<option value="INV-2026-00017">`), "in each row, and in those to come")
	require.Equal(t, 1, d.lists, "it is asked for once")
	require.Equal(t, []string{""}, page.form["lines[1].tax_mode"], "nothing is chosen until somebody does")
	require.Equal(t, "2100.00", page.form.Get("lines[0].price"), "and the price goes along")
}

func TestRowsThatMayNotBeChangedAreShown(t *testing.T) {
	d := newDesk(t)
	e, sc := d.at("/papers/" + paperID + "/edit")
	page, err := d.set.formPage(t.Context(), e, sc, url.Values{}, []string{"subject"}, d.kept.ProtoReflect(), nil, nil)
	require.NoError(t, err)
	got := drawn(t, page)
	require.Contains(t, got.html, "<caption>Lines, 2 rows</caption>")
	require.NotContains(t, got.html, "lines[")
	require.NotContains(t, got.form, "asked_lines")
}

func TestNoMoreRowsThanTheContractTakes(t *testing.T) {
	d := newDesk(t)
	form := url.Values{"kind": {"DOCUMENT_KIND_INVOICE"}, "currency_code": {"UAH"}, "request_id": {paperID}}
	for i := range 500 {
		set(form, i, "description", "x", "quantity", "1", "price", "1")
	}
	more := clone(form)
	more.Set("add_row", "lines")
	page := d.send(t, "/papers/new", more)
	require.NotContains(t, page.form, "lines[500].price")
	require.Regexp(t, `data-add disabled`, page.html)
	require.NotRegexp(t, `data-full hidden`, page.html)
	require.NotEmpty(t, d.send(t, "/papers/new", form).Redirect)

	for i := range 900 {
		set(form, 1000+i, "description", "x")
	}
	page = d.send(t, "/papers/new", form)
	require.Regexp(t, `(?s)id="f-lines-error">.*At most 500\.`, page.html)
	require.NotContains(t, page.form, "lines[501].price")
}

// Whatever names and values come: they make a request that can be sent, of no more rows than there were, and drawn again
// they say the same.
func FuzzRows(f *testing.F) {
	for _, name := range []string{
		"lines[0].price", "lines[999999999].price", "lines[99999999999999999999].price", "lines[-1].price", "lines[01].price", "lines[].price", "lines[~].price", "lines[0]", "lines", "lines[0].",
		"lines[0].amount", "lines[0].amount.currency_code", "lines[1].tax_mode", "lines[0][1].price", "lines[0]price", "add_row", "remove_row", "asked_lines", "was_lines", "row_focus", "lines[0].item\x00",
	} {
		f.Add(name, "1", "lines[7].description", "lines[0]")
	}
	d := newDesk(f)
	_, sc := d.at("/papers/" + paperID + "/edit")
	r := sc.rows["lines"]
	f.Fuzz(func(t *testing.T, name, value, other, last string) {
		form := url.Values{name: {value}, other: {last, value}, last: {name}, "lines[5].quantity": {"2"}}
		for _, redraw := range []bool{false, true} {
			got := sc.gathered(form, redraw)
			rows, numbers := r.read("lines", got)
			if len(rows) > len(form)+1 || len(numbers) != len(rows) || len(numbers) > 0 && slices.Max(numbers) != len(rows)-1 {
				t.Fatalf("%q became %q", form, got)
			}
			request := &finsystemv1.UpdateDocumentRequest{}
			if err := r.fill(request.ProtoReflect(), r.path, "lines", got); err != nil {
				if bad, ok := err.(*BadValueError); !ok || !strings.HasPrefix(bad.Field, "document.lines[") { //nolint:errorlint // exactly this
					t.Fatal(err)
				}
				continue
			}
			if _, err := proto.Marshal(request); err != nil || len(request.GetDocument().GetLines()) != len(rows) {
				t.Fatalf("%q cannot be sent: %v", got, err)
			}
			again := url.Values{}
			r.write("lines", again, r.typed(request.ProtoReflect(), r.path))
			same := &finsystemv1.UpdateDocumentRequest{}
			if err := r.fill(same.ProtoReflect(), r.path, "lines", again); err != nil || !proto.Equal(request, same) {
				t.Fatalf("%v was written as %q and read as %v (%v)", request, again, same, err)
			}
		}
	})
}
