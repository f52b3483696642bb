package screen

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// An import goes through three steps, each an address of its own, so that a reader can go back and reload:
//
//	/clients/import                    choose a file
//	/clients/import?id=…               say which column is what
//	/clients/import?id=…&step=check    see what would be done, and do it; then what was done

// imported is what the wizard reads of an import's message, whichever module keeps it.
type imported struct {
	id, fileName string
	rows         int64
	done         bool
	// running is an import that goes on as a job, past so many rows; problem is the key of why one ended with nothing.
	running  bool
	rowsDone int64
	problem  string
	columns  []*kernelv1.ImportColumn
	fields   []*kernelv1.ImportField
	mapping  map[int32]string
	report   *kernelv1.ImportReport
}

func readImport(m protoreflect.Message) imported {
	out := imported{mapping: map[int32]string{}}
	each := func(name string, take func(protoreflect.Value)) {
		f := m.Descriptor().Fields().ByName(protoreflect.Name(name))
		if f == nil || (!f.IsList() && f.Message() != nil && !m.Has(f)) {
			return
		}
		take(m.Get(f))
	}
	each("id", func(v protoreflect.Value) { out.id = v.String() })
	each("file_name", func(v protoreflect.Value) { out.fileName = v.String() })
	each("rows", func(v protoreflect.Value) { out.rows = v.Int() })
	each("done", func(v protoreflect.Value) { out.done = v.Bool() })
	each("running", func(v protoreflect.Value) { out.running = v.Bool() })
	each("rows_done", func(v protoreflect.Value) { out.rowsDone = v.Int() })
	each("problem_key", func(v protoreflect.Value) { out.problem = v.String() })
	each("columns", func(v protoreflect.Value) {
		for i := range v.List().Len() {
			c := &kernelv1.ImportColumn{}
			convert(v.List().Get(i).Message(), c)
			out.columns = append(out.columns, c)
		}
	})
	each("fields", func(v protoreflect.Value) {
		for i := range v.List().Len() {
			f := &kernelv1.ImportField{}
			convert(v.List().Get(i).Message(), f)
			out.fields = append(out.fields, f)
		}
	})
	each("mapping", func(v protoreflect.Value) {
		for i := range v.List().Len() {
			one := &kernelv1.ImportMapping{}
			convert(v.List().Get(i).Message(), one)
			out.mapping[one.GetColumn()] = one.GetField()
		}
	})
	each("report", func(v protoreflect.Value) {
		out.report = &kernelv1.ImportReport{}
		convert(v.Message(), out.report)
	})
	return out
}

// convert copies a message into the type this program links, by way of its bytes when it is another copy.
func convert(from protoreflect.Message, to proto.Message) {
	if from.Descriptor() == to.ProtoReflect().Descriptor() {
		proto.Merge(to, from.Interface())
		return
	}
	if b, err := proto.Marshal(from.Interface()); err == nil {
		_ = proto.Unmarshal(b, to)
	}
}

// importStep shows the step that the address names.
func (s *Set) importStep(ctx context.Context, e *Env, sc *Screen) (*Page, error) {
	id := e.Query.Get("id")
	if id == "" {
		return s.importUpload(e, sc, nil), nil
	}
	request := newMessage(sc.imports["get"].input)
	setKnown(request, "id", protoreflect.ValueOfString(id))
	response, err := sc.imports["get"].do(ctx, e, request)
	if err != nil {
		return nil, err
	}
	in := readImport(about(response))
	if in.running {
		return s.importProgress(e, sc, in), nil
	}
	if in.report != nil && (e.Query.Get("step") == "check" || in.done) {
		return s.importReport(ctx, e, sc, in)
	}
	return s.importColumns(e, sc, in, nil), nil
}

// importPost takes a file, a mapping, or the word to go.
func (s *Set) importPost(ctx context.Context, e *Env, sc *Screen, form url.Values, file *File) (*Page, error) {
	switch form.Get("step") {
	case "columns":
		return s.importCheck(ctx, e, sc, form)
	case "run":
		run := sc.imports["run"]
		if start := sc.imports["start"]; start != nil {
			run = start
		}
		request := newMessage(run.input)
		setKnown(request, "id", protoreflect.ValueOfString(form.Get("id")))
		if _, err := run.do(ctx, e, request); err != nil {
			return nil, err
		}
		return &Page{Redirect: e.Path + "?id=" + url.QueryEscape(form.Get("id")) + "&step=check"}, nil
	}
	if file == nil || len(file.Content) == 0 {
		return s.importUpload(e, sc, []string{e.Text.T("kernel.import.no_file")}), nil
	}
	request := newMessage(sc.imports["create"].input)
	setKnown(request, requestIDField, protoreflect.ValueOfString(form.Get(requestIDField)))
	setKnown(request, "file_name", protoreflect.ValueOfString(file.Name))
	setKnown(request, "content", protoreflect.ValueOfBytes(file.Content))
	response, err := sc.imports["create"].do(ctx, e, request)
	if err != nil {
		if returnsToForm(err) {
			return s.importUpload(e, sc, e.said(sc.imports["create"], err)), nil
		}
		return nil, err
	}
	return &Page{Redirect: e.Path + "?id=" + url.QueryEscape(readImport(about(response)).id)}, nil
}

func (s *Set) importCheck(ctx context.Context, e *Env, sc *Screen, form url.Values) (*Page, error) {
	check := sc.imports["check"]
	request := newMessage(check.input)
	setKnown(request, "id", protoreflect.ValueOfString(form.Get("id")))
	mapping := request.Descriptor().Fields().ByName("mapping")
	for i := range 1000 {
		chosen := form.Get("column" + strconv.Itoa(i))
		if chosen == "" || mapping == nil {
			continue
		}
		list := request.Mutable(mapping).List()
		one := list.NewElement().Message()
		setKnown(one, "column", protoreflect.ValueOfInt32(int32(i)))
		setKnown(one, "field", protoreflect.ValueOfString(chosen))
		list.Append(protoreflect.ValueOfMessage(one))
	}
	_, err := check.do(ctx, e, request)
	if err == nil {
		return &Page{Redirect: e.Path + "?id=" + url.QueryEscape(form.Get("id")) + "&step=check"}, nil
	}
	if !returnsToForm(err) {
		return nil, err
	}
	get := newMessage(sc.imports["get"].input)
	setKnown(get, "id", protoreflect.ValueOfString(form.Get("id")))
	response, getErr := sc.imports["get"].do(ctx, e, get)
	if getErr != nil {
		return nil, getErr
	}
	in := readImport(about(response))
	in.mapping = map[int32]string{}
	for i := range in.columns {
		in.mapping[int32(i)] = form.Get("column" + strconv.Itoa(i))
	}
	return s.importColumns(e, sc, in, e.said(check, err)), nil
}

// said is what an error says, in lines.
func (e *Env) said(c *call, err error) []string {
	var lines []string
	wrong := e.violations(c.input, err)
	for _, field := range slices.Sorted(maps.Keys(wrong)) {
		lines = append(lines, wrong[field])
	}
	if len(lines) == 0 {
		lines = append(lines, statusText(err))
	}
	return lines
}

func (s *Set) importSteps(e *Env, now int) []ui.Step {
	keys := []string{"kernel.import.step_file", "kernel.import.step_columns", "kernel.import.step_check", "kernel.import.step_done"}
	steps := make([]ui.Step, len(keys))
	for i, key := range keys {
		steps[i] = ui.Step{Label: e.Text.T(key)}
		switch {
		case i < now:
			steps[i].State = ui.StepDone
		case i == now:
			steps[i].State = ui.StepNow
		}
	}
	return steps
}

func (s *Set) importPage(e *Env, sc *Screen, step int, form *ui.Form, wrong []string) *Page {
	head := s.head(e, sc, e.Text.T(sc.Title), nil)
	if len(wrong) > 0 && form != nil {
		form.Errors = &ui.ErrorSummary{Title: e.Text.T("kernel.import.refused")}
		for _, text := range wrong {
			form.Errors.Items = append(form.Errors.Items, ui.ErrorItem{Text: text})
		}
	}
	body := ui.Join(ui.PageHead(head), ui.Steps(e.Text.T("kernel.import.steps"), s.importSteps(e, step)))
	if form != nil {
		body = ui.Join(body, ui.FormBox(*form))
	}
	return &Page{Title: head.Title, Width: "slim", Body: body, Invalid: len(wrong) > 0}
}

func (s *Set) importUpload(e *Env, sc *Screen, wrong []string) *Page {
	form := &ui.Form{
		Action: e.href(e.Path), CSRF: e.CSRF, Multipart: true,
		Hidden: []ui.Hidden{{Name: "step", Value: "file"}, {Name: requestIDField, Value: e.NewID()}},
		Sections: []ui.FormSection{{Fields: []ui.Field{{
			Kind: ui.FieldFile, Name: "file", Label: e.Text.T("kernel.import.file"), Hint: e.Text.T("kernel.import.file_hint"),
			Accept: ".xlsx,.csv,text/csv,text/plain,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", DropText: e.Text.T("kernel.import.drop"), Required: true,
		}}}},
		Submit: ui.Button{Label: e.Text.T("kernel.import.upload"), Busy: e.Text.T("kernel.form.busy")},
	}
	return s.importPage(e, sc, 0, form, wrong)
}

func (s *Set) importColumns(e *Env, sc *Screen, in imported, wrong []string) *Page {
	section := ui.FormSection{ID: "columns", Title: e.Text.T("kernel.import.columns"), Lead: e.Text.Plural("kernel.import.found", in.rows, "n", e.Text.Number(in.rows), "file", in.fileName)}
	for i, c := range in.columns {
		value, chosen := in.mapping[int32(i)]
		if !chosen && len(in.mapping) == 0 {
			value = c.GetSuggestedField()
		}
		field := ui.Field{Kind: ui.FieldSelect, Name: "column" + strconv.Itoa(i), Label: c.GetHeader(), Value: value, Hint: strings.Join(c.GetSamples(), " · ")}
		field.Options = []ui.Option{{Label: e.Text.T("kernel.import.leave_out")}}
		for _, f := range in.fields {
			label := cmp.Or(e.title(f.GetTitles()), e.Text.T(sc.Import.FieldLabels+f.GetName()))
			if f.GetRequired() {
				label += " *"
			}
			field.Options = append(field.Options, ui.Option{Value: f.GetName(), Label: label})
		}
		section.Fields = append(section.Fields, field)
	}
	form := &ui.Form{
		Action: e.href(e.Path) + "?id=" + url.QueryEscape(in.id), CSRF: e.CSRF,
		Hidden:   []ui.Hidden{{Name: "step", Value: "columns"}, {Name: "id", Value: in.id}},
		Sections: []ui.FormSection{section},
		Submit:   ui.Button{Label: e.Text.T("kernel.import.check"), Busy: e.Text.T("kernel.form.busy")},
		Others:   []ui.Button{e.otherFile()},
	}
	return s.importPage(e, sc, 1, form, wrong)
}

// importReport shows what a check found, with the button that does it; or what was done.
func (s *Set) importReport(ctx context.Context, e *Env, sc *Screen, in imported) (*Page, error) {
	step := 2
	columns := ui.Button{Label: e.Text.T("kernel.import.back_to_columns"), Href: e.href(e.Path) + "?id=" + url.QueryEscape(in.id)}
	var next templ.Component
	switch n := int64(in.report.GetCreated() + in.report.GetUpdated()); {
	case in.done:
		step = 3
		next = ui.Buttons(s.afterImport(e, sc))
	case n == 0: // nothing to run: choose other columns or another file
		next = ui.Buttons([]ui.Button{columns, e.otherFile()})
	default:
		columns.Kind = ui.ButtonQuiet
		next = ui.FormBox(ui.Form{
			Action: e.href(e.Path), CSRF: e.CSRF,
			Hidden: []ui.Hidden{{Name: "step", Value: "run"}, {Name: "id", Value: in.id}},
			Submit: ui.Button{Label: e.Text.Plural("kernel.import.run", n, "n", e.Text.Number(n)), Busy: e.Text.T("kernel.form.busy")},
			Others: []ui.Button{columns},
		})
	}
	page := s.importPage(e, sc, step, nil, nil)
	figures := []ui.Figure{
		{Label: e.Text.T("kernel.import.created"), Value: ui.T(e.Text.Number(int64(in.report.GetCreated())))},
		{Label: e.Text.T("kernel.import.updated"), Value: ui.T(e.Text.Number(int64(in.report.GetUpdated())))},
		{Label: e.Text.T("kernel.import.unchanged"), Value: ui.T(e.Text.Number(int64(in.report.GetUnchanged())))},
		{Label: e.Text.T("kernel.import.failed"), Value: ui.T(e.Text.Number(int64(in.report.GetFailed())))},
	}
	rows, err := s.importRows(ctx, e, sc, in)
	if err != nil {
		return nil, err
	}
	page.Width = ""
	if in.problem != "" {
		page.Body = ui.Join(page.Body, ui.NoticeBox(ui.Notice{Tone: ui.ToneBad, Title: e.Text.T("kernel.import.gone"), Text: e.Text.T(in.problem)}))
	}
	page.Body = ui.Join(page.Body, ui.Figures(figures), ui.Section(ui.SectionBox{ID: "rows-of-the-file", Title: e.Text.T("kernel.import.rows"), Content: ui.Join(next, ui.List(*rows))}))
	return page, nil
}

// afterImport leads on from an import that was run: to the list it filled, or to another file.
func (s *Set) afterImport(e *Env, sc *Screen) []ui.Button {
	var out []ui.Button
	if parent := s.screens[sc.Parent]; parent != nil {
		out = append(out, ui.Button{Label: e.Text.T(parent.Title), Icon: parent.Icon, Href: e.href(parent.Path), Kind: ui.ButtonPrimary})
	}
	return append(out, e.otherFile())
}

// otherFile leads back to the beginning of an import.
func (e *Env) otherFile() ui.Button {
	return ui.Button{Label: e.Text.T("kernel.import.other_file"), Href: e.href(e.Path), Kind: ui.ButtonQuiet}
}

func (s *Set) importRows(ctx context.Context, e *Env, sc *Screen, in imported) (*ui.Table, error) {
	c := sc.imports["rows"]
	request := newMessage(c.input)
	setKnown(request, "import_id", protoreflect.ValueOfString(in.id))
	setKnown(request, "page_size", protoreflect.ValueOfInt32(pageSize))
	trail := e.Query[tokens]
	if len(trail) > 0 {
		setKnown(request, "page_token", protoreflect.ValueOfString(trail[len(trail)-1]))
	}
	response, err := c.do(ctx, e, request)
	if err != nil {
		return nil, err
	}
	table := &ui.Table{ID: "rows", Caption: e.Text.T("kernel.import.rows"), Columns: []ui.Column{
		{Label: e.Text.T("kernel.import.line"), Num: true, Fit: true, Role: ui.RoleEnd}, {Label: e.Text.T("kernel.import.row"), Role: ui.RolePrimary},
		{Label: e.Text.T("kernel.import.outcome"), Fit: true, Role: ui.RoleEnd},
	}}
	faults := in.report.GetFailed() > 0
	if faults {
		table.Columns = append(table.Columns, ui.Column{Label: e.Text.T("kernel.import.message"), Role: ui.RoleAll})
	}
	item := items(response.Descriptor())
	list := response.Get(item).List()
	for i := range list.Len() {
		row := &kernelv1.RowResult{}
		convert(list.Get(i).Message(), row)
		message := row.GetMessage()
		if said, ok := e.Text.First(row.GetMessageKey()); ok {
			message = said
		}
		if row.GetColumn() != "" && message != "" {
			message = row.GetColumn() + ": " + message
		}
		badge := ui.Badge{Text: e.Text.T("kernel.import.outcome_" + row.GetOutcome().String()), Tone: ui.ToneGood, Icon: "done", Plain: true}
		if row.GetOutcome() == kernelv1.RowOutcome_ROW_OUTCOME_FAILED {
			badge.Tone, badge.Icon, badge.Plain = ui.ToneBad, "alert", false
		}
		cells := []ui.Value{ui.T(strconv.Itoa(int(row.GetLine()))), ui.T(row.GetTitle()), {Badges: []ui.Badge{badge}}}
		if faults {
			cells = append(cells, ui.T(message))
		}
		table.Rows = append(table.Rows, ui.Row{Cells: cells})
	}
	table.Pager = pager(e, response, e.Query, "", trail)
	if len(table.Rows) == 0 {
		table.Empty = &ui.Empty{Icon: "inbox", Title: e.Text.T("kernel.list.empty")}
	}
	return table, nil
}
