package screen

import (
	"context"
	"net/url"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// Two things side by side: of each field one value stays. What was typed nowhere is chosen, so the page works without script, and
// comes back as it was sent when somebody changed either thing meanwhile.

const (
	// fromFields is the request's field for the names of those that are taken from the right thing.
	fromFields = "from_fields"
	// takePrefix and a field's name say which of both stays: takeLeft or takeRight.
	takePrefix          = "take_"
	takeLeft, takeRight = "left", "right"
	// confirmField is the box that says that the reader knows what they do.
	confirmField = "confirm"
)

// comparisonOf is the field of a response that holds the comparison; nil when it has none.
func comparisonOf(m protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for i := range m.Fields().Len() {
		if f := m.Fields().Get(i); f.Message() != nil && !f.IsList() && f.Message().FullName() == "cabinet.kernel.v1.Comparison" {
			return f
		}
	}
	return nil
}

// compared asks for both things as they are now.
func (s *Set) compared(ctx context.Context, e *Env, sc *Screen) (protoreflect.Message, *kernelv1.Comparison, error) {
	request := newMessage(sc.prefill.input)
	for _, name := range vars(sc.Path) {
		if path, err := findIn(request.Descriptor(), name); err == nil {
			if err := fill(request, path, []string{e.Vars[name]}); err != nil {
				return nil, nil, badRequest(err)
			}
		}
	}
	response, err := sc.prefill.do(ctx, e, request)
	if err != nil {
		return nil, nil, err
	}
	c := &kernelv1.Comparison{}
	convert(response.Get(comparisonOf(sc.prefill.output)).Message(), c)
	return response, c, nil
}

// compare shows the page: anew, or with what was sent and what was wrong with it.
func (s *Set) compare(ctx context.Context, e *Env, sc *Screen, sent url.Values, wrong []ui.ErrorItem) (*Page, error) {
	response, c, err := s.compared(ctx, e, sc)
	if err != nil {
		if code := status.Code(err); code == codes.FailedPrecondition || code == codes.InvalidArgument {
			head := s.head(e, sc, e.Text.T(sc.Title), nil)
			said := ui.NoticeBox(ui.Notice{Tone: ui.ToneWarn, Title: firstOf(e.said(sc.prefill, err))})
			return &Page{Title: head.Title, Width: "slim", Body: ui.Join(ui.PageHead(head), said), Invalid: true}, nil
		}
		return nil, err
	}
	title := e.Text.T(sc.Title)
	form := ui.Form{ID: "form", Action: e.href(e.Path), CSRF: e.CSRF, Guard: true}
	if len(wrong) > 0 {
		form.Errors = &ui.ErrorSummary{Title: e.Text.T("kernel.form.invalid"), Items: wrong}
	}
	for _, o := range c.GetObstacles() {
		form.Notices = append(form.Notices, ui.Notice{Tone: ui.ToneBad, Title: e.Text.T("kernel.compare.obstacle"), Text: e.Text.T(o.GetText(), "what", o.GetWhat())})
	}
	for i := range sc.call.input.Fields().Len() {
		f := sc.call.input.Fields().Get(i)
		if f.Name() == requestIDField {
			id := sent.Get(requestIDField)
			if id == "" {
				id = e.NewID()
			}
			form.Hidden = append(form.Hidden, ui.Hidden{Name: requestIDField, Value: id})
		}
		if same := response.Descriptor().Fields().ByName(f.Name()); same != nil && !same.IsList() && same.Message() == nil {
			form.Hidden = append(form.Hidden, ui.Hidden{Name: string(f.Name()), Value: plain(same, response.Get(same))})
		}
	}
	box := ui.Compare{Left: c.GetLeft(), Right: c.GetRight(), LeftNote: e.Text.T("kernel.compare.stays"), RightNote: e.Text.T("kernel.compare.goes")}
	for _, f := range c.GetFields() {
		if row, ok := e.comparedRow(f, sent); ok {
			box.Rows = append(box.Rows, row)
		}
	}
	form.Sections = append(form.Sections, ui.FormSection{
		ID: "fields", Title: e.Text.T("kernel.compare.fields"), Lead: e.Text.T("kernel.compare.fields_lead"), Content: ui.CompareBox(box),
	})
	counts := ui.FormSection{ID: "counts", Title: e.Text.T("kernel.compare.moves"), Content: ui.List(*e.countsTable(c))}
	if lead, ok := e.Text.First(sc.Title + "_moves"); ok {
		counts.Lead = lead
	}
	form.Sections = append(form.Sections, counts)
	if len(c.GetObstacles()) == 0 {
		form.Sections = append(form.Sections, ui.FormSection{ID: "sure", Fields: []ui.Field{{
			Name: confirmField, Kind: ui.FieldCheckbox, Label: e.Text.T("kernel.compare.confirm", "left", c.GetLeft(), "right", c.GetRight()),
		}}})
		form.Submit = ui.Button{Label: e.Text.T(sc.Submit), Kind: ui.ButtonDanger, Busy: e.Text.T("kernel.form.busy")}
		if parent := s.screens[sc.Parent]; parent != nil {
			if to, ok := expand(parent.Path, e.from(response)); ok {
				form.Others = []ui.Button{{Label: e.Text.T("kernel.cancel"), Href: e.href(to), Kind: ui.ButtonQuiet}}
			}
		}
	}
	head := s.head(e, sc, title, response)
	return &Page{Title: title, Body: ui.Join(ui.PageHead(head), ui.FormBox(form)), Invalid: len(wrong) > 0}, nil
}

// comparedRow is a field of both; ok is false for one that neither has.
func (e *Env) comparedRow(f *kernelv1.ComparedField, sent url.Values) (ui.CompareRow, bool) {
	if f.GetLeft() == "" && f.GetRight() == "" {
		return ui.CompareRow{}, false
	}
	row := ui.CompareRow{Name: takePrefix + f.GetField(), Left: e.text(f.GetKind(), f.GetLeft()), Right: e.text(f.GetKind(), f.GetRight())}
	if row.Label = e.title(f.GetTitles()); len(f.GetTitles()) == 0 {
		row.Label = e.Text.T(f.GetLabel())
	}
	// What is read here is chosen, not followed.
	row.Left.Href, row.Right.Href = "", ""
	switch {
	case f.GetUnited():
		row.Note = e.Text.T("kernel.compare.united")
	case f.GetLeft() == f.GetRight():
		row.Note = e.Text.T("kernel.compare.same")
	default:
		row.Choose, row.RightChosen = true, f.GetRightProposed()
		if take := sent.Get(row.Name); take != "" {
			row.RightChosen = take == takeRight
		}
	}
	return row, true
}

func (e *Env) countsTable(c *kernelv1.Comparison) *ui.Table {
	t := &ui.Table{ID: "counts-table", Caption: e.Text.T("kernel.compare.moves"), Static: true, Columns: []ui.Column{
		{Label: e.Text.T("kernel.compare.what"), Role: ui.RolePrimary}, {Label: c.GetLeft(), Num: true}, {Label: c.GetRight(), Num: true},
	}}
	for _, n := range c.GetCounts() {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Value{ui.T(e.Text.T(n.GetLabel())), ui.T(e.Text.Number(n.GetLeft())), ui.T(e.Text.Number(n.GetRight()))}})
	}
	return t
}

// decide takes what was chosen.
func (s *Set) decide(ctx context.Context, e *Env, sc *Screen, form url.Values) (*Page, error) {
	if form.Get(confirmField) == "" {
		return s.compare(ctx, e, sc, form, []ui.ErrorItem{{Text: e.Text.T("kernel.compare.confirm_needed"), Field: ui.Field{Name: confirmField}.FieldID()}})
	}
	request, err := sc.call.request()
	if err != nil {
		return nil, err
	}
	chosen := request.Mutable(sc.call.input.Fields().ByName(fromFields)).List()
	for name, take := range form {
		if len(name) > len(takePrefix) && name[:len(takePrefix)] == takePrefix && slices.Contains(take, takeRight) {
			chosen.Append(protoreflect.ValueOfString(name[len(takePrefix):]))
		}
	}
	for i := range sc.call.input.Fields().Len() {
		f := sc.call.input.Fields().Get(i)
		if f.IsList() || f.Message() != nil || !form.Has(string(f.Name())) {
			continue
		}
		if err := fill(request, fieldPath{f}, form[string(f.Name())]); err != nil {
			return nil, badRequest(err)
		}
	}
	if err := sc.fillVars(e, request); err != nil {
		return nil, badRequest(err)
	}
	response, err := sc.call.do(ctx, e, request)
	if err != nil {
		if !returnsToForm(err) {
			return nil, err
		}
		text := firstOf(e.said(sc.call, err))
		if status.Code(err) == codes.Aborted {
			text = e.Text.T("kernel.compare.changed_meanwhile")
		}
		return s.compare(ctx, e, sc, form, []ui.ErrorItem{{Text: text}})
	}
	return s.done(e, sc, response)
}

func firstOf(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}
