package web

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// env is what a screen needs of this request.
func (s *Server) env(c echo.Context, sc *screen.Screen) *screen.Env {
	path := c.Request().URL.Path[len(s.Base):]
	e := &screen.Env{
		Conn: s.Router, Text: s.text(c), Policy: s.Policy, Principal: visitorOf(c).principal,
		Base: s.Base, Origin: s.Origin, CSRF: s.csrfFor(c, ""), Now: s.Now(), NewID: s.NewID, Languages: s.Languages, WeekBegins: s.WeekBegins,
		Path: path, Vars: map[string]string{}, Query: c.QueryParams(),
	}
	e.ClientKind, e.Sisters = s.acting(visitorOf(c).identity)
	if sc != nil {
		for _, name := range sc.Vars() {
			e.Vars[name] = c.Param(name)
		}
	}
	return e
}

func (s *Server) home(c echo.Context) error {
	e := s.env(c, nil)
	head := ui.Head{
		Above: e.Text.DayMonth(e.Now),
		Title: e.Text.T(greeting(e.Now.In(e.Text.Zone()).Hour()), "name", firstName(visitorOf(c).identity.GetName())),
	}
	page, err := s.Screens.Dashboard(c.Request().Context(), e, head)
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, page, e)
}

func greeting(hour int) string {
	switch {
	case hour < 5, hour >= 22:
		return "kernel.home.hello"
	case hour < 12:
		return "kernel.home.morning"
	case hour < 18:
		return "kernel.home.day"
	default:
		return "kernel.home.evening"
	}
}

func firstName(name string) string {
	for i, r := range name {
		if r == ' ' {
			return name[:i]
		}
	}
	return name
}

func (s *Server) showScreen(sc *screen.Screen) echo.HandlerFunc {
	return func(c echo.Context) error {
		e := s.env(c, sc)
		page, err := s.Screens.Show(c.Request().Context(), e, sc)
		if err != nil {
			return err
		}
		return s.page(c, http.StatusOK, page, e)
	}
}

func (s *Server) submitScreen(sc *screen.Screen) echo.HandlerFunc {
	return func(c echo.Context) error {
		e := s.env(c, sc)
		file, err := upload(c)
		if err != nil {
			return err
		}
		page, err := s.Screens.Submit(c.Request().Context(), e, sc, c.Request().Form, file)
		if err != nil {
			return err
		}
		return s.page(c, http.StatusOK, page, e)
	}
}

// upload is the file that came with a form; nil when none did. A form has one at most.
func upload(c echo.Context) (*screen.File, error) {
	parts, err := c.MultipartForm()
	if err != nil || len(parts.File) != 1 {
		return nil, nil //nolint:nilerr // a form without a file
	}
	var field string
	var header *multipart.FileHeader
	for name, files := range parts.File {
		field, header = name, files[0]
	}
	opened, err := header.Open()
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "the file could not be read")
	}
	defer opened.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(opened)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "the file could not be read")
	}
	return &screen.File{Field: field, Name: header.Filename, Content: content}, nil
}

func (s *Server) act(c echo.Context) error {
	e := s.env(c, nil)
	page, err := s.Screens.Act(c.Request().Context(), e, c.Param("screen"), c.Param("action"), c.Request().Form)
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, page, e)
}

// openView leads to a saved view.
func (s *Server) openView(c echo.Context) error {
	response, err := kernelv1.NewViewServiceClient(s.Router).GetView(c.Request().Context(), &kernelv1.GetViewRequest{Id: c.Param("id")})
	switch code := status.Code(err); {
	case code == codes.InvalidArgument, code == codes.Unimplemented:
		return status.Error(codes.NotFound, "there is no such view")
	case err != nil:
		return err
	}
	to, ok := s.Screens.ViewPath(response.GetView())
	if !ok {
		return status.Error(codes.NotFound, "the list of this view is no more")
	}
	return c.Redirect(http.StatusSeeOther, s.href(to))
}

// page puts a screen into the layout, or sends the reader on.
func (s *Server) page(c echo.Context, code int, p *screen.Page, e *screen.Env) error {
	if p.Redirect != "" {
		s.flash(c, p.Notice)
		return c.Redirect(http.StatusSeeOther, s.href(p.Redirect))
	}
	if p.Download != nil {
		return s.download(c, p.Download)
	}
	if p.Invalid {
		code = http.StatusUnprocessableEntity
	}
	if p.Refresh > 0 {
		c.Response().Header().Set("Refresh", strconv.Itoa(p.Refresh))
	}
	shell := s.shell(c, e, p.Title)
	shell.Width = p.Width
	if shell.Live != nil {
		shell.Live.Topics, shell.Live.Form = p.Live, p.Form
	}
	return s.render(c, code, ui.Layout(shell, p.Body))
}

// asKernel is the request's context with the kernel acting, for what only the kernel may ask.
func (s *Server) asKernel(c echo.Context) context.Context {
	who := access.AsKernel()
	who.Place = place(c)
	return access.With(c.Request().Context(), who)
}

func (s *Server) switchClient(c echo.Context) error {
	v := visitorOf(c)
	_, err := s.identity.SwitchClient(s.asKernel(c), &kernelv1.SwitchClientRequest{SessionToken: v.token, ClientId: c.FormValue(screen.SwitchField)})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, s.href("/"))
}
