package clientmanager

import (
	"context"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// profileService is what a client sees and may change of itself.
type profileService struct {
	v1.UnimplementedProfileServiceServer
	*Module
}

var _ v1.ProfileServiceServer = (*profileService)(nil)

// actingFor is the client that a contact acts for.
func actingFor(ctx context.Context) (string, error) {
	who := access.From(ctx)
	if who.Kind != access.Contact || who.ActingFor == "" {
		return "", errNoActing
	}
	return who.ActingFor, nil
}

// clientMeant is the client that is meant: the one named, or the one a contact acts for.
func (m *Module) clientMeant(ctx context.Context, named, field string) (string, error) {
	if client := access.From(ctx).ClientMeant(named); client != "" {
		return client, nil
	}
	return "", refuse(codes.InvalidArgument, field, "refusal.client_needed", "say which client is meant")
}

// GetProfile returns the client acted for, and what of it can be changed.
func (s *profileService) GetProfile(ctx context.Context, _ *v1.GetProfileRequest) (*v1.GetProfileResponse, error) {
	id, err := actingFor(ctx)
	if err != nil {
		return nil, err
	}
	client, err := findClient(ctx, s.host.Store, id)
	if err != nil {
		return nil, err
	}
	return &v1.GetProfileResponse{Client: s.shown(ctx, client), EditableFields: slices.Clone(s.settings.ProfileFields)}, nil
}

// UpdateProfile changes what staff let the client change.
func (s *profileService) UpdateProfile(ctx context.Context, r *v1.UpdateProfileRequest) (*v1.UpdateProfileResponse, error) {
	id, err := actingFor(ctx)
	if err != nil {
		return nil, err
	}
	if r.GetClient().GetId() != "" && r.GetClient().GetId() != id {
		return nil, errNoClient // the form was opened for another client, or written by hand
	}
	fields, err := named(r.GetUpdateMask(), changes)
	if err != nil {
		return nil, err
	}
	var closed []*errdetails.BadRequest_FieldViolation
	for _, field := range fields {
		if !slices.Contains(s.settings.ProfileFields, field) {
			closed = append(closed, &errdetails.BadRequest_FieldViolation{
				Field: "client." + field, Description: "staff change this field", Reason: ID + ".refusal.not_editable",
			})
		}
	}
	if len(closed) > 0 {
		return nil, module.Refusals(codes.PermissionDenied, "staff keep some of these fields to themselves", closed...)
	}
	want := proto.CloneOf(r.GetClient())
	if want == nil {
		want = &v1.Client{}
	}
	want.Id = id
	client, err := s.change(ctx, want, fields, "profile_updated")
	if err != nil {
		return nil, err
	}
	return &v1.UpdateProfileResponse{Client: s.shown(ctx, client)}, nil
}

// GetManagerCard returns who serves the client, as accountmanager knows them now.
func (s *profileService) GetManagerCard(ctx context.Context, _ *v1.GetManagerCardRequest) (*v1.GetManagerCardResponse, error) {
	id, err := actingFor(ctx)
	if err != nil {
		return nil, err
	}
	client, err := findClient(ctx, s.host.Store, id)
	if err != nil {
		return nil, err
	}
	if client.GetManagerId() == "" {
		return nil, errNobody
	}
	card, err := s.staffCard(ctx, client.GetManagerId())
	if err != nil {
		return nil, err
	}
	return &v1.GetManagerCardResponse{
		Name: card.GetName(), Position: card.GetPosition(), Email: card.GetEmail(), Phone: card.GetPhone(), PhotoUrl: card.GetPhotoUrl(),
	}, nil
}
