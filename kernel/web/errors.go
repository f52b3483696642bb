package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// pageError is an error with a page of its own.
type pageError struct {
	status int
	key    string // the title; key+"_hint" is the text
	said   string // the text in its stead, where it says more
}

func (e *pageError) Error() string { return e.key }

// look finds the HTTP status and the texts of an error.
func look(err error) (code int, key string) {
	var page *pageError
	var web *echo.HTTPError
	switch {
	case errors.As(err, &page):
		return page.status, page.key
	case errors.Is(err, errForged):
		return http.StatusForbidden, "kernel.error.forged"
	case errors.As(err, &web):
		switch web.Code {
		case http.StatusNotFound, http.StatusMethodNotAllowed:
			return http.StatusNotFound, "kernel.error.not_found"
		case http.StatusRequestEntityTooLarge:
			return web.Code, "kernel.error.too_large"
		case http.StatusTooManyRequests:
			return web.Code, "kernel.error.too_many"
		case http.StatusBadRequest:
			return web.Code, "kernel.error.bad_request"
		}
		return http.StatusInternalServerError, "kernel.error.internal"
	}
	if key := asAnother(err); key != "" {
		return http.StatusForbidden, key
	}
	switch status.Code(err) {
	case codes.NotFound:
		return http.StatusNotFound, "kernel.error.not_found"
	case codes.PermissionDenied:
		return http.StatusForbidden, "kernel.error.not_allowed"
	case codes.Unauthenticated:
		return http.StatusUnauthorized, "kernel.error.signed_out"
	case codes.InvalidArgument, codes.OutOfRange:
		return http.StatusBadRequest, "kernel.error.bad_request"
	case codes.AlreadyExists, codes.Aborted, codes.FailedPrecondition:
		return http.StatusConflict, "kernel.error.conflict"
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests, "kernel.error.too_many"
	case codes.Unavailable, codes.DeadlineExceeded, codes.Unimplemented:
		return http.StatusServiceUnavailable, "kernel.error.unavailable"
	}
	return http.StatusInternalServerError, "kernel.error.internal"
}

// showError shows an error as a page: inside the layout when somebody is signed in, at the gate otherwise.
func (s *Server) showError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	code, key := look(err)
	ctx := c.Request().Context()
	if ctx.Err() != nil {
		return // nobody is there to read a page, and nothing is wrong with us
	}
	reference := s.NewID()
	if code >= http.StatusInternalServerError {
		s.Log.ErrorContext(ctx, "a page failed", "path", c.Path(), "status", code, "error", err, "reference", reference)
	}
	text := s.text(c)
	problem := ui.Problem{Status: code, Title: text.T(key), Text: text.T(key + "_hint")}
	var page *pageError
	if errors.As(err, &page) {
		problem.Text = cmp.Or(page.said, problem.Text)
	} else if said := screen.Said(text, err); said != "" {
		problem.Text = said
	} else if said := status.Convert(err).Message(); code == http.StatusConflict && said != "" {
		problem.Text = said
	}
	if code >= http.StatusInternalServerError {
		problem.CodeLabel, problem.Code = text.T("kernel.error.reference"), reference
	}
	home := ui.Button{Label: text.T("kernel.error.home"), Href: s.href("/")}
	if code == http.StatusUnauthorized {
		home = ui.Button{Label: text.T("kernel.sign_in.submit"), Href: s.href("/sign-in"), Kind: ui.ButtonPrimary}
	}
	problem.Actions = append(problem.Actions, home)
	if visitorOf(c).identity != nil && strings.HasPrefix(c.Request().URL.Path, s.Base) {
		shell := s.shell(c, s.env(c, nil), problem.Title)
		err = s.render(c, code, ui.Layout(shell, ui.ErrorBody(problem)))
	} else {
		shell := ui.GateShell{
			Document: ui.Document{Lang: text.Language(), Title: problem.Title + " · " + s.Name, Theme: theme(c)},
			Brand:    ui.BrandMark{Name: s.Name, Href: s.href("/")}, Cancel: text.T("kernel.cancel"),
		}
		err = s.render(c, code, ui.Gate(shell, ui.ErrorBody(problem)))
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "an error page failed", "error", err)
	}
}
