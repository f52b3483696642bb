// Package event carries what happened from the module that did it to the modules that care.
//
// An event is a protobuf message of the publisher's contract. It carries ids, amounts and states, never names, addresses
// or texts: the outbox and its backups outlive an erasure ([Check] refuses what a contract itself calls such).
//
//	err := event.Publish(ctx, tx, clientID, &clientmanagerv1.ClientSuspended{ClientId: clientID})
//
// writes with the publisher's transaction: what is rolled back was never published. The subscriber hears it within a second:
//
//	event.On("accountmanager.end-sessions", func(ctx context.Context, e event.Event, m *clientmanagerv1.ClientSuspended) error {
//		return event.Apply(ctx, store, func(ctx context.Context, tx *store.Tx) error { … })
//	})
//
// A job is an event that is due later, and can be taken back until then:
//
//	err := event.PublishAt(ctx, tx, due.AddDate(0, 0, -3), invoiceID, &finsystemv1.InvoiceDueSoon{InvoiceId: invoiceID})
//	err := event.Cancel(ctx, tx, invoiceID, &finsystemv1.InvoiceDueSoon{}) // it was paid
//
// A schedule is a subscriber that the clock wakes, in the portal's time zone:
//
//	event.OnSchedule("finsystem.remind", event.Schedule{
//		Title: "finsystem.schedules.remind", Cron: "0 9 * * 1-5", CatchUp: event.CatchUpOnce,
//	}, func(ctx context.Context, e event.Event, due *kernelv1.ScheduleDue) error { … })
//
// An event whose contract says that it is a happening (cabinet.kernel.v1.happening) stands on the timeline of the client that it is
// about: whichever module subscribes to cabinet.kernel.v1.Happened is handed each as such.
//
// # What is promised
//
//   - Delivery at least once, and the effect of [Apply] exactly once: the inbox is written in the effect's own
//     transaction. Effects elsewhere, such as a mail, may be doubled when a process is killed; give them the event's id.
//   - In order for each subscriber and key. Across keys there is no order. An event that fails holds up its own lane
//     alone; after [Config.MaxAttempts] the lane is parked with its error until [Dispatcher.Replay].
//   - A job is published once, within a second of its time, and in the order of times within its key; one that was planned when
//     its time had passed comes after those that had come already. From then on it is an event like any other.
//   - A run of a schedule is published once, whatever number of portals there are and whenever one of them is killed.
//     What was missed while none ran is caught up with as the schedule says: see [CatchUp]. Runs do not pile up behind one that
//     keeps failing.
//   - A subscriber gets the events that were published after it was installed, none from before.
//   - The database lets a module publish the types of its own contracts and apply events of its own subscribers, by the
//     role of the session. In the portal's process, whose login may take the role of any module, that stops mistakes; a
//     plugin's login is a member of its own roles alone.
//
// # How
//
// A lane is a row: the events of one key for one subscriber. Publishing locks the lanes it touches and only then takes
// numbers for its events, so that within a lane numbers are in the order of commits. Transactions that publish run at
// read committed. Dispatchers, any number on any number of nodes, lease due lanes and hand their events to
// handlers with no transaction held; each statement about a lane names its lease, so a dispatcher that was
// stalled past its lease changes nothing.
//
// Jobs wait in a table of their own. Whichever dispatcher finds some due moves them to the outbox in one statement, one
// dispatcher at a time for each key. A lane that somebody holds leaves its jobs where they are and holds up no others. A
// schedule is a row with its next time; whoever moves that on publishes the runs up to then in the same statement, and
// who comes second changes nothing. So there is no moment at which a dispatcher has taken something and not published it.
//
// A dispatcher that finds nothing says so in a table and listens; publishers notify while somebody is asleep and save
// the trouble otherwise. It lies down only once no publisher is under way that could not have known. It sleeps until the
// next lane, job or schedule is due, and is woken for a job that is due before it would look again by itself.
//
// # Retention
//
// Handled events and their inbox rows are kept for [Retention], 30 days, for whoever asks what happened, and then removed by
// [Dispatcher.Sweep], which the host calls every night. What waits or is parked is kept as long as its subscriber is installed.
//
// # Map
//
//   - publish.go: [Publish], [PublishAt], [Cancel], [Tx]; check.go: what an event may not carry
//   - subscription.go: [Event], [On]; apply.go: [Apply]
//   - schedule.go: [OnSchedule], [Schedule]; cron.go: when it is due, also when clocks change
//   - install.go, install_schedules.go: [Install], what the host tells the database at start; migrations: the tables and functions
//   - dispatcher.go, config.go: [Dispatcher]; scout.go finds lanes, worker.go empties them, sleep.go waits
//   - lanes.go: the SQL about lanes; later.go: about jobs and schedules that are due
//   - parked.go: [Dispatcher.Parked], [Dispatcher.Replay]; watch.go: lanes and schedules as they stand; sweep.go: [Dispatcher.Sweep]
package event
