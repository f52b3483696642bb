package screen

import (
	"context"
	"regexp"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// hasWords tells whether a field's value can be put into words.
func hasWords(f protoreflect.FieldDescriptor) bool {
	if f.IsMap() || f.Kind() == protoreflect.BytesKind || meaning(f).GetSecret() {
		return false
	}
	if f.Message() == nil {
		return true
	}
	switch f.Message().FullName() {
	case "google.protobuf.Timestamp", "cabinet.kernel.v1.Money", "cabinet.kernel.v1.Happened":
		return true
	}
	return resource(f.Message()).GetTitleField() != ""
}

// simpleInRow tells whether a row's field is one value that a form can write down.
func simpleInRow(f protoreflect.FieldDescriptor) bool {
	if f.IsList() || f.IsMap() || meaning(f).GetSecret() {
		return false
	}
	switch f.Kind() {
	case protoreflect.StringKind, protoreflect.BoolKind, protoreflect.EnumKind,
		protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return true
	}
	return false
}

// asksInRow tells whether a form can ask for a row's field.
func asksInRow(f protoreflect.FieldDescriptor) bool {
	return simpleInRow(f) || isMoney(f) && currencyBeside(fieldPath{f}) != nil
}

// carriesAlong tells whether a field tells a row from others, which is nothing to read or to type.
func carriesAlong(f protoreflect.FieldDescriptor) bool {
	kind := meaning(f).GetKind()
	return kind == kernelv1.Kind_KIND_ID || kind == kernelv1.Kind_KIND_REVISION
}

// decimals remembers which patterns are those of decimal numbers.
var decimals sync.Map

// isDecimal tells whether a text is a decimal number, by the pattern that its contract gives for it.
func isDecimal(f protoreflect.FieldDescriptor) bool {
	pattern := constraints(f).GetString().GetPattern()
	if f.Kind() != protoreflect.StringKind || pattern == "" {
		return false
	}
	if known, ok := decimals.Load(pattern); ok {
		return known.(bool)
	}
	is := false
	if re, err := regexp.Compile(pattern); err == nil {
		is = re.MatchString("1") && re.MatchString("1.5") && !re.MatchString("1,5") && !re.MatchString("1.5.5") && !re.MatchString("1x")
	}
	decimals.Store(pattern, is)
	return is
}

// inFigures tells whether a row's field is read as a number.
func inFigures(f protoreflect.FieldDescriptor) bool {
	return numeric(f) || isDecimal(f) || meaning(f).GetKind() == kernelv1.Kind_KIND_PERCENT
}

// forReader are the columns that the reader may see.
func (r *rowsField) forReader(e *Env) []rowColumn {
	var out []rowColumn
	for _, c := range r.columns {
		if !meaning(c.path.last()).GetStaffOnly() || e.sees(module.ForStaff) {
			out = append(out, c)
		}
	}
	return out
}

// rowsTable lays the messages of a repeated field out as a table. Columns that the screen does not name and that hold
// nothing in any row are left out. nil when there are no rows.
func (s *Set) rowsTable(ctx context.Context, e *Env, r *rowsField, path fieldPath, m protoreflect.Message, field string, section module.Section, id string) *ui.Table {
	v, ok := path.get(m)
	if !ok || v.List().Len() == 0 {
		return nil
	}
	list := v.List()
	var asked []column
	for _, c := range r.forReader(e) {
		asked = append(asked, column{path: c.path})
	}
	titles := s.titles(ctx, e, asked, list)
	rows := make([][]ui.Value, list.Len())
	var shown []protoreflect.FieldDescriptor
	title := e.label(path.last(), section.Labels[field])
	if section.Title != "" && len(section.Fields) == 1 {
		title = e.Text.T(section.Title)
	}
	table := &ui.Table{ID: id, Caption: e.Text.Plural("kernel.rows.caption", int64(list.Len()), "title", title), Wide: true}
	for _, c := range asked {
		cells := make([]ui.Value, list.Len())
		something := r.named
		for i := range cells {
			cells[i] = s.rowCell(e, c, list.Get(i).Message(), titles)
			something = something || !cells[i].Empty()
		}
		if !something {
			continue
		}
		f := c.path.last()
		shown = append(shown, f)
		table.Columns = append(table.Columns, ui.Column{
			Label: e.label(f, section.Labels[field+"."+c.path.String()]), Num: inFigures(f), Role: ui.RoleUnder, Labelled: true,
		})
		for i := range cells {
			rows[i] = append(rows[i], cells[i])
		}
	}
	if len(shown) == 0 {
		return nil
	}
	table.Columns[0].Role, table.Columns[0].Labelled = ui.RolePrimary, false
	for i := len(shown) - 1; i > 0; i-- { // what a row comes to stands at the right of its card
		if isMoney(shown[i]) {
			table.Columns[i].Role, table.Columns[i].Labelled = ui.RoleEnd, false
			break
		}
	}
	for _, cells := range rows {
		table.Rows = append(table.Rows, ui.Row{Cells: cells})
	}
	return table
}

func (s *Set) rowCell(e *Env, c column, m protoreflect.Message, titles map[string]ui.Value) ui.Value {
	v := s.cell(e, c, m, titles)
	if isDecimal(c.path.last()) && v.Text != "" && meaning(c.path.last()).GetKind() == kernelv1.Kind_KIND_UNSPECIFIED {
		v.Text = e.Text.Decimal(v.Text)
	}
	return v
}
