package screen

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Sheet takes an exported list: the titles of its columns, then row by row.
type Sheet interface {
	Head(titles []string) error
	Row(cells []Cell) error
}

// Allow is asked before each page of a list is written: rows is how many were read with it, total how many there are in
// all, or -1 where the contract does not tell. An error ends the export.
type Allow func(rows, total int) error

// exportPage is how many rows an export asks for at once, where the contract gives so many.
const exportPage = 200

// ExportReach says whose rows a reader may export of a list; None for who may not.
func (s *Screen) ExportReach(policy *access.Policy, who access.Principal) access.Reach {
	if s.Export == "" || s.call == nil || (s.Audience == module.ForStaff && who.Kind != access.Staff) || (s.Audience == module.ForContacts && who.Kind != access.Contact) {
		return access.None
	}
	rules := s.call.rules
	if !policy.Decide(who, rules).Allowed {
		return access.None
	}
	rules.Permission = s.Export
	return policy.Decide(who, rules).Reach
}

// Export writes every row of a list that an address asks for, as the reader sees it: it calls the list's method, page by
// page, as the reader. It returns how many rows there were, also when it fails.
func (s *Set) Export(ctx context.Context, e *Env, sc *Screen, query url.Values, out Sheet, allow Allow) (rows int, err error) {
	request, known, err := sc.asked(ctx, e, query)
	if err != nil {
		return 0, err
	}
	if err := sc.fillVars(e, request); err != nil {
		return 0, badRequest(err)
	}
	known = append(known, vars(sc.Path)...)
	for _, name := range slices.Sorted(maps.Keys(query)) { // or a misspelt filter would export everything
		if !slices.Contains(known, name) {
			return 0, module.Refusal(codes.InvalidArgument, "filters", "", "the list has no filter "+name+nearest(name, known))
		}
	}
	item := items(sc.call.output)
	columns, err := s.exported(ctx, e, sc, item.Message())
	if err != nil {
		return 0, err
	}
	setKnown(request, "page_size", protoreflect.ValueOfInt32(int32(largestPage(sc.call.input))))
	for first := true; ; first = false {
		response, err := sc.call.do(ctx, e, request)
		if err != nil {
			return rows, err
		}
		list := response.Get(item).List()
		if err := allow(rows+list.Len(), totalOf(response)); err != nil {
			return rows, err
		}
		if first {
			if err := out.Head(columns.titles()); err != nil {
				return rows, err
			}
		}
		titles := s.titles(ctx, e, columns.references(), list)
		for i := range list.Len() {
			if err := out.Row(columns.cells(e, list.Get(i).Message(), titles)); err != nil {
				return rows, err
			}
			rows++
		}
		next := nextToken(response)
		if next == "" {
			return rows, nil
		}
		setKnown(request, "page_token", protoreflect.ValueOfString(next))
	}
}

// Asks keeps of an address what a list can be asked for.
func (s *Screen) Asks(query url.Values) url.Values {
	out := url.Values{}
	for name, values := range query {
		known := slices.Contains(s.Filters, name) || name == s.Search || s.Order != "" && (name == s.Order || name == "descending")
		for _, f := range s.filters {
			known = known || isExtra(f.path.last()) && strings.HasPrefix(name, f.name+".")
		}
		if known {
			out[name] = values
		}
	}
	return out
}

// largestPage is the largest page that a contract gives, and not more than is good for one message.
func largestPage(request protoreflect.MessageDescriptor) int {
	f := request.Fields().ByName("page_size")
	if f == nil {
		return 0
	}
	if most := constraints(f).GetInt32().GetLte(); most > 0 {
		return min(int(most), exportPage)
	}
	return exportPage
}

func nextToken(response protoreflect.Message) string {
	if f := response.Descriptor().Fields().ByName("next_page_token"); f != nil {
		return response.Get(f).String()
	}
	return ""
}

// totalOf is how many rows a list has in all; -1 where its contract does not count them, or not so far.
func totalOf(response protoreflect.Message) int {
	fields := response.Descriptor().Fields()
	size, more := fields.ByName("total_size"), fields.ByName("total_is_more")
	if size == nil || size.Kind() != protoreflect.Int32Kind || more != nil && response.Get(more).Bool() {
		return -1
	}
	return int(response.Get(size).Int())
}

// exportFile begins the file that a reader asks for. The error is the service's.
func (s *Set) exportFile(ctx context.Context, e *Env, sc *Screen, format kernelv1.ExportFormat) (*Download, error) {
	request := &kernelv1.ExportListRequest{Screen: sc.name(), Format: format, Language: e.Text.Language()}
	asks := sc.Asks(e.Query)
	for _, name := range vars(sc.Path) {
		asks.Set(name, e.Vars[name])
	}
	for _, name := range slices.Sorted(maps.Keys(asks)) {
		request.Filters = append(request.Filters, &kernelv1.ExportFilter{Field: name, Values: asks[name]})
	}
	stream, err := kernelv1.NewExportServiceClient(e.Conn).ExportList(ctx, request)
	if err != nil {
		return nil, err
	}
	first, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	file := proto.CloneOf(first.GetFile())
	return &Download{Name: file.GetName(), ContentType: file.GetContentType(), Bytes: file.GetBytes(), Write: writeParts(stream, first)}, nil
}
