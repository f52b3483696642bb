package module

import (
	"context"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Pages is a module with pages and downloads of its own, for what screens cannot say. Routes is asked once, after
// Register and before Start.
//
// The handler serves what lies below /m/ID/, ID being the module's, with that taken off: /m/booking/a/b comes as /a/b.
// [Base] is what to put before a path again, in links and redirects. It is the same handler in the portal's process and
// in one of the module's own, and sees the same requests:
//
//   - Only people who are signed in come, by GET and POST. Others are sent to sign in first. HEAD comes as GET.
//   - A POST is a form and has passed the check for forgery: it carried [CSRF] in a field "csrf". That token is good for
//     the module's own pages and nothing else of the portal.
//   - Of the browser's headers only those that a page needs are passed on. Cookies are the portal's alone, and what the
//     module sets is dropped.
//   - The request's context is the reader's: calls that the module makes with it, its own contracts' among them, are
//     decided upon as the reader's, and limited to what the manifest requires. Nothing was decided about the page itself,
//     so that the module's store shows no rows in it: a page reads through a contract, whose rules say who may, or with
//     [Host.Self] once it has found out that the reader may.
//   - The context ends with the reader's connection, and for a stream of events when the portal stops.
//
// With [Manifest.Hooks] what lies below /m/ID/hooks/ is for programs elsewhere, and comes otherwise: POSTs alone, from
// anybody, of up to [MostHook] bytes as they were sent, with no token, and with all headers but cookies and what the
// portal says itself. Nobody acts in their context but an address, so that the module stores what came with [Host.Self], and
// believes nothing of it that it has not verified. The answer is the status, and a short text.
//
// And the portal puts its own hand on what is answered:
//
//   - HTML with the header [TitleHeader] is put inside the layout, up to 4 MiB of it.
//   - Plain text, or nothing, with a status of 400 and more is a refusal: the reader sees the portal's page for it, with the
//     text that [ReasonHeader] names. http.NotFound and [Refuse] answer so.
//   - Anything else is passed on as it comes: downloads, JSON, streams, redirects within the portal. What is flushed
//     arrives at once.
//   - Headers that speak for the whole site are the portal's: its security policy stays, and a module's pages bring no
//     script of their own.
type Pages interface {
	Routes() http.Handler
}

// MostHook is how much a program elsewhere may post at once, in bytes.
const MostHook = 1 << 20

// TitleHeader is the header whose presence has HTML put inside the layout: the page's title, in the reader's language.
const TitleHeader = "Cabinet-Title"

// ReasonHeader is the header of a refusal that says why: a key of the module's own texts.
const ReasonHeader = "Cabinet-Reason"

// Page is what a page of a module's own knows of where it is shown.
type Page struct {
	// Base is the address of the module's pages, without a slash at its end: "/m/booking", or "/my/m/booking".
	Base string `json:"base"`
	// CSRF is the token that the page's forms carry.
	CSRF string `json:"csrf"`
	// Language is the reader's, of those the portal offers: "uk".
	Language string `json:"language"`
}

type pageKey struct{}

// WithPage is for the kernel, which makes the contexts of pages.
func WithPage(ctx context.Context, p Page) context.Context {
	return context.WithValue(ctx, pageKey{}, p)
}

// PageOf is the page that is being served; zero outside of one.
func PageOf(ctx context.Context) Page {
	p, _ := ctx.Value(pageKey{}).(Page)
	return p
}

// CSRF is the token for a form of the page: the value of its hidden field "csrf".
func CSRF(ctx context.Context) string { return PageOf(ctx).CSRF }

// Base is what stands before the paths of the module's own pages.
func Base(ctx context.Context) string { return PageOf(ctx).Base }

// Language is the reader's.
func Language(ctx context.Context) string { return PageOf(ctx).Language }

// Refuse answers a page with what a call said: NOT_FOUND is a page that is not there, and so on. The reader is told the reason of
// a [Refusal], in their language, and nothing else of what went wrong.
func Refuse(w http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	switch status.Code(err) {
	case codes.NotFound:
		code = http.StatusNotFound
	case codes.PermissionDenied:
		code = http.StatusForbidden
	case codes.Unauthenticated:
		code = http.StatusUnauthorized
	case codes.InvalidArgument, codes.OutOfRange:
		code = http.StatusBadRequest
	case codes.AlreadyExists, codes.Aborted, codes.FailedPrecondition:
		code = http.StatusConflict
	case codes.ResourceExhausted:
		code = http.StatusTooManyRequests
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Unimplemented:
		code = http.StatusServiceUnavailable
	}
	for _, v := range Violations(err) {
		if v.GetReason() != "" {
			w.Header().Set(ReasonHeader, v.GetReason())
			break
		}
	}
	http.Error(w, http.StatusText(code), code)
}
