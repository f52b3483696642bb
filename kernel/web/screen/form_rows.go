package screen

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// drawing is a form on its way to its writer: what stands in it, and what was wrong with that.
type drawing struct {
	sc       *Screen
	values   url.Values
	editable []string
	present  protoreflect.Message
	wrong    map[string]string // by path; shown are those that stand beside an input
	shown    map[string]bool
	notes    map[string]string // by field
	problems []ui.ErrorItem    // for the summary
}

// rowsField is a repeated message of a form: to be filled in row by row, or shown where its reader may not change it.
func (s *Set) rowsField(ctx context.Context, e *Env, d *drawing, section module.Section, name string) (ui.Field, error) {
	path := d.sc.fields[name]
	if d.editable != nil && !slices.Contains(d.editable, name) || d.sc.prefill != nil && e.locks(path.last(), d.sc.call) {
		return s.rowsShown(ctx, e, d.sc, section, name, d.present), nil
	}
	field := ui.Field{Kind: ui.FieldRows, Name: name, Label: e.label(path.last(), "")}
	if hint, ok := e.Text.First(e.labelKey(path.last()) + "_hint"); ok {
		field.Hint = hint
	}
	e.named(&field, section, name, d.present)
	if text, ok := d.wrong[path.String()]; ok {
		field.Error, d.shown[path.String()] = text, true
	} else if field.Error = d.notes[name]; field.Error != "" {
		d.problems = append(d.problems, ui.ErrorItem{Text: field.Label + ": " + field.Error, Field: field.FieldID()})
	}
	var err error
	field.RowSet, err = s.rowSet(ctx, e, d, section, name)
	return field, err
}

// rowSet is an input for each column in each row, and one row to begin with. What is wrong in a row stands beside its input.
func (s *Set) rowSet(ctx context.Context, e *Env, d *drawing, section module.Section, name string) (*ui.RowSet, error) {
	r := d.sc.rows[name]
	inputs, err := s.rowInputs(ctx, e, d, section, name)
	if err != nil {
		return nil, err
	}
	out := &ui.RowSet{
		Max: r.most, Add: e.Text.T("kernel.rows.add"), AddName: addRowField, Full: e.Text.Plural("kernel.rows.full", int64(r.most)),
		Row: e.Text.T("kernel.rows.row", "n", ui.RowNumber), Remove: e.Text.T("kernel.rows.remove", "n", ui.RowNumber), RemoveName: removeRowField,
	}
	for _, key := range locale.FieldKeys(r.path.last().Parent().(protoreflect.MessageDescriptor), string(r.path.last().Name())) {
		if text, ok := e.Text.First(key + "_add"); ok {
			out.Add = text // "Add a line"
			break
		}
	}
	out.Blank = s.rowBox(ctx, e, d.sc, name, inputs, typedRow{}, rowName(name, ui.RowIndex), nil)
	rows, _ := r.read(name, d.values)
	if len(rows) == 0 {
		rows = []typedRow{{}}
	}
	before := r.shownBefore(e, d.present, name)
	for i, row := range rows {
		box := s.rowBox(ctx, e, d.sc, name, inputs, row, rowName(name, strconv.Itoa(i)), before[r.digest([]typedRow{row})])
		d.wrongInRow(e, r, i, inputs, &box)
		box.Fields[0].Autofocus = d.values.Get(rowFocus) == box.Name
		out.Items = append(out.Items, box)
	}
	return out, nil
}

// wrongInRow puts what is wrong in a row beside its inputs, and the rest, which has none, below the row.
func (d *drawing) wrongInRow(e *Env, r *rowsField, i int, inputs []rowInput, box *ui.RowBox) {
	at, row := rowName(r.path.String(), strconv.Itoa(i)), e.Text.T("kernel.rows.row", "n", i+1)
	for j := range box.Fields {
		f, path := &box.Fields[j], at+"."+inputs[j].column.path.String()
		if text, ok := d.wrong[path]; ok && f.Kind != ui.FieldReadOnly {
			f.Error, d.shown[path] = text, true
			d.problems = append(d.problems, ui.ErrorItem{Text: row + ", " + f.Label + ": " + text, Field: f.FieldID()})
		}
	}
	var rest []string
	for path, text := range d.wrong {
		column, ok := strings.CutPrefix(path, at)
		if !ok || d.shown[path] || column != "" && column[0] != '.' {
			continue
		}
		d.shown[path] = true
		if f := r.path.last().Message().Fields().ByName(protoreflect.Name(strings.TrimPrefix(column, "."))); f != nil {
			text = e.label(f, "") + ": " + text
		}
		rest = append(rest, text)
	}
	if len(rest) > 0 {
		slices.Sort(rest)
		box.Error = strings.Join(rest, " ")
		d.problems = append(d.problems, ui.ErrorItem{Text: row + ": " + box.Error, Field: box.FieldID()})
	}
}

// rowInput is a column as a form asks for it, before a row fills it.
type rowInput struct {
	column rowColumn
	field  ui.Field
}

// rowInputs are the inputs of a row. What they offer to choose is asked for once, for all rows.
func (s *Set) rowInputs(ctx context.Context, e *Env, d *drawing, section module.Section, name string) ([]rowInput, error) {
	var out []rowInput
	for _, c := range d.sc.rows[name].forReader(e) {
		f, full := c.path.last(), name+"."+c.path.String()
		if c.shown {
			out = append(out, rowInput{c, ui.Field{Kind: ui.FieldReadOnly, Label: e.label(f, section.Labels[full]), Num: inFigures(f)}})
			continue
		}
		field, err := s.field(ctx, e, full, c.path, nil, d.sc.choices[full] != nil)
		if err != nil {
			return nil, err
		}
		e.named(&field, section, full, nil)
		if offered := d.sc.choices[full]; offered != nil {
			if err := s.offer(ctx, e, d.sc, offered, &field, d.values, d.present); err != nil {
				return nil, err
			}
		}
		intoRow(e, &field, f)
		out = append(out, rowInput{c, field})
	}
	return out, nil
}

// intoRow fits an input into a row: short, without a hint, and with nothing chosen until somebody does.
func intoRow(e *Env, field *ui.Field, f protoreflect.FieldDescriptor) {
	field.Hint, field.Half, field.Num = "", false, inFigures(f)
	switch field.Kind {
	case ui.FieldChoice:
		field.Kind = ui.FieldSelect
	case ui.FieldTextArea:
		field.Rows = 1
	case ui.FieldMoney:
		field.Kind, field.InputMode = ui.FieldText, "decimal"
	}
	if field.Kind != ui.FieldSelect {
		return
	}
	options := slices.Clone(field.Options)
	for i := range options {
		options[i].Selected = false
		if f.Enum() != nil && options[i].Value == string(f.Enum().Values().ByNumber(0).Name()) {
			options[i].Value = ""
		}
	}
	if len(options) == 0 || options[0].Value != "" {
		options = append([]ui.Option{{Label: e.Text.T(map[bool]string{true: "kernel.form.choose", false: "kernel.form.none"}[field.Required])}}, options...)
	}
	field.Options = options
}

// rowBox is one row, filled. before are the values of the columns that are only shown.
func (s *Set) rowBox(ctx context.Context, e *Env, sc *Screen, name string, inputs []rowInput, row typedRow, at string, before map[string]ui.Value) ui.RowBox {
	box := ui.RowBox{Name: at}
	for _, in := range inputs {
		f, column := in.field, in.column.path.String()
		f.Name, f.Value = at+"."+column, row[column]
		if in.column.shown {
			f.Value, f.Content = "", nil
			if v, ok := before[column]; ok {
				f.Content = ui.Show(v)
			}
		} else if f.Kind == ui.FieldSelect && f.Value != "" && !slices.ContainsFunc(f.Options, func(o ui.Option) bool { return o.Value == f.Value }) {
			f.Options = append([]ui.Option{{Value: f.Value, Label: s.chosenBefore(ctx, e, sc, name, in.column.path, f.Value)}}, f.Options...)
		}
		box.Fields = append(box.Fields, f)
	}
	for _, f := range sc.rows[name].carried {
		if v := row[string(f.Name())]; v != "" {
			box.Hidden = append(box.Hidden, ui.Hidden{Name: at + "." + string(f.Name()), Value: v})
		}
	}
	return box
}

// chosenBefore calls what was chosen and is offered no more, or not among the first.
func (s *Set) chosenBefore(ctx context.Context, e *Env, sc *Screen, name string, path fieldPath, value string) string {
	if offered := sc.choices[name+"."+path.String()]; offered != nil && offered.Value == offered.Label {
		return value
	}
	if to := meaning(path.last()).GetRefersTo(); to != "" {
		if title, ok := s.title(ctx, e, to, value); ok {
			return title
		}
	}
	return e.Text.T("kernel.form.chosen_before")
}

// shownBefore are the values of the columns that a form does not ask for, by what else stands in their row: they belong to
// a row as it is kept, and to no other.
func (r *rowsField) shownBefore(e *Env, present protoreflect.Message, name string) map[string]map[string]ui.Value {
	out := map[string]map[string]ui.Value{}
	if present == nil {
		return out
	}
	path, err := findIn(present.Descriptor(), name)
	if err != nil {
		return out
	}
	v, ok := path.get(present)
	if !ok {
		return out
	}
	for i, row := range r.typed(present, path) {
		values := map[string]ui.Value{}
		m := v.List().Get(i).Message()
		for _, c := range r.forReader(e) {
			if held, err := find(m.Descriptor(), c.path.String()); c.shown && err == nil {
				values[c.path.String()] = e.value(m, held)
			}
		}
		out[r.digest([]typedRow{row})] = values
	}
	return out
}

// rowsShown stands where a form may not ask for rows: they are shown as they are.
func (s *Set) rowsShown(ctx context.Context, e *Env, sc *Screen, section module.Section, name string, present protoreflect.Message) ui.Field {
	r := sc.rows[name]
	out := ui.Field{Kind: ui.FieldReadOnly, Name: name, Label: cmp.Or(e.label(r.path.last(), section.Labels[name]), name)}
	if present == nil {
		return out
	}
	if path, err := findIn(present.Descriptor(), name); err == nil {
		if table := s.rowsTable(ctx, e, r, path, present, name, section, "f-"+name+"-rows"); table != nil {
			out.Content = ui.List(*table)
		}
	}
	return out
}

// rowsInWords are rows as a sentence has them: what each is.
func (e *Env) rowsInWords(r *rowsField, m protoreflect.Message, path fieldPath) string {
	v, ok := path.get(m)
	if !ok {
		return ""
	}
	var texts []string
	for i := range v.List().Len() {
		item := v.List().Get(i).Message()
		if first, err := find(item.Descriptor(), r.columns[0].path.String()); err == nil {
			texts = append(texts, cmp.Or(e.value(item, first).Text, e.Text.T("kernel.rows.row", "n", i+1)))
		}
	}
	return e.Text.List(texts...)
}
