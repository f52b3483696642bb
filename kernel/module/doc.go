// Package module says what a module is. Authors of modules and plugins import it, and what it imports; nothing of it
// links the web server or anything else of the host.
//
// A module goes through its life in this order:
//
//  1. Its constructor receives typed clients of the contracts it calls. It keeps them and does nothing else: no
//     reading, no goroutine, no call. The others may not exist yet.
//  2. [Module.Manifest] says what it is: id, contracts provided and required, permissions, roles, screens, events,
//     migrations and texts. It is asked for more than once, and answers the same.
//  3. The kernel checks that manifests fit together, decodes the module's part of portal.yaml into what
//     [Configurable] gives it, and applies its migrations.
//  4. [Module.Register] binds what the manifest promised: services, event handlers, schedules. Still no call.
//  5. [Starter.Start], when it has one, once every module is registered. From here on calls come in.
//  6. [Stopper.Stop], when it has one, in reverse order, after the last call has left. Stopping is safe without a
//     start, and twice.
//
// A screen is data too: see [Screen], and [CalendarParts] for calendars.
package module
