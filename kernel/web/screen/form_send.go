package screen

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// send takes a filled form: to the method, and on to where it leads; or back to its writer with what was wrong.
func (s *Set) send(ctx context.Context, e *Env, sc *Screen, form url.Values, file *File) (*Page, error) {
	if s.Redraws(sc, form) {
		return s.Redraw(ctx, e, sc, form)
	}
	return s.sendAgain(ctx, e, sc, sc.gathered(form, false), file, sendings)
}

// sendings is how often a form is sent whose writer others overtake without changing the same.
const sendings = 3

func (s *Set) sendAgain(ctx context.Context, e *Env, sc *Screen, form url.Values, file *File, left int) (*Page, error) {
	request, err := sc.call.request()
	if err != nil {
		return nil, err
	}
	back := func(refusal error) (*Page, error) {
		form, notes, again, err := s.resolve(ctx, e, sc, form, refusal)
		if err != nil {
			return nil, err
		}
		if again && left > 1 {
			return s.sendAgain(ctx, e, sc, form, file, left-1)
		}
		return s.back(ctx, e, sc, form, refusal, notes)
	}
	if form.Get(previewField) != "" && sc.preview != nil {
		return s.showPreview(ctx, e, sc, form, back)
	}
	var mask []string
	masked := request.Descriptor().Fields().ByName("update_mask") != nil
	for _, name := range slices.Sorted(maps.Keys(sc.fields)) {
		path := sc.fields[name]
		if isExtra(path.last()) {
			defs, err := sc.definitions(ctx, e)
			if err != nil {
				return nil, err
			}
			if fillExtra(request, name, path, form, defs, func(d *kernelv1.FieldDefinition, _ string) bool { return !untouched(form, extraName(name, d)) }) {
				mask = append(mask, string(path.last().Name()))
			}
			continue
		}
		if isUpload(path.last()) {
			if file != nil && file.Field == name {
				path.set(request, protoreflect.ValueOfBytes(file.Content))
				if called := path.last().ContainingMessage().Fields().ByName("file_name"); called != nil && !isPicture(path.last()) {
					slices.Concat(path[:len(path)-1], fieldPath{called}).set(request, protoreflect.ValueOfString(file.Name))
				}
			}
			continue
		}
		if sc.prefill != nil && e.locks(path.last(), sc.call) {
			continue // it was shown in part, and not asked for
		}
		given, sent := form[name]
		if !sent && sc.rows[name] == nil && (path.last().Kind() == protoreflect.BoolKind || path.last().IsList()) && form.Has(askedPrefix+name) {
			given, sent = []string{""}, true
			if path.last().Kind() == protoreflect.BoolKind {
				given = []string{"false"}
			}
		}
		if !sent {
			continue
		}
		if masked && untouched(form, name) {
			continue
		}
		if len(path) > 1 {
			mask = append(mask, string(path.last().Name()))
		}
		if isMoney(path.last()) {
			continue // its currency may come later
		}
		if r := sc.rows[name]; r != nil {
			if err := r.fill(request, path, name, form); err != nil {
				return back(badRequest(err))
			}
			continue
		}
		if err := fill(request, path, given); err != nil {
			return back(badRequest(err))
		}
	}
	sendsMoney(request, sc.fields, form)
	for _, name := range sc.hidden() {
		if path, err := findIn(sc.call.input, name); err == nil && form.Get(name) != "" && sc.fields[name] == nil {
			if err := fill(request, path, form[name]); err != nil {
				return back(badRequest(err))
			}
		}
	}
	if err := sc.fillVars(e, request); err != nil {
		return back(badRequest(err))
	}
	if f := request.Descriptor().Fields().ByName("update_mask"); f != nil {
		if len(mask) == 0 && hasPrefix(form, wasPrefix) {
			return s.unchanged(ctx, e, sc)
		}
		request.Set(f, protoreflect.ValueOfMessage((&fieldmaskpb.FieldMask{Paths: mask}).ProtoReflect()))
	}
	response, err := sc.call.do(ctx, e, request)
	if err != nil {
		if returnsToForm(err) {
			return back(err)
		}
		return nil, err
	}
	return s.done(e, sc, response)
}

// back gives a form to its writer again, with what was wrong.
func (s *Set) back(ctx context.Context, e *Env, sc *Screen, form url.Values, refusal error, notes map[string]string) (*Page, error) {
	var present protoreflect.Message
	editable, err := s.prefill(ctx, e, sc, url.Values{}, &present)
	if err != nil {
		return nil, err
	}
	return s.formPage(ctx, e, sc, form, editable, present, refusal, notes)
}

// unchanged leads on from a form in which nothing was changed.
func (s *Set) unchanged(ctx context.Context, e *Env, sc *Screen) (*Page, error) {
	var present protoreflect.Message
	if _, err := s.prefill(ctx, e, sc, url.Values{}, &present); err != nil {
		return nil, err
	}
	return s.done(e, sc, present)
}

// done is where a form leads: to what it made, or to what is shown this once.
func (s *Set) done(e *Env, sc *Screen, response protoreflect.Message) (*Page, error) {
	if sc.Reveal != "" {
		return s.reveal(e, sc, response)
	}
	target := sc.Done
	if target == "" && sc.Audience == module.ForAnybody {
		return e.saidPage(), nil
	}
	if target == "" {
		if parent := s.screens[sc.Parent]; parent != nil {
			target = parent.Path
		}
	}
	thing, whole := e.from(about(response)), e.from(response)
	to, ok := expand(target, func(name string) string { return cmp.Or(thing(name), whole(name)) })
	if !ok || to == "" {
		to = "/"
	}
	return &Page{Redirect: to, Notice: e.Text.T(cmp.Or(sc.Said, "kernel.form.saved"), figures(response)...)}, nil
}

// reveal shows a secret this once, to be passed on by hand.
func (s *Set) reveal(e *Env, sc *Screen, response protoreflect.Message) (*Page, error) {
	path, err := find(response.Descriptor(), sc.Reveal)
	if err != nil {
		return nil, err
	}
	v, _ := path.get(response)
	secret := v.String()
	link, _ := expand(sc.RevealPath, func(string) string { return secret })
	title := e.Text.T(sc.Title + "_done")
	back := ui.Button{Label: e.Text.T("kernel.done"), Kind: ui.ButtonPrimary, Href: e.href("/")}
	if parent := s.screens[sc.Parent]; parent != nil {
		if to, ok := expand(parent.Path, e.from(about(response))); ok {
			back.Href = e.href(to)
		}
	}
	copyBox := ui.CopyBox(ui.CopyLink{
		Label: e.Text.T("kernel.reveal.label"), Value: e.Origin + e.href(link), Hint: e.Text.T(sc.Title + "_done_hint"),
		Copy: e.Text.T("kernel.reveal.copy"), Copied: e.Text.T("kernel.reveal.copied"),
	})
	body := []templ.Component{ui.PageHead(ui.Head{Title: title}), copyBox, ui.Buttons([]ui.Button{back})}
	return &Page{Title: title, Width: "slim", Body: ui.Join(body...)}, nil
}
