package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	bookingv1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// What clients book, and when the first ones come: days from now.
var (
	bookable = []*bookingv1.Resource{
		{Name: "Engineer’s visit", Description: "An engineer looks at what you have and says what it needs.", Opens: "08:00", Closes: "20:00", SlotMinutes: 120},
		{Name: "Showroom", Description: "See and hear the machines run, with somebody who knows them.", Opens: "09:00", Closes: "18:00", SlotMinutes: 60},
	}
	visits = []struct {
		client string
		what   int
		days   int
		time   string
		note   string
	}{
		{"Zerno Roastery", 0, 2, "10:00", "The extract fan over the second roaster is loud."},
		{"Zerno Roastery", 1, 6, "15:00", ""},
	}
)

// visits makes what can be booked, and books some of it.
func (t *teller) visits(ctx context.Context) error {
	var ids []string
	for _, r := range bookable {
		made, err := bookingv1.NewResourceServiceClient(t.kernel).CreateResource(ctx, &bookingv1.CreateResourceRequest{
			RequestId: once("resource " + r.GetName()), Resource: r,
		})
		if status.Code(err) == codes.Unimplemented {
			return nil // portal.yaml switches booking off
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.GetName(), err)
		}
		ids = append(ids, made.GetResource().GetId())
	}
	for _, v := range visits {
		// The day is part of what is asked once: told again on another day, it is another booking.
		day := time.Now().AddDate(0, 0, v.days).Format(time.DateOnly)
		_, err := bookingv1.NewBookingServiceClient(t.kernel).CreateBooking(ctx, &bookingv1.CreateBookingRequest{
			RequestId: once("visit " + v.client + day + v.time), ClientId: t.clients[v.client], ResourceId: ids[v.what], Day: day, Time: v.time, Note: v.note,
		})
		if err != nil {
			return fmt.Errorf("a visit to %s: %w", v.client, err)
		}
	}
	return nil
}
