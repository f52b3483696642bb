package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	bookingv1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// What clients book, and when the first ones come: days from now.
var (
	bookable = []*bookingv1.Resource{
		{Name: "Engineer’s visit", Description: "An engineer looks at what you have and says what it needs.", SlotMinutes: 120, AfterMinutes: 30, NoticeMinutes: proto.Int32(240), ChangeHours: proto.Int32(24), Public: true},
		{Name: "Showroom", Description: "See and hear the machines run, with somebody who knows them.", SlotMinutes: 60, BeforeMinutes: 10, Public: true},
	}
	// When the company is open, and the showroom where that differs: it has its lunch.
	week     = &bookingv1.Hours{Monday: "08:00–20:00", Tuesday: "08:00–20:00", Wednesday: "08:00–20:00", Thursday: "08:00–20:00", Friday: "08:00–20:00", Saturday: "09:00–15:00"}
	showroom = &bookingv1.Hours{Monday: "10:00–13:00, 14:00–18:00", Tuesday: "10:00–13:00, 14:00–18:00", Wednesday: "10:00–13:00, 14:00–18:00", Thursday: "10:00–13:00, 14:00–19:00", Friday: "10:00–13:00, 14:00–18:00"}
	weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
	holidays = []struct {
		month  time.Month
		day    int
		reason string
	}{{time.January, 1, "New Year’s Day"}, {time.August, 24, "Independence Day"}}
	visits = []struct {
		client string
		what   int
		days   int
		time   string
		note   string
	}{
		{"Zerno Roastery", 0, 2, "10:00", "The extract fan over the second roaster is loud."},
		{"Zerno Roastery", 1, 6, "15:00", ""},
		{"Karpaty Grand Hotel", 0, 3, "14:00", "The lift hall is cold in the mornings."},
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
	if err := t.hours(ctx, ids[1]); err != nil {
		return err
	}
	for _, v := range visits {
		// The day is part of what is asked once: told again on another day, it is another booking.
		day := workday(v.days).Format(time.DateOnly)
		_, err := bookingv1.NewBookingServiceClient(t.kernel).CreateBooking(ctx, &bookingv1.CreateBookingRequest{
			RequestId: once("visit " + v.client + day + v.time), ClientId: t.clients[v.client], ResourceId: ids[v.what], Day: day, Time: v.time, Note: v.note,
		})
		if err != nil {
			return fmt.Errorf("a visit to %s: %w", v.client, err)
		}
	}
	return nil
}

// hours says when the company is open, and on which days ahead it is not.
func (t *teller) hours(ctx context.Context, showroomID string) error {
	client, mask := bookingv1.NewHoursServiceClient(t.kernel), &fieldmaskpb.FieldMask{Paths: weekdays}
	for id, hours := range map[string]*bookingv1.Hours{"": week, showroomID: showroom} {
		if _, err := client.UpdateHours(ctx, &bookingv1.UpdateHoursRequest{ResourceId: id, Hours: hours, UpdateMask: mask}); err != nil {
			return fmt.Errorf("opening hours: %w", err)
		}
	}
	for _, h := range holidays {
		day := holiday(h.month, h.day).Format(time.DateOnly)
		_, err := client.CreateHourException(ctx, &bookingv1.CreateHourExceptionRequest{
			RequestId: once("holiday " + day), Exception: &bookingv1.HourException{Day: day, Reason: h.reason},
		})
		if err != nil && status.Code(err) != codes.AlreadyExists {
			return fmt.Errorf("%s: %w", h.reason, err)
		}
	}
	return nil
}

// holiday is when a day of the year comes next.
func holiday(month time.Month, day int) time.Time {
	now := time.Now()
	next := time.Date(now.Year(), month, day, 12, 0, 0, 0, now.Location())
	if next.Before(now) {
		next = next.AddDate(1, 0, 0)
	}
	return next
}

// workday is a day on which all is open, at least so many days from now.
func workday(days int) time.Time {
	day := time.Now().AddDate(0, 0, days)
	shut := func() bool {
		for _, h := range holidays {
			if day.Month() == h.month && day.Day() == h.day {
				return true
			}
		}
		return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
	}
	for shut() {
		day = day.AddDate(0, 0, 1)
	}
	return day
}
