package screen

import (
	"net/url"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// progressEvery is how often, in seconds, a page looks how far an import is.
const progressEvery = 2

// importProgress shows how far an import is that goes on by itself. The page asks again until it is done, with script or
// without.
func (s *Set) importProgress(e *Env, sc *Screen, in imported) *Page {
	page := s.importPage(e, sc, 2, nil, nil)
	percent := 0
	if in.rows > 0 {
		percent = int(min(100, in.rowsDone*100/in.rows))
	}
	said := e.Text.T("kernel.import.progress", "done", e.Text.Number(in.rowsDone), "rows", e.Text.Number(in.rows))
	again := ui.Button{
		Label: e.Text.T("kernel.import.refresh"), Icon: "refresh", Href: e.href(e.Path) + "?id=" + url.QueryEscape(in.id) + "&step=check",
	}
	page.Body = ui.Join(page.Body, ui.Section(ui.SectionBox{
		ID: "progress", Title: e.Text.T("kernel.import.progress_title", "file", in.fileName),
		Content: ui.Stack(ui.Progress(said, percent), ui.Prose(said), ui.Prose(e.Text.T("kernel.import.progress_hint")), ui.Buttons([]ui.Button{again})),
	}))
	page.Refresh = progressEvery
	return page
}
