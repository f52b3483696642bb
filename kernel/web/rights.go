package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// rolesPath is where some module lists the portal's roles. The pages below it are the kernel's: what roles open stands in
// too many columns, and is said in too many answers, for screens.
const rolesPath = "/roles"

func (s *Server) rightsRoutes(inside *echo.Group) {
	inside.GET(rolesPath+"/matrix", s.matrixPage)
	inside.GET(rolesPath+"/:id/edit", s.rightsPage)
	inside.POST(rolesPath+"/:id/edit", s.saveRights)
}

// matrixPage puts the roles of one side beside each other.
func (s *Server) matrixPage(c echo.Context) error {
	contacts := c.QueryParam("of") == "contacts"
	matrix, err := s.roles.GetAccessMatrix(c.Request().Context(), &kernelv1.GetAccessMatrixRequest{Staff: !contacts})
	if err != nil {
		return err
	}
	e := s.env(c, nil)
	words := reachWordsOf(e, !contacts)
	m := ui.Matrix{Caption: e.Text.T("kernel.matrix.title"), Corner: e.Text.T("kernel.matrix.right")}
	for _, role := range matrix.GetRoles() {
		m.Heads = append(m.Heads, ui.MatrixHead{Label: e.RoleTitle(role.GetId()), Href: s.href(rolesPath + "/" + url.PathEscape(role.GetId()))})
	}
	for _, reach := range words.order {
		m.Legend = append(m.Legend, ui.MatrixCell{Degree: degrees[reach], Text: words.of[reach]})
	}
	m.Legend = append(m.Legend, ui.MatrixCell{Changed: true, Text: e.Text.T("kernel.matrix.changed")})
	for _, row := range matrix.GetRows() {
		title := groupOf(e, row.GetPermission())
		if len(m.Groups) == 0 || m.Groups[len(m.Groups)-1].Title != title {
			m.Groups = append(m.Groups, ui.MatrixGroup{Title: title})
		}
		out := ui.MatrixRow{Label: e.Text.T(row.GetTitle())}
		for i, right := range row.GetRights() {
			cell := ui.MatrixCell{Degree: degrees[right.GetReach()], Text: m.Heads[i].Label + ": " + words.of[right.GetReach()], Changed: right.GetChanged()}
			out.Cells = append(out.Cells, cell)
		}
		group := &m.Groups[len(m.Groups)-1]
		group.Rows = append(group.Rows, out)
	}
	head := ui.Head{
		Title: m.Caption, Lead: e.Text.T("kernel.matrix.lead"), CrumbsLabel: e.Text.T("kernel.crumbs"),
		Crumbs: s.roleCrumbs(e, ui.Crumb{Label: m.Caption}),
	}
	sides := ui.Tabs(e.Text.T("kernel.matrix.sides"), []ui.Tab{
		{Label: e.Text.T("kernel.matrix.staff"), Href: s.href(rolesPath + "/matrix"), Current: !contacts},
		{Label: e.Text.T("kernel.matrix.contacts"), Href: s.href(rolesPath + "/matrix?of=contacts"), Current: contacts},
	})
	return s.page(c, http.StatusOK, &screen.Page{Title: m.Caption, Width: "wide", Body: ui.Join(ui.PageHead(head), sides, ui.MatrixBox(m))}, e)
}

var degrees = map[kernelv1.RoleReach]ui.Degree{
	kernelv1.RoleReach_ROLE_REACH_NONE: ui.DegreeNone, kernelv1.RoleReach_ROLE_REACH_GRANTED: ui.DegreeSome, kernelv1.RoleReach_ROLE_REACH_ALL: ui.DegreeAll,
}

// reachWords are what the reaches are called on a side: contacts never reach all clients, so theirs is yes or no.
type reachWords struct {
	order []kernelv1.RoleReach
	of    map[kernelv1.RoleReach]string
}

func reachWordsOf(e *screen.Env, staff bool) reachWords {
	w := reachWords{
		order: []kernelv1.RoleReach{kernelv1.RoleReach_ROLE_REACH_NONE, kernelv1.RoleReach_ROLE_REACH_GRANTED, kernelv1.RoleReach_ROLE_REACH_ALL},
		of: map[kernelv1.RoleReach]string{
			kernelv1.RoleReach_ROLE_REACH_NONE:    e.Text.T("kernel.matrix.none"),
			kernelv1.RoleReach_ROLE_REACH_GRANTED: e.Text.T("kernel.matrix.granted"),
			kernelv1.RoleReach_ROLE_REACH_ALL:     e.Text.T("kernel.matrix.all"),
		},
	}
	if !staff {
		w.order = w.order[:2]
		w.of[kernelv1.RoleReach_ROLE_REACH_GRANTED] = e.Text.T("kernel.matrix.own")
	}
	return w
}

// groupOf is the name of the module that a permission is of.
func groupOf(e *screen.Env, permission string) string {
	module, _, _ := strings.Cut(permission, ".")
	if title, found := e.Text.First(module + ".name"); found {
		return title
	}
	return module
}

// roleCrumbs lead back to the list of roles, where a module has one.
func (s *Server) roleCrumbs(e *screen.Env, last ...ui.Crumb) []ui.Crumb {
	for _, sc := range s.Screens.Screens() {
		if sc.Path == rolesPath {
			return append([]ui.Crumb{{Label: e.Text.T(sc.Title), Href: s.href(sc.Path)}}, last...)
		}
	}
	return nil
}

// rightsPage asks what a role is to open, all of it at once.
func (s *Server) rightsPage(c echo.Context) error {
	return s.rightsForm(c, http.StatusOK, nil, "")
}

func (s *Server) rightsForm(c echo.Context, code int, typed url.Values, wrong string) error {
	ctx, id := c.Request().Context(), c.Param("id")
	got, err := s.roles.GetRole(ctx, &kernelv1.GetRoleRequest{Id: id})
	if err != nil {
		return err
	}
	listed, err := s.roles.ListRoleRights(ctx, &kernelv1.ListRoleRightsRequest{RoleId: id})
	if err != nil {
		return err
	}
	e := s.env(c, nil)
	words := reachWordsOf(e, got.GetRole().GetStaff())
	var groups []ui.GradeGroup
	var was []ui.Hidden
	for _, right := range listed.GetRights() {
		module, _, _ := strings.Cut(right.GetPermission(), ".")
		if len(groups) == 0 || groups[len(groups)-1].ID != "g-"+module {
			groups = append(groups, ui.GradeGroup{ID: "g-" + module, Title: groupOf(e, right.GetPermission())})
		}
		grade := ui.Grade{Name: right.GetPermission(), Label: e.Text.T(right.GetTitle())}
		if right.GetChanged() {
			grade.Note = e.Text.T("kernel.matrix.was", "reach", words.of[right.GetPreset()])
		}
		chosen := right.GetReach().String()
		was = append(was, ui.Hidden{Name: wasField + right.GetPermission(), Value: chosen})
		if typed.Has(right.GetPermission()) {
			chosen = typed.Get(right.GetPermission())
		}
		for _, reach := range words.order {
			grade.Options = append(grade.Options, ui.Option{Value: reach.String(), Label: words.of[reach], Selected: reach.String() == chosen})
		}
		group := &groups[len(groups)-1]
		group.Grades = append(group.Grades, grade)
	}
	role := s.href(rolesPath + "/" + url.PathEscape(id))
	form := ui.Form{
		Action: role + "/edit", CSRF: e.CSRF, Guard: true, Hidden: was,
		Sections: []ui.FormSection{{Content: ui.Grades(groups)}},
		Submit:   ui.Button{Label: e.Text.T("kernel.matrix.save"), Busy: e.Text.T("kernel.form.busy")},
		Others:   []ui.Button{{Label: e.Text.T("kernel.cancel"), Href: role, Kind: ui.ButtonQuiet}},
	}
	if wrong != "" {
		form.Errors = &ui.ErrorSummary{Title: e.Text.T("kernel.form.invalid"), Items: []ui.ErrorItem{{Text: wrong}}}
	}
	title := e.Text.T("kernel.matrix.edit", "role", e.RoleTitle(id))
	head := ui.Head{
		Title: title, Lead: e.Text.T("kernel.matrix.edit_lead"), CrumbsLabel: e.Text.T("kernel.crumbs"),
		Crumbs: s.roleCrumbs(e, ui.Crumb{Label: e.RoleTitle(id), Href: role}, ui.Crumb{Label: e.Text.T("kernel.matrix.edit_short")}),
	}
	return s.page(c, code, &screen.Page{Title: title, Width: "slim", Body: ui.Join(ui.PageHead(head), ui.FormBox(form))}, e)
}

// wasField begins the names of what the form showed when it was drawn, so that saving it takes back nothing that somebody
// else changed meanwhile.
const wasField = "was."

// saveRights takes what the reader changed. Where somebody else changed the same right meanwhile to something else, the
// form comes back and says so.
func (s *Server) saveRights(c echo.Context) error {
	ctx, id := c.Request().Context(), c.Param("id")
	listed, err := s.roles.ListRoleRights(ctx, &kernelv1.ListRoleRightsRequest{RoleId: id})
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	text := s.text(c)
	request := &kernelv1.SetRoleRightsRequest{RoleId: id}
	for _, right := range listed.GetRights() {
		wanted, before, now := form.Get(right.GetPermission()), form.Get(wasField+right.GetPermission()), right.GetReach().String()
		reach, known := kernelv1.RoleReach_value[wanted]
		switch {
		case !known, wanted == before, wanted == now:
		case before != now:
			return s.rightsForm(c, http.StatusConflict, form, text.T("kernel.matrix.meanwhile", "right", text.T(right.GetTitle())))
		default:
			request.Rights = append(request.Rights, &kernelv1.RightToSet{Permission: right.GetPermission(), Reach: kernelv1.RoleReach(reach)})
		}
	}
	if len(request.GetRights()) > 0 {
		if _, err := s.roles.SetRoleRights(ctx, request); err != nil {
			if said := screen.Said(text, err); said != "" {
				return s.rightsForm(c, http.StatusUnprocessableEntity, form, said)
			}
			return err
		}
		s.flash(c, text.T("kernel.roles.done"))
	}
	return c.Redirect(http.StatusSeeOther, s.href(rolesPath+"/"+url.PathEscape(id)))
}
