package booking_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// story fills a portal with what a calendar of a business has: several resources, a busy week, a fair at night.
func story(t *testing.T, p *kerneltest.Portal, head *kerneltest.User) (contact *kerneltest.User) {
	t.Helper()
	var resources []string
	for _, r := range []*v1.Resource{
		{Name: "Crew 1", Description: "3 engineers"}, {Name: "Crew 2", Description: "2 engineers"}, {Name: "Service line", Description: "remote", Opens: "07:00", Closes: "22:00"},
		{Name: "Lift platform 12 m", Description: "from the depot", Opens: "08:00", Closes: "17:00"}, {Name: "Training room", Description: "12 seats"},
	} {
		made, err := v1.NewResourceServiceClient(head.Conn).CreateResource(t.Context(), &v1.CreateResourceRequest{RequestId: store.NewID(), Resource: r})
		require.NoError(t, err)
		resources = append(resources, made.GetResource().GetId())
	}
	var clients []string
	for _, name := range []string{"Zerno Roastery", "Karpaty Grand Hotel", "Clinic “Zirka”", "Bakery “Palianytsia”", "Data hall “Opora”", "School of Wine"} {
		clients = append(clients, p.Client(t, name))
	}
	contact = p.Contact(t, clients[0], "client.director")
	for i, b := range []struct {
		client, resource, day int
		at                    string
		minutes               int32
	}{
		{2, 0, 0, "09:00", 180}, {3, 0, 0, "13:30", 210}, {1, 0, 1, "09:00", 540}, {1, 0, 2, "09:00", 540}, {5, 0, 4, "10:00", 120},
		{0, 1, 0, "14:30", 120}, {0, 1, 3, "09:00", 240}, {4, 1, 4, "09:00", 540}, {4, 2, 0, "11:00", 30}, {5, 2, 2, "15:00", 30}, {0, 2, 2, "15:30", 45},
		{3, 2, 3, "08:00", 60}, {1, 3, 1, "09:00", 480}, {1, 3, 2, "09:00", 480}, {0, 3, 3, "08:30", 270}, {0, 4, 2, "10:00", 360}, {2, 4, 5, "10:00", 240},
		{0, 1, 8, "10:00", 60}, {0, 1, 9, "10:00", 60}, {2, 0, 10, "09:00", 60}, {2, 1, 10, "09:00", 90}, {3, 2, 10, "09:00", 30}, {4, 3, 10, "09:30", 90}, {5, 4, 10, "10:00", 60}, {1, 0, 10, "14:00", 60},
	} {
		_, err := bookings(head).CreateBooking(t.Context(), &v1.CreateBookingRequest{
			RequestId: store.NewID(), ClientId: clients[b.client], ResourceId: resources[b.resource],
			Day: monday.AddDate(0, 0, b.day).Format(time.DateOnly), Time: b.at, Minutes: b.minutes,
		})
		require.NoError(t, err, "booking %d", i)
	}
	return contact
}

// What a business's week looks like, in every view, size and theme.
func TestCalendarInABrowser(t *testing.T) {
	ctx := browser(t)
	p, clock := open(t)
	head := p.Head(t)
	contact := story(t, p, head)
	clock.Move(4*time.Hour + 20*time.Minute) // 12:20
	for _, who := range []struct {
		name, path string
		user       *kerneltest.User
		views      []string
	}{
		{"staff", "/bookings/calendar", head, []string{"rows-week", "rows", "week", "day", "month"}},
		{"contact", "/bookings/my-calendar", contact, []string{"month", "week", "day"}},
	} {
		signIn(t, ctx, p, who.user)
		for _, view := range who.views {
			for _, size := range []struct {
				name          string
				width, height int64
			}{{"desk", 1440, 900}, {"phone", 390, 844}} {
				for _, scheme := range []string{"light", "dark"} {
					name := fmt.Sprintf("%s-%s-%s-%s", who.name, view, size.name, scheme)
					t.Run(name, func(t *testing.T) {
						look(t, ctx, name, p.URL()+who.path+"?view="+view, size.width, size.height, scheme)
					})
				}
			}
		}
	}
}
