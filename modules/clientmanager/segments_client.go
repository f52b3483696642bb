package clientmanager

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
)

// GetClientSegments says which segments a client is in, and why.
func (s *segmentService) GetClientSegments(ctx context.Context, r *v1.GetClientSegmentsRequest) (*v1.GetClientSegmentsResponse, error) {
	client, err := findClient(ctx, s.host.Store, r.GetClientId())
	if err != nil {
		return nil, err
	}
	rules, err := readRules(ctx, s.host.Store, `clientmanager.segments order by priority, segments.id`)
	if err != nil {
		return nil, err
	}
	type placing struct {
		Segment string
		In      bool
	}
	placed, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[placing],
		`select segment_id::text, placed_in from clientmanager.segment_clients where client_id = $1`, r.GetClientId())
	if err != nil {
		return nil, err
	}
	response := &v1.GetClientSegmentsResponse{}
	var out []*v1.ClientSegment
	for _, rule := range rules {
		one := &v1.ClientSegment{SegmentId: rule.id, Name: rule.name, Priority: rule.priority, Placement: v1.Placement_PLACEMENT_BY_RULE, ClientId: client.GetId()}
		for _, p := range placed {
			if p.Segment == rule.id {
				if one.Placement = v1.Placement_PLACEMENT_OUT; p.In {
					one.Placement = v1.Placement_PLACEMENT_IN
				}
			}
		}
		switch {
		case one.Placement == v1.Placement_PLACEMENT_OUT:
			one.Reasons = []v1.SegmentReason{v1.SegmentReason_SEGMENT_REASON_KEPT_OUT}
			out = append(out, one)
		case slices.Contains(client.GetSegmentIds(), rule.id):
			if one.Placement == v1.Placement_PLACEMENT_IN {
				one.Reasons = []v1.SegmentReason{v1.SegmentReason_SEGMENT_REASON_BY_HAND}
			} else {
				one.Reasons, one.Tags = reasonsOf(client, rule.rule)
			}
			response.SegmentIds = append(response.SegmentIds, rule.id)
			response.Segments = append(response.Segments, one)
		}
	}
	response.Segments = append(response.Segments, out...)
	return response, nil
}

// reasonsOf says by which conditions a rule matches a client that it matches, and which of its tags counted.
func reasonsOf(client *v1.Client, rule *v1.Segment) (reasons []v1.SegmentReason, tags []string) {
	add := func(asks bool, reason v1.SegmentReason) {
		if asks {
			reasons = append(reasons, reason)
		}
	}
	add(len(rule.GetKinds()) > 0, v1.SegmentReason_SEGMENT_REASON_KIND)
	add(len(rule.GetTagsAll())+len(rule.GetTagsAny()) > 0, v1.SegmentReason_SEGMENT_REASON_TAG)
	add(len(rule.GetPlaces()) > 0, v1.SegmentReason_SEGMENT_REASON_PLACE)
	add(len(rule.GetStatuses()) > 0, v1.SegmentReason_SEGMENT_REASON_STATUS)
	add(len(rule.GetManagerIds()) > 0, v1.SegmentReason_SEGMENT_REASON_MANAGER)
	add(len(rule.GetExtra()) > 0, v1.SegmentReason_SEGMENT_REASON_FIELD)
	add(rule.GetSinceFrom()+rule.GetSinceUntil() != "", v1.SegmentReason_SEGMENT_REASON_SINCE)
	for _, tag := range client.GetTags() {
		if slices.Contains(rule.GetTagsAll(), tag) || slices.Contains(rule.GetTagsAny(), tag) {
			tags = append(tags, tag)
		}
	}
	return reasons, tags
}

// PlaceClient puts a client into a segment, keeps it out, or leaves it to the rule.
func (s *segmentService) PlaceClient(ctx context.Context, r *v1.PlaceClientRequest) (*v1.PlaceClientResponse, error) {
	response := &v1.PlaceClientResponse{}
	_, err := s.hold(ctx, r.GetClientId(), func(ctx context.Context, tx *store.Tx, client *v1.Client) (*v1.Client, error) {
		audit.About(tx, client)
		segment, err := findSegment(ctx, tx, r.GetSegmentId())
		if err != nil {
			return nil, refuse(codes.NotFound, "segment_id", "refusal.no_segment", "there is no such segment")
		}
		what := "segment_in"
		if r.GetPlacement() == v1.Placement_PLACEMENT_BY_RULE {
			what = "segment_by_rule"
			gone, err := tx.Exec(ctx, `delete from clientmanager.segment_clients where client_id = $1 and segment_id = $2`, client.GetId(), segment.GetId())
			if err != nil {
				return nil, err
			}
			if gone.RowsAffected() == 0 {
				response.SegmentIds = client.GetSegmentIds()
				return client, nil
			}
		} else {
			if r.GetPlacement() == v1.Placement_PLACEMENT_OUT {
				what = "segment_out"
			}
			put, err := tx.Exec(ctx, `
				insert into clientmanager.segment_clients as p (client_id, segment_id, placed_in) values ($1, $2, $3)
				on conflict (client_id, segment_id) do update set placed_in = excluded.placed_in where p.placed_in <> excluded.placed_in`,
				client.GetId(), segment.GetId(), r.GetPlacement() == v1.Placement_PLACEMENT_IN)
			if err != nil {
				return nil, err
			}
			if put.RowsAffected() == 0 {
				response.SegmentIds = client.GetSegmentIds()
				return client, nil
			}
		}
		if err := s.regroupClients(ctx, tx, []*v1.Client{client}); err != nil {
			return nil, err
		}
		response.SegmentIds = client.GetSegmentIds()
		return client, s.record(ctx, tx, []entry{{client: client.GetId(), what: what, detail: segment.GetName()}})
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// ListSegmentFields lists the integrator's fields that a rule can ask for. None is required of a rule.
func (s *segmentService) ListSegmentFields(context.Context, *v1.ListSegmentFieldsRequest) (*v1.ListSegmentFieldsResponse, error) {
	response := &v1.ListSegmentFieldsResponse{}
	for _, f := range s.settings.Fields.Definitions(true) {
		if f.GetSearchable() {
			f = proto.CloneOf(f)
			f.Required = false
			response.Fields = append(response.Fields, f)
		}
	}
	return response, nil
}
