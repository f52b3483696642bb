package event

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// ScheduleDue is the type of the events by which the clock wakes schedules. No module may publish it.
const ScheduleDue protoreflect.FullName = "cabinet.kernel.v1.ScheduleDue"

// CatchUp is what becomes of runs that came due while no portal ran.
type CatchUp string

// The rules. Whichever it is, a run is left out while another that came before still waits, is under way or is parked,
// but with CatchUpEach, where up to Most wait.
const (
	// CatchUpSkip leaves out what came due more than [Late] ago.
	CatchUpSkip CatchUp = "skip"
	// CatchUpOnce runs once for all that were missed, as the latest of them.
	CatchUpOnce CatchUp = "once"
	// CatchUpEach runs each that was missed, the oldest first, and at most the latest Schedule.Most of them.
	CatchUpEach CatchUp = "each"
)

// Late is how late a run may come, with [CatchUpSkip], and still not be taken for missed.
const Late = time.Minute

// mostRuns is the largest Schedule.Most.
const mostRuns = 1000

// Schedule is when something is done again and again.
type Schedule struct {
	// Title is the key, in the module's texts, of what it does. Required.
	Title string
	// Cron is when, in the portal's time zone: five fields, minute, hour, day of the month (L is the last), month and day
	// of the week, as "30 3 * * *"; or @hourly, @daily, @weekly, @monthly or @yearly. An hour that is left out when clocks
	// go forward runs at the moment they do; one that comes twice runs once, but what runs every hour runs in both.
	Cron string
	// CatchUp is what becomes of missed runs. Required.
	CatchUp CatchUp
	// Most is how many runs may wait at once, with [CatchUpEach]. Default 100, at most 1,000.
	Most int
}

func (s *Schedule) validate() error {
	if s.Title == "" {
		return errors.New("it has no title: give the key of a text that says what it does")
	}
	switch s.CatchUp {
	case CatchUpSkip, CatchUpOnce, CatchUpEach:
	default:
		return fmt.Errorf("the rule for missed runs is %q: use %q, %q or %q", s.CatchUp, CatchUpSkip, CatchUpOnce, CatchUpEach)
	}
	if s.Most < 0 || s.Most > mostRuns || s.Most > 0 && s.CatchUp != CatchUpEach {
		return fmt.Errorf("at most %d runs are to wait: that may be 1 to %d, and is for the rule %q alone", s.Most, mostRuns, CatchUpEach)
	}
	_, err := parseCron(s.Cron, time.UTC)
	return err
}

// most is how many runs may wait.
func (s *Schedule) most() int {
	switch {
	case s.CatchUp != CatchUpEach:
		return 1
	case s.Most == 0:
		return 100
	}
	return s.Most
}

// OnSchedule has fn run by the clock, once for each time that is due, whatever number of portals there are on the database. A
// run is an event: it acts as the module, is tried again when it fails and parked in the end, and writes through
// [Apply]. The module is the first part of the subscriber's name, which is the schedule's. due.DueTime says for when
// the run was planned.
func OnSchedule(subscriber string, s Schedule, fn func(ctx context.Context, e Event, due *kernelv1.ScheduleDue) error) Subscription {
	sub := On(subscriber, fn)
	sub.Schedule = &s
	return sub
}

// planned is a row of kernel.schedule that is due.
type planned struct {
	Name, Cron, Zone string
	CatchUp          CatchUp
	Most             int
	Next             time.Time
}

// runs are those to publish now, and when the next one is due: zero when there is none.
func (p planned) runs(now time.Time) (runs []time.Time, following time.Time, err error) {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return nil, following, err
	}
	c, err := parseCron(p.Cron, zone)
	if err != nil {
		return nil, following, err
	}
	runs = c.missed(p.Next, now, p.Most)
	if p.CatchUp == CatchUpSkip && now.Sub(runs[len(runs)-1]) > Late {
		runs = nil
	}
	return runs, c.next(now), nil
}
