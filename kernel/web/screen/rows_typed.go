package screen

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A form sends its rows as lines[0].price, in the order of their numbers, which may have gaps. What came is counted anew
// from nought, so that what a contract says of lines[2] is said of the third row that its writer sees. The field's own
// name then stands for all of them, with a digest: whether they were changed can be told like that of any other field.

// The buttons of rows, and which row the cursor goes to.
const (
	addRowField    = "add_row"    // the field's name
	removeRowField = "remove_row" // the row's name: "lines[2]"
	rowFocus       = "row_focus"
)

// typedRow is what was typed into a row, by column.
type typedRow map[string]string

func rowName(field, index string) string { return field + "[" + index + "]" }

// takes are the row's fields that a form sends.
func (r *rowsField) takes() []protoreflect.FieldDescriptor {
	var out []protoreflect.FieldDescriptor
	for _, c := range r.columns {
		if !c.shown {
			out = append(out, c.path.last())
		}
	}
	return append(out, r.carried...)
}

// rowIndex is the number of a row in an input's name: 2 of "lines[2].price" and of "lines[2]".
func rowIndex(field, input string) (index int, column string, ok bool) {
	rest, ok := strings.CutPrefix(input, field+"[")
	if !ok {
		return 0, "", false
	}
	number, column, ok := strings.Cut(rest, "]")
	if !ok || len(number) > 9 {
		return 0, "", false
	}
	index, err := strconv.Atoi(number)
	if err != nil || strconv.Itoa(index) != number || index < 0 {
		return 0, "", false
	}
	return index, strings.TrimPrefix(column, "."), column == "" || column[0] == '.'
}

// read gives the rows of a form in order, one more than the contract takes at most: it then says so itself. The numbers
// that they had come with them.
func (r *rowsField) read(field string, form url.Values) (rows []typedRow, numbers []int) {
	taken := map[string]bool{}
	for _, f := range r.takes() {
		taken[string(f.Name())] = true
	}
	for name := range form {
		if index, column, ok := rowIndex(field, name); ok && taken[column] {
			numbers = append(numbers, index)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	numbers = numbers[:min(len(numbers), r.most+1)]
	for _, n := range numbers {
		row := typedRow{}
		for column := range taken {
			if given := form[rowName(field, strconv.Itoa(n))+"."+column]; len(given) > 0 {
				row[column] = given[len(given)-1]
			}
		}
		rows = append(rows, row)
	}
	return rows, numbers
}

// write puts rows into a form in the place of those it has.
func (r *rowsField) write(field string, form url.Values, rows []typedRow) {
	for name := range form {
		if strings.HasPrefix(name, field+"[") {
			form.Del(name)
		}
	}
	for i, row := range rows {
		for _, f := range r.takes() {
			form.Set(rowName(field, strconv.Itoa(i))+"."+string(f.Name()), row[string(f.Name())])
		}
	}
	form.Set(field, r.digest(rows))
}

// said is what a row says of a field, alike however a browser sends it.
func (row typedRow) said(f protoreflect.FieldDescriptor) string {
	text := strings.TrimSpace(lineEnds.Replace(row[string(f.Name())]))
	if f.Kind() == protoreflect.BoolKind && text == "false" || f.Enum() != nil && text == string(f.Enum().Values().ByNumber(0).Name()) {
		return ""
	}
	return text
}

// blank tells whether nothing was typed into a row.
func (r *rowsField) blank(row typedRow) bool {
	return !slices.ContainsFunc(r.columns, func(c rowColumn) bool { return !c.shown && row.said(c.path.last()) != "" })
}

// digest stands for rows: equal for equal ones.
func (r *rowsField) digest(rows []typedRow) string {
	sum := sha256.New()
	for _, row := range rows {
		for _, f := range r.takes() {
			_, _ = fmt.Fprintf(sum, "%q,", row.said(f))
		}
		_, _ = fmt.Fprintln(sum)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// typed writes the rows of a thing as its reader would type them.
func (r *rowsField) typed(m protoreflect.Message, path fieldPath) []typedRow {
	v, ok := path.get(m)
	if !ok || !path.last().IsList() || path.last().Message() == nil {
		return nil
	}
	rows := make([]typedRow, v.List().Len())
	for i := range rows {
		item := v.List().Get(i).Message()
		rows[i] = typedRow{}
		for _, f := range r.takes() {
			if held := item.Descriptor().Fields().ByName(f.Name()); held != nil {
				rows[i][string(f.Name())] = strings.Join(typed(item, fieldPath{held}), ", ")
			}
		}
	}
	return rows
}

// fill puts the rows of a form into a request.
func (r *rowsField) fill(request protoreflect.Message, path fieldPath, field string, form url.Values) error {
	parent := request
	for _, step := range path[:len(path)-1] {
		parent = parent.Mutable(step).Message()
	}
	parent.Clear(path.last())
	list := parent.Mutable(path.last()).List()
	rows, _ := r.read(field, form)
	for i, row := range rows {
		item := list.NewElement()
		for _, money := range []bool{false, true} { // a currency comes before what is in it
			for _, f := range r.takes() {
				into := item.Message().Descriptor().Fields().ByName(f.Name())
				if into == nil || isMoney(into) != money {
					continue
				}
				if money {
					fillMoney(item.Message(), fieldPath{into}, row[string(f.Name())])
				} else if err := fill(item.Message(), fieldPath{into}, []string{row[string(f.Name())]}); err != nil {
					var bad *BadValueError
					if errors.As(err, &bad) {
						bad.Field = rowName(path.String(), strconv.Itoa(i)) + "." + bad.Field
					}
					return err
				}
			}
		}
		list.Append(item)
	}
	return nil
}

// gathered is a form with its rows counted anew: without those into which nothing was typed, or, when it is only drawn
// again, with one more or one less where its writer asked for that.
func (s *Screen) gathered(form url.Values, redraw bool) url.Values {
	if len(s.rows) == 0 {
		return form
	}
	form = clone(form)
	form.Del(rowFocus)
	for field, r := range s.rows {
		rows, numbers := r.read(field, form)
		if rows == nil && !form.Has(askedPrefix+field) {
			form.Del(field)
			continue
		}
		switch {
		case !redraw:
			rows = slices.DeleteFunc(rows, r.blank)
		case form.Get(addRowField) == field && len(rows) < r.most:
			rows = append(rows, typedRow{})
			form.Set(rowFocus, rowName(field, strconv.Itoa(len(rows)-1)))
		default:
			n, column, ok := rowIndex(field, form.Get(removeRowField))
			if at := slices.Index(numbers, n); ok && column == "" && at >= 0 {
				rows = slices.Delete(rows, at, at+1)
				form.Set(rowFocus, rowName(field, strconv.Itoa(max(0, min(at, len(rows)-1)))))
			}
		}
		r.write(field, form, rows)
	}
	return form
}

// rowButton tells whether a form came back for a row more or less.
func (s *Screen) rowButton(form url.Values) bool {
	for field := range s.rows {
		if _, column, ok := rowIndex(field, form.Get(removeRowField)); form.Get(addRowField) == field || ok && column == "" {
			return true
		}
	}
	return false
}

// keepRows puts the rows of present into a form that has not changed them.
func (s *Screen) keepRows(form, present url.Values) {
	for field, r := range s.rows {
		if form.Has(field) && form.Get(field) == present.Get(field) {
			rows, _ := r.read(field, present)
			r.write(field, form, rows)
		}
	}
}
