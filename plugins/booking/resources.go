package booking

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// resourceService keeps what can be booked.
type resourceService struct {
	v1.UnimplementedResourceServiceServer
	*Module
}

var _ v1.ResourceServiceServer = (*resourceService)(nil)

// ListResources lists what can be booked, or what no longer can.
func (s *resourceService) ListResources(ctx context.Context, r *v1.ListResourcesRequest) (*v1.ListResourcesResponse, error) {
	after := 0
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, err
	}
	state := v1.ResourceState_RESOURCE_STATE_ACTIVE
	if r.GetArchived() {
		state = v1.ResourceState_RESOURCE_STATE_ARCHIVED
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := listResources(ctx, s.host.Store, state, after, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListResourcesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last resourceRow) []any { return []any{last.No} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Resources = append(response.Resources, row.resource())
	}
	return response, nil
}

// GetResource returns one resource, archived or not.
func (s *resourceService) GetResource(ctx context.Context, r *v1.GetResourceRequest) (*v1.GetResourceResponse, error) {
	row, err := findResource(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	return &v1.GetResourceResponse{Resource: row.resource()}, nil
}

// resourceChanges are the fields of a resource that can be written.
var resourceChanges = map[string]func(to, from *v1.Resource){
	"name":         func(to, from *v1.Resource) { to.Name = strings.Join(strings.Fields(from.GetName()), " ") },
	"description":  func(to, from *v1.Resource) { to.Description = strings.TrimSpace(from.GetDescription()) },
	"opens":        func(to, from *v1.Resource) { to.Opens = minuteText(minuteOf(from.GetOpens(), usuallyOpens)) },
	"closes":       func(to, from *v1.Resource) { to.Closes = minuteText(minuteOf(from.GetCloses(), usuallyCloses)) },
	"slot_minutes": func(to, from *v1.Resource) { to.SlotMinutes = cmp.Or(from.GetSlotMinutes(), usualMinutes) },

	"before_minutes": func(to, from *v1.Resource) { to.BeforeMinutes = from.GetBeforeMinutes() },
	"after_minutes":  func(to, from *v1.Resource) { to.AfterMinutes = from.GetAfterMinutes() },
	"public":         func(to, from *v1.Resource) { to.Public = from.GetPublic() },
	"notice_minutes": func(to, from *v1.Resource) { to.NoticeMinutes = from.NoticeMinutes },
	"change_hours":   func(to, from *v1.Resource) { to.ChangeHours = from.ChangeHours },
	"days_ahead":     func(to, from *v1.Resource) { to.DaysAhead = from.DaysAhead },
}

// What holds where nobody says otherwise.
const (
	usuallyOpens  = 9 * 60
	usuallyCloses = 18 * 60
	usualMinutes  = 60
)

// CreateResource adds something to be booked.
func (s *resourceService) CreateResource(ctx context.Context, r *v1.CreateResourceRequest) (*v1.CreateResourceResponse, error) {
	var response *v1.CreateResourceResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateResourceResponse, error) {
			resource := &v1.Resource{
				Id: store.NewID(), State: v1.ResourceState_RESOURCE_STATE_ACTIVE, Revision: 1, CreateTime: timestamppb.New(s.host.Now()),
			}
			for _, apply := range resourceChanges {
				apply(resource, r.GetResource())
			}
			if err := checkResource(resource); err != nil {
				return nil, err
			}
			return &v1.CreateResourceResponse{Resource: resource}, saveResource(ctx, tx, resource)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// checkResource refuses what no resource can be.
func checkResource(r *v1.Resource) error {
	if err := module.Constrained("resource", r); err != nil {
		return err
	}
	if minuteOf(r.GetOpens(), 0) >= minuteOf(r.GetCloses(), 0) {
		return refuse(codes.InvalidArgument, "resource.closes", "refusal.closes_early", "the day must end after it begins")
	}
	return nil
}

// UpdateResource changes the named fields. Bookings that were made before stand, also outside of new hours.
func (s *resourceService) UpdateResource(ctx context.Context, r *v1.UpdateResourceRequest) (*v1.UpdateResourceResponse, error) {
	known := func(field string) bool { return resourceChanges[field] != nil }
	fields, err := module.Named(r.GetUpdateMask(), known, ID+".refusal.nothing_named", ID+".refusal.no_field")
	if err != nil {
		return nil, err
	}
	resource, err := s.change(ctx, r.GetResource().GetId(), r.GetResource().GetRevision(), func(resource *v1.Resource) {
		for _, field := range slices.Compact(slices.Sorted(slices.Values(fields))) {
			resourceChanges[field](resource, r.GetResource())
		}
	})
	if err != nil {
		return nil, err
	}
	return &v1.UpdateResourceResponse{Resource: resource}, nil
}

// ArchiveResource takes no new bookings from now on.
func (s *resourceService) ArchiveResource(ctx context.Context, r *v1.ArchiveResourceRequest) (*v1.ArchiveResourceResponse, error) {
	resource, err := s.change(ctx, r.GetId(), 0, func(resource *v1.Resource) { resource.State = v1.ResourceState_RESOURCE_STATE_ARCHIVED })
	if err != nil {
		return nil, err
	}
	return &v1.ArchiveResourceResponse{Resource: resource}, nil
}

// RestoreResource takes bookings again.
func (s *resourceService) RestoreResource(ctx context.Context, r *v1.RestoreResourceRequest) (*v1.RestoreResourceResponse, error) {
	resource, err := s.change(ctx, r.GetId(), 0, func(resource *v1.Resource) { resource.State = v1.ResourceState_RESOURCE_STATE_ACTIVE })
	if err != nil {
		return nil, err
	}
	return &v1.RestoreResourceResponse{Resource: resource}, nil
}

// change writes a resource over. A change that is there already is no change, whatever the revision: so a retry succeeds.
func (m *Module) change(ctx context.Context, id string, revision int64, apply func(*v1.Resource)) (*v1.Resource, error) {
	if !store.IsID(id) {
		return nil, refuse(codes.InvalidArgument, "resource.id", "refusal.which", "say by its id which resource is meant")
	}
	var resource *v1.Resource
	err := m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := holdResource(ctx, tx, id)
		if err != nil {
			return err
		}
		present := row.resource()
		resource = proto.CloneOf(present)
		apply(resource)
		switch {
		case proto.Equal(resource, present):
			return nil
		case revision != 0 && revision != present.GetRevision():
			return errMeanwhile
		}
		audit.Changed(tx, present, resource)
		resource.Revision++
		if err := checkResource(resource); err != nil {
			return err
		}
		return saveResource(ctx, tx, resource)
	})
	return resource, err
}
