package booking_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/plugins/booking"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

func TestConform(t *testing.T) { kerneltest.ConformBoth(t, subject) }

func subject() kerneltest.Subject {
	var rooms, hours atomic.Int64
	return kerneltest.Subject{
		Module:  booking.ID,
		Options: kerneltest.Options{Assemble: withBooking, Now: kerneltest.NewClock(monday).Now},
		Samples: map[string]func(proto.Message, *kerneltest.Side){
			// Resources are the business's: their names say nothing of a client's.
			v1.ResourceService_CreateResource_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateResourceRequest).Resource = &v1.Resource{Name: fmt.Sprintf("Room %d", rooms.Add(1)), Opens: "00:00", Closes: "24:00"}
			},
			v1.BookingService_CreateBooking_FullMethodName: func(m proto.Message, _ *kerneltest.Side) {
				m.(*v1.CreateBookingRequest).StartTime = timestamppb.New(monday.Add(time.Duration(hours.Add(1)) * time.Hour))
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
