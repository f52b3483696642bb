// Package web serves a portal's pages: sessions, layout, the pages of sign-in, and the screens of modules. It is the
// only package that knows the web framework; modules see net/http at most.
//
//	web.go      Server: what it needs, its routes
//	session.go  from a cookie to who is acting
//	guard.go    headers, limits, tokens against forged posts
//	gate.go     sign-in, invitations, sign-out
//	challenge.go, factors.go, prove.go, passkeys.go  second factors, proofs, passkeys
//	external.go sign-in by an account at an outside provider
//	phone.go    sign-in by a code sent to a phone
//	pages.go    screens, actions, the first page
//	layout.go   what surrounds a page: navigation, account, switch of the client
//	prefs.go    language, theme, and the client acted for
//	errors.go   errors as pages
//	view_as.go  pages of a contact, for a member of staff who acts as them
//	flash.go    what the last form did, said on the next page
//	live.go     pages that refresh themselves; the bell
package web
