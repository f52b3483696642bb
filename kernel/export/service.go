package export

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/web/screen"
)

const (
	// more is how many rows an export reserves at a time where its list does not say how many it has.
	more = 1000
	// settleWithin is how long it may take to count what was exported, once it was, or broke off.
	settleWithin = 10 * time.Second
)

// Config is what the service needs. All of it is required but Proof.
type Config struct {
	DB     *store.DB
	Router grpc.ClientConnInterface
	Policy *access.Policy
	Texts  *locale.Bundle
	// Languages are those offered, the portal's own first. Zone is the portal's.
	Languages []string
	Zone      *time.Location
	// Quota is how many rows a person may export in 24 hours, Most how many there may be in one file.
	Quota, Most int
	// Proof is how long ago a person may have shown that it is them; 0 asks for nothing.
	Proof time.Duration
	Now   func() time.Time
	Log   *slog.Logger
}

// Service provides cabinet.kernel.v1.ExportService.
type Service struct {
	kernelv1.UnimplementedExportServiceServer
	Config
	quota   quota
	screens atomic.Pointer[screen.Set] // nil until the portal's pages are compiled
}

var _ kernelv1.ExportServiceServer = (*Service)(nil)

// New returns the service. It exports nothing before [Service.Open].
func New(cfg Config) *Service {
	return &Service{Config: cfg, quota: quota{db: cfg.DB, rows: cfg.Quota, most: cfg.Most, now: cfg.Now}}
}

// Open says which lists there are.
func (s *Service) Open(screens *screen.Set) { s.screens.Store(screens) }

var errNoList = status.Error(codes.NotFound, "there is no such list to export: name one as \"module.screen\"")

// GetExportQuota says what the caller may export now.
func (s *Service) GetExportQuota(ctx context.Context, _ *kernelv1.GetExportQuotaRequest) (*kernelv1.GetExportQuotaResponse, error) {
	who := access.From(ctx)
	if !who.IsUser() {
		return nil, errNoUser
	}
	left, err := s.quota.left(ctx, who.UserID)
	if err != nil {
		return nil, store.ErrorStatus(err)
	}
	out := &kernelv1.GetExportQuotaResponse{Quota: int32(s.Quota), Left: int32(left.Rows)} //nolint:gosec // at most 10,000,000
	if !left.Free.IsZero() {
		out.FreeTime = timestamppb.New(left.Free)
	}
	return out, nil
}

var errNoUser = status.Error(codes.PermissionDenied, "people export, and their rows are counted: a module reads lists itself")

// ExportList writes a list into a file and sends it.
func (s *Service) ExportList(r *kernelv1.ExportListRequest, stream grpc.ServerStreamingServer[kernelv1.ExportListResponse]) error {
	ctx := stream.Context()
	x, err := s.begin(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = x.file.Close() }()
	if err := x.write(ctx, r); err != nil {
		return err
	}
	return x.send(stream)
}

// export is one file on its way.
type export struct {
	*Service
	reservation
	screens *screen.Set
	screen  *screen.Screen
	env     *screen.Env
	file    *file
	// reserved tells that there is a reservation, and an entry in the audit log.
	reserved bool
	written  int
}

// begin finds the list and lets in who may export it.
func (s *Service) begin(ctx context.Context, r *kernelv1.ExportListRequest) (*export, error) {
	who := access.From(ctx)
	if !who.IsUser() {
		return nil, errNoUser
	}
	set := s.screens.Load()
	if set == nil {
		return nil, status.Error(codes.Unavailable, "the portal is being opened: try again in a moment")
	}
	sc, ok := set.Screen(r.GetScreen())
	if !ok || sc.Export == "" {
		return nil, errNoList
	}
	who.Within = sc.ExportReach(s.Policy, who)
	if who.Within == access.None {
		return nil, s.refused(ctx, status.Error(codes.PermissionDenied, "you lack the permission "+sc.Export+", or may not see the list"), "no_permission")
	}
	if s.Proof > 0 {
		if err := access.CheckProof(who, kernelv1.ExportService_ExportList_FullMethodName, s.Proof, s.Now()); err != nil {
			return nil, err
		}
	}
	text := s.Texts.For(locale.Match(r.GetLanguage(), "", "", s.Languages...), nil)
	file, err := newFile(r.GetFormat(), text.Language())
	if err != nil {
		return nil, err
	}
	return &export{
		Service: s, screens: set, screen: sc, file: file,
		reservation: reservation{quota: s.quota, id: store.NewID(), user: who.UserID, screen: r.GetScreen()},
		env: &screen.Env{
			Conn: reader{s.Router, who}, Text: text, Policy: s.Policy, Principal: who, Now: s.Now(), NewID: store.NewID, Vars: map[string]string{},
		},
	}, nil
}

// reader calls as somebody, with whose rows narrowed.
type reader struct {
	grpc.ClientConnInterface
	who access.Principal
}

// Invoke makes a call.
func (c reader) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return c.ClientConnInterface.Invoke(access.With(ctx, c.who), method, args, reply, opts...)
}

// write writes the file and counts its rows. What breaks off counts for nothing: nobody was given any of it.
func (x *export) write(ctx context.Context, r *kernelv1.ExportListRequest) error {
	query := url.Values{}
	for _, f := range r.GetFilters() {
		query[f.GetField()] = f.GetValues()
	}
	for _, name := range x.screen.Vars() {
		x.env.Vars[name] = query.Get(name)
	}
	rows, err := x.screens.Export(ctx, x.env, x.screen, query, x.file.table, func(rows, total int) error { return x.allow(ctx, r, rows, total) })
	if err == nil {
		err = x.file.complete()
	}
	if !x.reserved {
		return err
	}
	outcome := []store.FieldChange{{Field: "rows", After: strconv.Itoa(rows), Staff: true}}
	x.written = rows
	if err != nil {
		outcome = []store.FieldChange{{Field: "rows", After: "0", Staff: true}, {Field: "broke_off", After: strconv.Itoa(rows), Staff: true}}
		rows = 0
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	settleErr := x.settle(late, rows, func(ctx context.Context, tx pgx.Tx) error { return x.DB.AuditMore(ctx, tx, outcome...) })
	if settleErr != nil && err != nil {
		x.Log.ErrorContext(ctx, "what became of an export is not written: what was reserved for it counts", "export", x.id, "error", settleErr)
	}
	if err != nil {
		return err
	}
	return store.ErrorStatus(settleErr) // nothing is sent that is not counted
}

// allow reserves the rows that are about to be written, and with the first of them writes the entry in the audit log.
func (x *export) allow(ctx context.Context, r *kernelv1.ExportListRequest, rows, total int) error {
	need, want := max(rows, total), max(rows, total)
	if total < 0 {
		want = rows + more
	}
	if need > x.Most {
		return x.refused(ctx, x.tooLarge(), "export_too_large")
	}
	if x.reserved && rows <= x.rows {
		return nil
	}
	left, ok, err := x.take(ctx, need, min(want, x.Most), func(ctx context.Context, tx pgx.Tx) error {
		if x.reserved {
			return nil
		}
		return x.DB.AuditOwn(ctx, tx, x.said(r)...)
	})
	if err != nil {
		return store.ErrorStatus(err)
	}
	if !ok {
		err := x.overQuota(need, total >= 0, left)
		if x.reserved {
			return err // what became of it is added to its entry
		}
		return x.refused(ctx, err, "export_quota")
	}
	x.reserved = true
	return nil
}

// said is what the audit log keeps of an export: which list, by which filters, as what.
func (x *export) said(r *kernelv1.ExportListRequest) []store.FieldChange {
	var filters []string
	for _, f := range r.GetFilters() {
		filters = append(filters, f.GetField()+"="+strings.Join(f.GetValues(), ","))
	}
	out := []store.FieldChange{{Field: "list", After: r.GetScreen(), Staff: true}, {Field: "format", After: strings.TrimPrefix(x.file.ending, "."), Staff: true}}
	if len(filters) > 0 {
		out = append(out, store.FieldChange{Field: "filters", After: strings.Join(filters, "; "), Staff: true})
	}
	return out
}

// refused writes into the audit log that an export was refused, and returns why.
func (s *Service) refused(ctx context.Context, err error, reason string) error {
	c := access.ChangeFrom(ctx)
	if c == nil {
		return err
	}
	if auditErr := s.DB.AuditRefused(ctx, c, reason); auditErr != nil {
		s.Log.ErrorContext(ctx, "a refused export is not in the audit log", "user", c.Who.UserID, "error", auditErr)
	}
	return err
}

// overQuota says how much is left, and when more is.
func (x *export) overQuota(need int, exact bool, left Left) error {
	text, key := x.env.Text, "kernel.export.over"
	if !exact {
		key = "kernel.export.over_least"
	}
	said := text.T(key, "need", text.Number(int64(need)), "left", text.Number(int64(left.Rows)))
	if !left.Free.IsZero() {
		said += " " + text.T("kernel.export.free", "when", text.DateTime(left.Free))
	}
	return refusal(said)
}

func (x *export) tooLarge() error {
	return refusal(x.env.Text.T("kernel.export.too_large", "most", x.env.Text.Number(int64(x.Most))))
}

// refusal says in the reader's language why there is no file.
func refusal(said string) error {
	return module.Refusals(codes.ResourceExhausted, said, &errdetails.BadRequest_FieldViolation{Field: "screen", Description: said, Reason: "export_quota"})
}

// send sends the file, in parts.
func (x *export) send(stream grpc.ServerStreamingServer[kernelv1.ExportListResponse]) error {
	info, err := x.file.Stat()
	if err != nil {
		return err
	}
	out := &kernelv1.ExportListResponse{File: &kernelv1.ExportFile{
		Name: x.screen.FileName(x.Now(), x.Zone) + x.file.ending, ContentType: x.file.contentType, Bytes: info.Size(), Rows: int32(x.written), //nolint:gosec // at most 1,000,000
	}}
	buffer := make([]byte, part)
	for {
		n, err := io.ReadFull(x.file, buffer)
		if n > 0 || out.GetFile() != nil {
			out.Content = buffer[:n]
			if err := stream.Send(out); err != nil {
				return err
			}
			out = &kernelv1.ExportListResponse{}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}
