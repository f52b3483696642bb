package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// phoneItems is how many places the bar at the bottom of a phone has beside "More".
const phoneItems = 4

// shell is what surrounds a page: the navigation read off the screens its reader may see, whom they act for, and
// their account.
func (s *Server) shell(c echo.Context, e *screen.Env, title string) ui.Shell {
	text, id := e.Text, visitorOf(c).identity
	shell := ui.Shell{
		Document: ui.Document{Lang: text.Language(), Title: title + " · " + s.Name, Theme: theme(c)},
		Brand:    ui.BrandMark{Name: s.Name, Href: s.href("/")},
		Texts: ui.ShellTexts{
			Skip: text.T("kernel.layout.skip"), Sections: text.T("kernel.layout.sections"), Bottom: text.T("kernel.layout.bottom"),
			Top: text.T("kernel.layout.top"), More: text.T("kernel.layout.more"), Close: text.T("kernel.close"), Cancel: text.T("kernel.cancel"),
		},
		Place: s.Name,
	}
	shell.Live, shell.Bell, shell.Banner = s.liveOf(c, e), s.bell(c, e), s.banner(c)
	if passive(c) {
		// What a form did is said to a reader, not to a page that refreshes itself.
	} else if said := s.takeFlash(c); said != "" {
		shell.Notices = []ui.Notice{{Tone: ui.ToneGood, Title: said, Dismiss: text.T("kernel.close")}}
	}
	shell.Help = s.help(text)
	s.navigation(e, &shell)
	shell.Account = s.account(c, e)
	clients := id.GetClients()
	if id.GetStaff() || len(clients) == 0 {
		return shell
	}
	shell.Place = ""
	shell.Switch = &ui.Switch{
		Label: text.T("kernel.layout.clients"), Acting: text.T("kernel.layout.acting"),
		Action: s.href(screen.SwitchRoute), CSRF: e.CSRF, Name: screen.SwitchField,
	}
	for _, client := range byCustomer(clients) {
		item := switchItem(client, id)
		item.Detail = e.RoleTitle(client.GetRole())
		if client.GetDetail() != "" {
			item.Detail, item.Note = client.GetDetail(), item.Detail
		}
		shell.Switch.Items = append(shell.Switch.Items, item)
		if item.Current && len(clients) == 1 {
			shell.Switch, shell.Place = nil, client.GetName()
		}
	}
	return shell
}

func switchItem(client *kernelv1.ActingClient, id *kernelv1.Identity) ui.SwitchItem {
	return ui.SwitchItem{
		ID: client.GetClientId(), Name: client.GetName(), Detail: client.GetDetail(), Group: client.GetGroupName(),
		Person: client.GetKind() == personKind, Current: client.GetClientId() == id.GetActingClientId(),
	}
}

// personKind is the kind of clients who are people, and are drawn so; of others the kernel knows nothing.
const personKind = "person"

// byCustomer puts the legal entities of a customer beside each other: customers by name, and the entities of each. A group
// of which only one is there needs no heading.
func byCustomer(clients []*kernelv1.ActingClient) []*kernelv1.ActingClient {
	members := map[string]int{}
	for _, c := range clients {
		members[c.GetGroupId()]++
	}
	out := make([]*kernelv1.ActingClient, len(clients))
	for i, c := range clients {
		if out[i] = c; c.GetGroupId() == "" || members[c.GetGroupId()] < 2 {
			out[i] = proto.CloneOf(c)
			out[i].GroupId, out[i].GroupName = "", ""
		}
	}
	// Those that stand by themselves come last: what stands below a heading belongs to it.
	slices.SortStableFunc(out, func(a, b *kernelv1.ActingClient) int {
		alone := func(c *kernelv1.ActingClient) int {
			if c.GetGroupId() == "" {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(alone(a), alone(b)), cmp.Compare(a.GetGroupName(), b.GetGroupName()), cmp.Compare(a.GetGroupId(), b.GetGroupId()))
	})
	return out
}

// acting is of what kind the client is that a contact acts for, and which others of its customer there are for them.
func (s *Server) acting(id *kernelv1.Identity) (kind string, sisters []ui.SwitchItem) {
	group := ""
	for _, c := range id.GetClients() {
		if c.GetClientId() == id.GetActingClientId() {
			kind, group = c.GetKind(), c.GetGroupId()
		}
	}
	for _, c := range id.GetClients() {
		if group != "" && c.GetGroupId() == group {
			sisters = append(sisters, switchItem(c, id))
		}
	}
	return kind, sisters
}

// help is the foot of the navigation: whom to ask.
func (s *Server) help(text *locale.Localizer) *ui.Help {
	h := ui.Help{Text: text.T("kernel.layout.help"), Label: s.Help.Phone, Href: "tel:" + dialled(s.Help.Phone)}
	if s.Help.Hours != "" {
		h.Text = text.T("kernel.layout.help_hours", "hours", s.Help.Hours)
	}
	if s.Help.Phone == "" {
		h.Label, h.Href = s.Help.Email, "mailto:"+s.Help.Email
	}
	if h.Label == "" {
		return nil
	}
	return &h
}

// dialled is a phone as a telephone takes it.
func dialled(phone string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
}

// navigation puts the screens that have a place in it, and that the reader may see, into the rail and the phone's bar.
func (s *Server) navigation(e *screen.Env, shell *ui.Shell) {
	var shown []*screen.Screen
	for _, sc := range s.Screens.Screens() {
		if sc.Nav != nil && sc.Visible(e) {
			shown = append(shown, sc)
		}
	}
	slices.SortStableFunc(shown, func(a, b *screen.Screen) int { return cmp.Compare(a.Nav.Order, b.Nav.Order) })
	here := "" // the deepest place that the page lies at or below
	for _, sc := range shown {
		if within(e.Path, sc.Path) && len(sc.Path) > len(here) {
			here = sc.Path
		}
	}
	home := ui.NavItem{Label: e.Text.T("kernel.home.title"), Href: s.href("/"), Icon: "home", Current: e.Path == "/" || e.Path == ""}
	sections := []ui.NavSection{{Items: []ui.NavItem{home}}}
	shell.Bottom = []ui.NavItem{home}
	for _, sc := range shown {
		item := ui.NavItem{Label: e.Text.T(sc.Title), Href: s.href(sc.Path), Icon: sc.Icon, Current: sc.Path == here}
		title := ""
		if sc.Nav.Section != "" {
			title = e.Text.T(sc.Nav.Section)
		}
		at := slices.IndexFunc(sections, func(n ui.NavSection) bool { return n.Title == title })
		if at < 0 {
			sections = append(sections, ui.NavSection{Title: title})
			at = len(sections) - 1
		}
		sections[at].Items = append(sections[at].Items, item)
		if sc.Nav.Phone && len(shell.Bottom) < phoneItems {
			shell.Bottom = append(shell.Bottom, item)
		}
	}
	shell.Nav = sections
}

// within tells whether a page lies at or below a place of the navigation.
func within(path, place string) bool {
	return path == place || strings.HasPrefix(path, place+"/")
}

func (s *Server) account(c echo.Context, e *screen.Env) ui.Account {
	text, id := e.Text, visitorOf(c).identity
	account := ui.Account{
		Name: id.GetName(), Photo: e.Image(id.GetPhotoUrl()), Label: text.T("kernel.layout.account"), SignOut: text.T("kernel.sign_out"),
		SignOutAction: s.href("/sign-out"), CSRF: e.CSRF,
		Theme: &ui.ThemeChoice{
			Label: text.T("kernel.theme.label"), Action: s.href("/preferences/theme"), Name: "theme", Value: themeOr(c, "auto"),
			Cookie: themeCookie, CookiePath: s.href("/"), Apply: text.T("kernel.apply"),
			Hidden: []ui.Hidden{{Name: "return", Value: e.Path}},
		},
		Languages: &ui.LanguageChoice{
			Label: text.T("kernel.language.label"), Action: s.href("/preferences/language"), Name: "language",
			Hidden: []ui.Hidden{{Name: "return", Value: e.Path}},
		},
	}
	var roles []string
	for _, role := range id.GetRoles() {
		if r, ok := s.Policy.Role(role); ok && !r.Base {
			roles = append(roles, e.RoleTitle(role))
		}
	}
	account.Detail = strings.Join(roles, ", ")
	for _, value := range []string{"auto", "light", "dark"} {
		account.Theme.Items = append(account.Theme.Items, ui.Option{Value: value, Label: text.T("kernel.theme." + value)})
	}
	for _, tag := range s.Languages {
		account.Languages.Items = append(account.Languages.Items, ui.Language{Tag: tag, Label: text.T("kernel.language." + tag), Current: tag == text.Language()})
	}
	for _, sc := range s.Screens.Screens() {
		icon, own := map[string]string{"/settings": "person", "/views": "list"}[sc.Path]
		if own && sc.Visible(e) {
			account.Links = append(account.Links, ui.NavItem{Label: text.T(sc.Title), Href: s.href(sc.Path), Icon: icon, Current: e.Path == sc.Path})
		}
	}
	return account
}
