package screen

import (
	"cmp"
	"errors"
	"regexp"
	"strings"
	"unicode"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/a-h/templ"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// badRequest turns a value that could not be read into the error a contract would give for it.
func badRequest(err error) error {
	var bad *BadValueError
	if !errors.As(err, &bad) {
		return err
	}
	return module.Refusals(codes.InvalidArgument, err.Error(), &errdetails.BadRequest_FieldViolation{
		Field: bad.Field, Description: "not a " + bad.Wanted, Reason: "kernel.bad_" + strings.ReplaceAll(bad.Wanted, " ", "_"),
	})
}

// violations are what a provider, or the kernel before it, found wrong with a request of a type: field path → what is
// wrong, in the reader's language where the violation's reason is a key of the locale files or a rule that the portal
// has words for.
func (e *Env) violations(input protoreflect.MessageDescriptor, err error) map[string]string {
	found := map[string]string{}
	for _, v := range module.Violations(err) {
		text, said := e.Text.First(v.GetReason())
		if !said {
			if path, err := findNumbered(input, v.GetField()); err == nil {
				text = e.rule(v.GetReason(), path.last())
			}
		}
		field := v.GetField()
		if path, err := findNumbered(input, field); err == nil && len(path) > 1 && isMoney(path[len(path)-2]) {
			field = field[:strings.LastIndexByte(field, '.')] // which a form asks for as one
		}
		found[field] = cmp.Or(text, v.GetDescription())
	}
	return found
}

// numbers are those of the things of a repeated field.
var numbers = regexp.MustCompile(`\[[0-9]+\]`)

// findNumbered resolves a field as violations write it: "lines[2].price".
func findNumbered(m protoreflect.MessageDescriptor, field string) (fieldPath, error) {
	return follow(m, numbers.ReplaceAllString(field, ""), true)
}

// rule says in words what a constraint asks for, by its id in protovalidate; empty for one without words.
func (e *Env) rule(id string, f protoreflect.FieldDescriptor) string {
	text := constraints(f).GetString()
	kind := meaning(f).GetKind()
	switch {
	case id == "repeated.min_items" && constraints(f).GetRepeated().GetMinItems() == 1:
		return e.Text.T("kernel.violation.required")
	case id == "required", id == "string.uuid", id == "string.uuid_empty", id == "string.email_empty", id == "string.min_len" && text.GetMinLen() == 1:
		return e.Text.T("kernel.violation.required")
	case id == "string.email", kind == kernelv1.Kind_KIND_EMAIL && id == "string.pattern":
		return e.Text.T("kernel.violation.email")
	case id == "string.pattern" && kind == kernelv1.Kind_KIND_PHONE:
		return e.Text.T("kernel.violation.phone")
	case id == "string.pattern" && kind == kernelv1.Kind_KIND_URL:
		return e.Text.T("kernel.violation.url")
	case id == "string.pattern" && f.FullName() == "cabinet.kernel.v1.Money.amount":
		return e.Text.T("kernel.violation.money")
	case id == "string.pattern" && isDecimal(f):
		return e.Text.T("kernel.violation.decimal")
	case id == "string.pattern":
		return e.Text.T("kernel.violation.form")
	case id == "string.min_len":
		return e.Text.Plural("kernel.violation.short", int64(text.GetMinLen()))
	case id == "string.max_len":
		return e.Text.Plural("kernel.violation.long", int64(text.GetMaxLen()))
	case id == "repeated.max_items":
		return e.Text.Plural("kernel.violation.many", int64(constraints(f).GetRepeated().GetMaxItems()))
	case id == "bytes.max_len":
		return e.Text.T("kernel.violation.large")
	case id == "repeated.unique":
		return e.Text.T("kernel.violation.twice")
	case id == "string.in", id == "enum.defined_only":
		return e.Text.T("kernel.bad_choice")
	}
	return ""
}

// Said is what a provider's refusal says in the reader's language, where its reason is a key of the locale files; empty
// where it is not.
func Said(text *locale.Localizer, err error) string {
	for _, v := range module.Violations(err) {
		if said, ok := text.First(v.GetReason()); ok {
			return said
		}
	}
	return ""
}

// returnsToForm tells whether an error is about what was typed, so that the form comes back with it.
func returnsToForm(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.AlreadyExists, codes.FailedPrecondition, codes.Aborted, codes.OutOfRange:
		return true
	}
	return false
}

// down tells whether a part of a page cannot be had just now, so that the rest stands without it. A failure of the
// part's own counts too: the router has logged it.
func down(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.Unimplemented, codes.DeadlineExceeded, codes.Internal:
		return true
	}
	return false
}

// partDown stands where such a part would.
func (e *Env) partDown() templ.Component {
	return ui.NoticeBox(ui.Notice{Tone: ui.ToneWarn, Icon: "plug", Title: e.Text.T("kernel.part_down"), Text: e.Text.T("kernel.part_down_hint")})
}

func notFound(text string) error { return status.Error(codes.NotFound, text) }

// LocalPath keeps a path that a form brought back inside the portal: an address of another site becomes the start.
func LocalPath(path string) string {
	// Browsers take a backslash for a slash, and leave tabs and line ends out before they look.
	strange := func(r rune) bool { return r == '\\' || unicode.IsControl(r) }
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, strange) {
		return "/"
	}
	return path
}

// statusText is an error's message, without the code before it.
func statusText(err error) string { return status.Convert(err).Message() }
