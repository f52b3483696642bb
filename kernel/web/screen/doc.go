// Package screen renders the pages that modules describe as data: lists, details, forms, import wizards and the
// dashboard. It reads contracts by their descriptors and calls them through the router as the reader, so a page can
// show nothing that its reader may not call.
//
// Screens are compiled when the portal starts: one that names a method or field its contract lacks stops the portal,
// with the name and the nearest known one.
//
//	compile*.go screens checked against contracts
//	list.go     lists; filters.go what narrows them
//	detail.go   details; related.go the lists on them
//	calendar.go what has a beginning and an end; calendar_view.go addresses, calendar_axis.go hours and places,
//	           calendar_load.go what is asked for, calendar_draw.go days, weeks, months and rows, calendar_move.go
//	subject.go  which message of a request or response a screen is about
//	path.go     addresses with braces
//	fill.go     what a reader typed, put into a message
//	form.go     forms drawn; form_send.go taken; conflict.go when somebody was faster
//	rows.go     repeated messages as tables; form_rows.go asked for row by row, rows_typed.go what came of it
//	chosen.go   rows that were chosen in a list, in a form
//	views.go    views of lists that their readers saved
//	extra.go    fields that the integrator added
//	money.go    amounts that forms ask for
//	value.go    what a message holds, put into words
package screen
