// Package ui holds the parts that pages are made of: structs in, HTML out.
//
// A part knows nothing of where its data comes from. It speaks no language: every word a reader sees is passed in by the
// caller, already translated, and so is every formatted date, number and amount. It writes no inline style and no inline
// script, so that a page stands under `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:`.
//
// A page is rendered with a context that knows the addresses of the stylesheets, the script and the icons:
//
//	ctx = ui.WithAssets(ctx, bundle)
//	err := ui.Layout(shell, ui.Join(ui.PageHead(head), ui.List(table))).Render(ctx, w)
//
// Map of the package:
//
//	layout, menus   Layout: rail, top bar, bottom bar, banner, account menu, switch of the client
//	gate            Gate: pages without a session (sign-in, invitation, errors)
//	errorpage       ErrorBody: what is the matter, what to do next
//	head, section   PageHead with crumbs and actions; Section, Columns, Panel
//	table, pager    Table: sorting, cards on phones, choosing rows, one bulk bar; Pager
//	filters         Filters: search, chips, one sheet on phones
//	form, field     Form with every kind of Field, summary of errors, hidden values, CSRF token
//	rowset          FieldRows: fields in rows, a table or a card for each
//	passkey         PasskeyForm: a form that the browser answers with a passkey
//	facts           Facts, Timeline, Steps, Tiles, Figures, Todos
//	value           Value: one thing shown in a cell, a fact or a tile
//	badge, avatar, button, notice, empty, tabs, person, copylink, confirm: small parts
//
// What reads on its own works without script: menus are popovers, filters are forms, a dialogue has a page behind it. Parts
// that only a script can drive (copying, dismissing) stay hidden until the script shows them.
package ui
