package screen

import (
	"github.com/a-h/templ"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// SwitchRoute is where the web server takes whom a contact wants to act for, as the field SwitchField.
const (
	SwitchRoute = "/switch-client"
	SwitchField = "client_id"
)

// sisters are the other legal entities of the customer, each with its button; nil where there are none, or the screen
// shows none.
func (e *Env) sisters(sc *Screen) templ.Component {
	if !sc.Sisters || len(e.Sisters) < 2 {
		return nil
	}
	return ui.Section(ui.SectionBox{ID: "sisters", Title: e.Text.T("kernel.sisters.title"), Content: ui.Sisters(ui.Switch{
		Label: e.Text.T("kernel.sisters.act"), Acting: e.Text.T("kernel.sisters.current"),
		Action: e.href(SwitchRoute), CSRF: e.CSRF, Name: SwitchField, Items: e.Sisters,
	})})
}
