package clientmanager

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// segmentService is the groups of clients.
type segmentService struct {
	v1.UnimplementedSegmentServiceServer
	*Module
}

var _ v1.SegmentServiceServer = (*segmentService)(nil)

// segmentChanges are the fields of a segment that an update can name.
var segmentChanges = map[string]func(to, from *v1.Segment){
	"name":        func(to, from *v1.Segment) { to.Name = from.GetName() },
	"priority":    func(to, from *v1.Segment) { to.Priority = from.GetPriority() },
	"note":        func(to, from *v1.Segment) { to.Note = from.GetNote() },
	"kinds":       func(to, from *v1.Segment) { to.Kinds = from.GetKinds() },
	"tags_all":    func(to, from *v1.Segment) { to.TagsAll = from.GetTagsAll() },
	"tags_any":    func(to, from *v1.Segment) { to.TagsAny = from.GetTagsAny() },
	"places":      func(to, from *v1.Segment) { to.Places = from.GetPlaces() },
	"statuses":    func(to, from *v1.Segment) { to.Statuses = from.GetStatuses() },
	"manager_ids": func(to, from *v1.Segment) { to.ManagerIds = from.GetManagerIds() },
	extraField:    func(to, from *v1.Segment) { to.Extra = merged(to.GetExtra(), from.GetExtra()) },
	"since_from":  func(to, from *v1.Segment) { to.SinceFrom = from.GetSinceFrom() },
	"since_until": func(to, from *v1.Segment) { to.SinceUntil = from.GetSinceUntil() },
}

// aloneInWords are the fields by which no client comes into a segment or leaves it.
var aloneInWords = []string{"name", "note"}

// everybodys refuses who does not reach all clients: what they would change is everybody's.
func everybodys(ctx context.Context) error {
	if access.DecisionFrom(ctx).Reach != access.All {
		return refuse(codes.PermissionDenied, "", "refusal.everybodys", "tags and segments are of all clients: this takes a role that reaches them all")
	}
	return nil
}

// ListSegments lists segments by priority.
func (s *segmentService) ListSegments(ctx context.Context, r *v1.ListSegmentsRequest) (*v1.ListSegmentsResponse, error) {
	w := &store.Where{}
	var priority int32
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &priority, &id); err != nil {
		return nil, err
	} else if on {
		w.Add("(priority, id) > (?::integer, ?::uuid)", priority, id)
	}
	n := store.PageSize(r.GetPageSize())
	most := w.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[segmentRow],
		`select `+segmentColumns+` from clientmanager.segments`+w.String()+` order by segments.priority, segments.id limit `+most, w.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListSegmentsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last segmentRow) []any { return []any{last.Priority, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		segment, err := row.segment()
		if err != nil {
			return nil, err
		}
		response.Segments = append(response.Segments, segment)
	}
	return response, nil
}

// GetSegment returns a segment, with how many of the caller's clients are in it.
func (s *segmentService) GetSegment(ctx context.Context, r *v1.GetSegmentRequest) (*v1.GetSegmentResponse, error) {
	segment, err := findSegment(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	sight, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.filter(ctx, sight, &v1.ListClientsRequest{SegmentIds: []string{r.GetId()}})
	if err != nil {
		return nil, err
	}
	segment.Clients, err = s.count(ctx, c)
	segment.Clients = min(segment.Clients, countedTo)
	return &v1.GetSegmentResponse{Segment: segment}, err
}

// count counts the clients that conditions hold for, to one more than is told.
func (m *Module) count(ctx context.Context, c *store.Where) (int32, error) {
	return store.QueryOne(ctx, m.host.Store, pgx.RowTo[int32], countSQL(c), c.Args...)
}

func countSQL(c *store.Where) string {
	most := c.Arg(countedTo + 1)
	return `select count(*)::int from (select from clientmanager.clients` + c.String() + ` limit ` + most + `) c`
}

// CreateSegment adds a segment, and has clients gone through.
func (s *segmentService) CreateSegment(ctx context.Context, r *v1.CreateSegmentRequest) (*v1.CreateSegmentResponse, error) {
	if err := everybodys(ctx); err != nil {
		return nil, err
	}
	var response *v1.CreateSegmentResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateSegmentResponse, error) {
			segment := proto.CloneOf(r.GetSegment())
			if err := s.tidyRule(segment); err != nil {
				return nil, err
			}
			if err := orElse(module.Constrained("segment", segment), s.checkRule(segment)); err != nil {
				return nil, err
			}
			if err := changingRules(ctx, tx); err != nil {
				return nil, err
			}
			n, err := store.QueryOne(ctx, tx, pgx.RowTo[int], `select count(*)::int from clientmanager.segments`)
			if err != nil {
				return nil, err
			}
			if n >= segmentsMost {
				return nil, refuse(codes.FailedPrecondition, "", "refusal.many_segments", "there are 50 segments already: delete one first")
			}
			segment.Id, segment.Revision, segment.UpdateTime = store.NewID(), 1, timestamppb.New(s.host.Now())
			segment.State = v1.SegmentState_SEGMENT_STATE_COMPUTING
			if err := writeSegment(ctx, tx, segment); err != nil {
				return nil, nameTaken(err)
			}
			audit.About(tx, segment)
			return &v1.CreateSegmentResponse{Segment: segment}, s.rulesChanged(ctx, tx)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

func nameTaken(err error) error {
	if store.Constraint(err) == "segments_name_unique" {
		return refuse(codes.AlreadyExists, "segment.name", "refusal.segment_taken", "another segment has this name")
	}
	return err
}

// UpdateSegment changes the named fields. A change that is there already is none, whatever the revision.
func (s *segmentService) UpdateSegment(ctx context.Context, r *v1.UpdateSegmentRequest) (*v1.UpdateSegmentResponse, error) {
	if err := everybodys(ctx); err != nil {
		return nil, err
	}
	want := proto.CloneOf(r.GetSegment())
	if !store.IsID(want.GetId()) {
		return nil, refuse(codes.InvalidArgument, "segment.id", "refusal.no_segment", "say by its id which segment is meant")
	}
	fields, err := named(r.GetUpdateMask(), segmentChanges)
	if err != nil {
		return nil, err
	}
	removed := want.GetExtra()
	if err := s.tidyRule(want); err != nil {
		return nil, err
	}
	want.Extra = removed // with the empty ones, which take a condition away
	var out *v1.Segment
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := changingRules(ctx, tx); err != nil {
			return err
		}
		present, err := findSegment(ctx, tx, want.GetId())
		if err != nil {
			return err
		}
		segment, differ := changedBy(present, want, fields, segmentChanges)
		switch {
		case len(differ) == 0:
			out = present
			return nil
		case want.GetRevision() != 0 && want.GetRevision() != present.GetRevision():
			return errMeanwhile
		}
		if err := s.tidyRule(segment); err != nil {
			return err
		}
		if err := orElse(module.Constrained("segment", segment), s.checkRule(segment)); err != nil {
			return err
		}
		segment.Revision++
		segment.UpdateTime = timestamppb.New(s.host.Now())
		audit.Changed(tx, present, segment)
		if err := writeSegment(ctx, tx, segment); err != nil {
			return nameTaken(err)
		}
		out = segment
		if !slices.ContainsFunc(differ, func(field string) bool { return !slices.Contains(aloneInWords, field) }) {
			return nil
		}
		out.State = v1.SegmentState_SEGMENT_STATE_COMPUTING
		return s.rulesChanged(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return &v1.UpdateSegmentResponse{Segment: out}, nil
}

// DeleteSegment takes a segment away; the job takes it from its clients.
func (s *segmentService) DeleteSegment(ctx context.Context, r *v1.DeleteSegmentRequest) (*v1.DeleteSegmentResponse, error) {
	if err := everybodys(ctx); err != nil {
		return nil, err
	}
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := changingRules(ctx, tx); err != nil {
			return err
		}
		gone, err := tx.Exec(ctx, `delete from clientmanager.segments where id = $1`, r.GetId())
		if err != nil || gone.RowsAffected() == 0 {
			return err
		}
		return s.rulesChanged(ctx, tx)
	})
	return &v1.DeleteSegmentResponse{}, err
}

// PreviewSegment counts whom a rule would match.
func (s *segmentService) PreviewSegment(ctx context.Context, r *v1.PreviewSegmentRequest) (*v1.PreviewSegmentResponse, error) {
	rule := proto.CloneOf(r.GetSegment())
	if rule == nil {
		rule = &v1.Segment{}
	}
	if err := s.tidyRule(rule); err != nil {
		return nil, err
	}
	rule = ruleOf(rule)
	if err := orElse(module.Constrained("segment", rule, ruleFields()...), s.checkRule(rule)); err != nil {
		return nil, err
	}
	c := &store.Where{}
	condition, err := s.matches(c, rule)
	if err != nil {
		return nil, err
	}
	c.Conditions = []string{condition}
	n, err := s.count(ctx, c)
	return &v1.PreviewSegmentResponse{Clients: min(n, countedTo), ClientsIsMore: n > countedTo}, err
}

// ruleFields are the fields of a segment that are conditions.
func ruleFields() []string {
	var fields []string
	for field := range segmentChanges {
		if field != "priority" && !slices.Contains(aloneInWords, field) {
			fields = append(fields, field)
		}
	}
	return fields
}
