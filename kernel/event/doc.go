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
// # What is promised
//
//   - Delivery at least once, and the effect of [Apply] exactly once: the inbox is written in the effect's own
//     transaction. Effects elsewhere, such as a mail, may be doubled when a process is killed; give them the event's id.
//   - In order for each subscriber and key. Across keys there is no order. An event that fails holds up its own lane
//     alone; after [Config.MaxAttempts] the lane is parked with its error until [Dispatcher.Replay].
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
// A dispatcher that finds nothing says so in a table and listens; publishers notify while somebody is asleep and save
// the trouble otherwise. It lies down only once no publisher is under way that could not have known.
//
// # Retention
//
// Handled events and their inbox rows are kept for [Retention], 30 days, for whoever asks what happened, and then removed by
// [Dispatcher.Sweep], which the host calls daily. What waits or is parked is kept as long as its subscriber is installed.
//
// # Map
//
//   - publish.go: [Publish], [Tx]; check.go: what an event may not carry
//   - subscription.go: [Event], [On]; apply.go: [Apply]
//   - install.go: [Install], what the host tells the database at start; migrations: the tables and functions
//   - dispatcher.go, config.go: [Dispatcher]; scout.go finds lanes, worker.go empties them, sleep.go waits
//   - lanes.go: the SQL about lanes; admin.go: [Dispatcher.Replay], [Dispatcher.Parked], [Dispatcher.Sweep]
package event
