package screen

import (
	"context"
	"errors"
	"io"
	"net/url"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// exportField is what a list's page posts to itself: the format of the file that is wanted.
const exportField = "export"

var exportFormats = []struct {
	value  string
	format kernelv1.ExportFormat
}{
	{"xlsx", kernelv1.ExportFormat_EXPORT_FORMAT_XLSX}, {"csv", kernelv1.ExportFormat_EXPORT_FORMAT_CSV},
}

// exportMenu is the button that takes a list away; nil for readers who may not. It is posted to the list's own address,
// so that the filters in force are those of the file.
func (s *Set) exportMenu(ctx context.Context, e *Env, sc *Screen) *ui.Menu {
	if sc.ExportReach(e.Policy, e.Principal) == access.None {
		return nil
	}
	quota, err := kernelv1.NewExportServiceClient(e.Conn).GetExportQuota(ctx, &kernelv1.GetExportQuotaRequest{})
	if err != nil {
		return nil // the list stands without it
	}
	menu := &ui.Menu{ID: "export", Label: e.Text.T("kernel.export.title"), Icon: "download"}
	menu.Items = append(menu.Items, ui.MenuItem{Heading: e.Text.Plural("kernel.export.left", int64(quota.GetLeft()), "n", e.Text.Number(int64(quota.GetLeft())))})
	action := e.href(e.Path)
	if asks := sc.Asks(e.Query); len(asks) > 0 {
		action += "?" + asks.Encode()
	}
	for _, f := range exportFormats {
		menu.Items = append(menu.Items, ui.MenuItem{
			Label: e.Text.T("kernel.export." + f.value), Sub: e.Text.T("kernel.export." + f.value + "_hint"), Icon: "download",
			Post: &ui.Post{Action: action, CSRF: e.CSRF, Button: ui.Button{Name: exportField, Value: f.value}},
		})
	}
	return menu
}

// exportPost gives a reader the file they asked for, or the list again with why there is none.
func (s *Set) exportPost(ctx context.Context, e *Env, sc *Screen, form url.Values) (*Page, error) {
	for _, f := range exportFormats {
		if form.Get(exportField) != f.value {
			continue
		}
		file, err := s.exportFile(ctx, e, sc, f.format)
		switch status.Code(err) {
		case codes.OK:
			return &Page{Title: file.Name, Download: file}, nil
		case codes.ResourceExhausted, codes.InvalidArgument, codes.Unavailable:
			lines := e.said(sc.call, err)
			return s.list(ctx, e, sc, ui.NoticeBox(ui.Notice{Tone: ui.ToneBad, Title: e.Text.T("kernel.export.refused"), Text: lines[0]}))
		}
		return nil, err
	}
	return nil, status.Error(codes.Unimplemented, "this page takes nothing")
}

// writeParts writes the parts of a file as they come.
func writeParts(stream grpc.ServerStreamingClient[kernelv1.ExportListResponse], first *kernelv1.ExportListResponse) func(io.Writer) error {
	return func(w io.Writer) error {
		for part := first; ; {
			if _, err := w.Write(part.GetContent()); err != nil {
				return err
			}
			next, err := stream.Recv()
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			}
			part = next
		}
	}
}
