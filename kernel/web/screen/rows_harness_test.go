package screen

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"buf.build/go/protovalidate"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	finsystemv1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
)

const paperID = "0192f0c0-0000-7000-8000-000000000001"

// papers provides documents, one at a time, checked as a portal checks them.
type papers struct {
	grpc.ClientConnInterface
	kept  *finsystemv1.Document
	sent  *finsystemv1.Document // by the last form, whatever became of it
	mask  []string
	calls int
	lists int
}

func (p *papers) Invoke(_ context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	switch method {
	case finsystemv1.DocumentService_GetDocument_FullMethodName:
		proto.Merge(reply.(proto.Message), &finsystemv1.GetDocumentResponse{Document: p.kept})
	case finsystemv1.DocumentService_ListDocuments_FullMethodName:
		p.lists++
		proto.Merge(reply.(proto.Message), &finsystemv1.ListDocumentsResponse{Documents: []*finsystemv1.Document{{Id: paperID, Title: "INV-2026-00017"}}})
	case finsystemv1.PaymentService_GetPayment_FullMethodName:
		proto.Merge(reply.(proto.Message), &finsystemv1.GetPaymentResponse{Payment: &finsystemv1.Payment{
			Id: paperID, Title: "Transfer", Allocations: []*finsystemv1.Allocation{{DocumentId: paperID, Amount: uah("100.00")}, {DocumentId: paperID, Amount: uah("5.00")}},
		}})
	case finsystemv1.DocumentService_CreateDocument_FullMethodName:
		r := args.(*finsystemv1.CreateDocumentRequest)
		p.calls++
		p.sent, p.mask = r.GetDocument(), nil
		if err := refused("", protovalidate.Validate(r)); err != nil {
			return err
		}
		p.kept = proto.CloneOf(r.GetDocument())
		proto.Merge(reply.(proto.Message), &finsystemv1.CreateDocumentResponse{Document: p.kept})
	case finsystemv1.DocumentService_UpdateDocument_FullMethodName:
		r := args.(*finsystemv1.UpdateDocumentRequest)
		p.calls++
		p.sent, p.mask = r.GetDocument(), r.GetUpdateMask().GetPaths()
		if r.GetDocument().GetRevision() != p.kept.GetRevision() {
			return status.Error(codes.Aborted, "somebody was faster")
		}
		if err := refused("document.", protovalidate.Validate(&finsystemv1.Document{Kind: 1, CurrencyCode: "UAH", Lines: r.GetDocument().GetLines()})); err != nil {
			return err
		}
		for _, name := range p.mask {
			f := p.kept.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(name))
			p.kept.ProtoReflect().Clear(f)
			if from := r.GetDocument().ProtoReflect(); from.Has(f) {
				p.kept.ProtoReflect().Set(f, from.Get(f))
			}
		}
		p.kept.Revision++
		proto.Merge(reply.(proto.Message), &finsystemv1.UpdateDocumentResponse{Document: p.kept})
	default:
		return status.Error(codes.Unimplemented, method)
	}
	return nil
}

// refused is how a portal says what protovalidate found.
func refused(before string, err error) error {
	found, ok := err.(*protovalidate.ValidationError) //nolint:errorlint // exactly this
	if !ok {
		return err
	}
	var fields []*errdetails.BadRequest_FieldViolation
	for _, v := range found.Violations {
		fields = append(fields, &errdetails.BadRequest_FieldViolation{
			Field: before + protovalidate.FieldPathString(v.Proto.GetField()), Description: v.Proto.GetMessage(), Reason: v.Proto.GetRuleId(),
		})
	}
	return module.Refusals(codes.InvalidArgument, "not valid", fields...)
}

// desk is a set of screens with somebody at it.
type desk struct {
	*papers
	set *Set
	env *Env
}

func lineColumns() map[string][]string {
	return map[string][]string{"lines": {"description", "quantity", "unit", "price", "tax_mode", "amount"}}
}

func paperScreens() []module.Screen {
	return []module.Screen{
		{
			ID: "paper", Path: "/papers/{id}", Kind: module.Detail, Title: "finsystem.paper", Heading: "title", Lead: []string{"subject", "total", "due"},
			Method: finsystemv1.DocumentService_GetDocument_FullMethodName,
			Sections: []module.Section{
				{Title: "finsystem.what", Fields: []string{"lines"}, Rows: lineColumns()},
				{Fields: []string{"taxes"}},
			},
		},
		{
			ID: "payment", Path: "/payments/{id}", Kind: module.Detail, Title: "finsystem.payment", Heading: "title",
			Method:   finsystemv1.PaymentService_GetPayment_FullMethodName,
			Sections: []module.Section{{Fields: []string{"reference", "allocations"}, Rows: map[string][]string{"allocations": {"document_id", "amount"}}}},
		},
		{
			ID: "paper_new", Path: "/papers/new", Kind: module.Form, Title: "finsystem.paper_new", Submit: "finsystem.save", Done: "/papers",
			Method:   finsystemv1.DocumentService_CreateDocument_FullMethodName,
			Sections: []module.Section{{Fields: []string{"kind", "subject", "currency_code", "lines"}, Rows: lineColumns()}},
		},
		{
			ID: "paper_edit", Path: "/papers/{id}/edit", Kind: module.Form, Title: "finsystem.paper_edit", Submit: "finsystem.save", Done: "/papers/{id}",
			Method: finsystemv1.DocumentService_UpdateDocument_FullMethodName, Prefill: finsystemv1.DocumentService_GetDocument_FullMethodName,
			Sections: []module.Section{{Fields: []string{"subject", "lines"}, Rows: lineColumns(), Labels: map[string]string{"lines.price": "finsystem.per_unit"}}},
		},
	}
}

func newDesk(t testing.TB) *desk { return deskWith(t, paperScreens()) }

func deskWith(t testing.TB, screens []module.Screen) *desk {
	t.Helper()
	said, err := locale.NewBundle(
		locale.Source{Prefix: "kernel", FS: os.DirFS("..")},
		locale.Source{Prefix: "finsystem", FS: fstest.MapFS{"locales/en.yaml": {Data: []byte(
			"finsystem.fields.Document.lines: \"Lines\"\nfinsystem.fields.Document.lines_add: \"Add a line\"\nfinsystem.fields.DocumentLine.description: \"What it is\"\n" +
				"finsystem.per_unit: \"Per unit\"\nfinsystem.what: \"What for\"\nfinsystem.enums.TAX_MODE_ON_TOP: \"On top\"\n")}}})
	require.NoError(t, err)
	policy, err := access.NewPolicy([]access.Role{{ID: "client", Base: true}, {ID: "head", Staff: true}}, []access.Permission{
		{Name: "finsystem.documents.read", Presets: map[string]access.Reach{"head": access.All, "client": access.Granted}},
		{Name: "finsystem.balance.read", Presets: map[string]access.Reach{"head": access.All, "client": access.Granted}},
		{Name: "finsystem.documents.update", Presets: map[string]access.Reach{"head": access.All}},
		{Name: "finsystem.documents.issue", Presets: map[string]access.Reach{"head": access.All}},
	}, nil)
	require.NoError(t, err)
	set, err := Compile(linked{}, []module.Manifest{{ID: "finsystem", Screens: screens}})
	require.NoError(t, err)
	d := &desk{papers: &papers{kept: paper()}, set: set}
	d.env = &Env{
		Conn: d.papers, Text: said.For("en", time.UTC), Policy: policy, Now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), CSRF: "token",
		Principal: access.Principal{Kind: access.Staff, UserID: "u", Roles: []string{"head"}}, NewID: func() string { return paperID }, Query: url.Values{},
	}
	return d
}

func uah(amount string) *kernelv1.Money { return &kernelv1.Money{CurrencyCode: "UAH", Amount: amount} }

func paper() *finsystemv1.Document {
	return &finsystemv1.Document{
		Id: paperID, Kind: 1, Title: "INV-2026-00017", Subject: "November", CurrencyCode: "UAH", Revision: 7, Total: uah("15648.00"),
		Lines: []*finsystemv1.DocumentLine{
			{Description: "Planned maintenance", Item: "maintenance", Quantity: "4", Unit: "unit", Price: "2100.00", TaxMode: 1, Amount: uah("8400.00")},
			{Description: "Refrigerant", Quantity: "3.2", Price: "1450.00", Amount: uah("4640.00")},
		},
		Taxes: []*finsystemv1.DocumentTax{{Percent: "20", Net: uah("13040.00"), Tax: uah("2608.00")}},
	}
}

// at is the desk before a screen.
func (d *desk) at(path string) (*Env, *Screen) {
	e := *d.env
	at := strings.NewReplacer(paperID, "{id}").Replace(path)
	e.Path, e.Vars = path, map[string]string{}
	if at != path {
		e.Vars["id"] = paperID
	}
	i := slices.IndexFunc(d.set.Screens(), func(s *Screen) bool { return s.Path == at })
	return &e, d.set.Screens()[i]
}

// show and send give a page as its reader has it.
func (d *desk) show(t testing.TB, path string) *drawnPage {
	t.Helper()
	e, sc := d.at(path)
	page, err := d.set.Show(t.Context(), e, sc)
	require.NoError(t, err)
	return drawn(t, page)
}

func (d *desk) send(t testing.TB, path string, form url.Values) *drawnPage {
	t.Helper()
	e, sc := d.at(path)
	page, err := d.set.Submit(t.Context(), e, sc, form, nil)
	require.NoError(t, err)
	return drawn(t, page)
}

// drawnPage is a page that was drawn: its HTML, and what its form would send.
type drawnPage struct {
	*Page
	html string
	form url.Values
}

func drawn(t testing.TB, page *Page) *drawnPage {
	t.Helper()
	out := &drawnPage{Page: page, form: url.Values{}}
	if page.Body == nil {
		return out
	}
	var text bytes.Buffer
	require.NoError(t, page.Body.Render(t.Context(), &text))
	out.html = text.String()
	root, err := html.Parse(strings.NewReader(out.html))
	require.NoError(t, err)
	out.read(root)
	return out
}

func (s *drawnPage) read(n *html.Node) {
	if n.Type == html.ElementNode && n.Data == "template" {
		return
	}
	a := map[string]string{}
	for _, attr := range n.Attr {
		a[attr.Key] = attr.Val
	}
	_, checked := a["checked"]
	switch {
	case n.Type != html.ElementNode || a["name"] == "":
	case n.Data == "select":
		value := ""
		for option := range n.Descendants() {
			for _, attr := range option.Attr {
				if attr.Key != "selected" {
					continue
				}
				for _, v := range option.Attr {
					if v.Key == "value" {
						value = v.Val
					}
				}
			}
		}
		s.form.Add(a["name"], value)
	case n.Data == "textarea" && n.FirstChild != nil:
		s.form.Add(a["name"], n.FirstChild.Data)
	case n.Data == "textarea":
		s.form.Add(a["name"], "")
	case n.Data == "input" && (a["type"] != "checkbox" && a["type"] != "radio" || checked):
		s.form.Add(a["name"], a["value"])
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		s.read(c)
	}
}
