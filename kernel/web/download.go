package web

import (
	"mime"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/opencabinet/cabinet/kernel/web/screen"
)

// download sends a file. Once it has begun, an error breaks the connection: half of a file must not pass for the whole.
func (s *Server) download(c echo.Context, d *screen.Download) error {
	h := c.Response().Header()
	h.Set("Content-Type", d.ContentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": d.Name}))
	h.Set("Content-Length", strconv.FormatInt(d.Bytes, 10))
	c.Response().WriteHeader(http.StatusOK)
	if err := d.Write(c.Response()); err != nil {
		s.Log.WarnContext(c.Request().Context(), "a file was not sent to its end", "file", d.Name, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}
