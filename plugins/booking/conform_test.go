package booking_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/plugins/booking"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

func TestConform(t *testing.T) { kerneltest.ConformEverywhere(t, subject) }

func subject() kerneltest.Subject {
	var rooms, hours, days atomic.Int64
	hour := func() *timestamppb.Timestamp {
		return timestamppb.New(monday.Add(time.Duration(hours.Add(1)) * time.Hour))
	}
	return kerneltest.Subject{
		Module: booking.ID,
		// One who calls all methods as everybody holds more than one may.
		Options: kerneltest.Options{
			Assemble: withBooking, Now: kerneltest.NewClock(monday).Now, Config: `modules: {clientmanager: {settings: {registration: {open: true}}}, accountmanager: {settings: {letters: module}},
				booking: {settings: {holds_each: 50, visitors: {open: true, at_once: 10000}}}}`,
		},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			// Resources are the business's: their names say nothing of a client's.
			v1.ResourceService_CreateResource_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateResourceRequest).Resource = &v1.Resource{Name: fmt.Sprintf("Room %d", rooms.Add(1)), Opens: "00:00", Closes: "24:00", Public: true}
			},
			v1.BookingService_CreateBooking_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateBookingRequest).StartTime = hour()
			},
			v1.BookingService_MoveBooking_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.MoveBookingRequest)
				r.StartTime, r.ResourceId, r.Revision = hour(), "", 0
			},
			v1.HoldService_CreateHold_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateHoldRequest).StartTime = hour()
			},
			v1.HoldService_ConfirmHold_FullMethodName: func(m proto.Message, side *kerneltest.Side) {
				if id := side.IDs["cabinet.booking.v1.Hold"]; id != "" {
					m.(*v1.ConfirmHoldRequest).Id = id
				}
			},
			v1.GuestService_StartGuestBooking_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r, at := m.(*v1.StartGuestBookingRequest), hour().AsTime()
				r.Day, r.Time = at.Format(time.DateOnly), at.Format("15:04")
			},
			v1.GuestService_SendGuestBooking_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.SendGuestBookingRequest).Phone = "+380671112233"
			},
			// A day has one exception. None that is sampled is on a day that is booked.
			v1.HoursService_CreateHourException_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				day := monday.AddDate(2, 0, int(days.Add(1))).Format(time.DateOnly)
				m.(*v1.CreateHourExceptionRequest).Exception = &v1.HourException{Day: day, Reason: "Holiday " + day}
			},
			v1.HoursService_UpdateHourException_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.UpdateHourExceptionRequest)
				r.Exception = &v1.HourException{Id: r.GetException().GetId(), Reason: "Another holiday"}
				r.UpdateMask = &fieldmaskpb.FieldMask{Paths: []string{"reason"}}
			},
			// Open all day, all week: what the other samples book is not kept out.
			v1.HoursService_UpdateHours_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.UpdateHoursRequest)
				all := "00:00–24:00"
				r.Hours = &v1.Hours{Monday: all, Tuesday: all, Wednesday: all, Thursday: all, Friday: all, Saturday: all, Sunday: all}
				r.UpdateMask = &fieldmaskpb.FieldMask{Paths: []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}}
			},
			v1.SlotService_ListClosedTimes_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				r := m.(*v1.ListClosedTimesRequest)
				r.FromTime, r.UntilTime = timestamppb.New(monday), timestamppb.New(monday.AddDate(0, 0, 7))
			},
		},
	}
}

// The program, which a third party would write as it stands, in a portal that has no booking of its own: the same rights,
// line by line.
func TestConformAsAProgram(t *testing.T) {
	s := subject()
	s.Assemble, s.Programs = withoutBooking, map[string]string{booking.ID: program(t)}
	kerneltest.Conform(t, s)
}
