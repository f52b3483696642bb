package ui_test

import (
	"encoding/base64"

	"github.com/a-h/templ"
	"rsc.io/qr"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// gallery is every part of the package on pages as a portal has them. The tests check them, and people look at them.
func gallery() map[string]templ.Component {
	return map[string]templ.Component{
		"list":      ui.Layout(shell("Clients", "wide"), listPage()),
		"detail":    ui.Layout(actingShell(), detailPage()),
		"form":      ui.Layout(shell("New client", "slim"), formPage()),
		"dashboard": ui.Layout(clientShell(), dashboardPage()),
		"wizard":    ui.Layout(shell("Import clients", "slim"), wizardPage()),
		"confirm":   ui.Layout(shell("Suspend Zerno Roastery?", ""), confirmPage()),
		"parts":     ui.Layout(shell("Parts", ""), partsPage()),
		"notfound":  ui.Layout(shell("There is no such page", ""), ui.ErrorBody(problem(404, "There is no such page", "The link may be old, or the document belongs to another of your companies."))),
		"register":  ui.Gate(gate("Become a client"), registerPage()),
		"signin":    ui.Gate(gate("Sign in"), signInPage()),
		"invite":    ui.Gate(gate("Welcome"), invitePage()),
		"broken":    ui.Gate(gate("It broke, and we know"), ui.ErrorBody(problem(500, "It broke, and we know", "Nothing of yours is lost."))),
		"factor":    ui.Layout(shell("Second factor", "slim"), factorPage()),
		"acting":    ui.Layout(strongShell(), dashboardPage()),
		"emptylist": ui.Layout(shell("Clients", "wide"), emptyListPage()),
		"matrix":    ui.Layout(shell("Who may do what", "wide"), matrixPage()),
		"day":       ui.Layout(shell("Bookings", "wide"), calendarPage("day")),
		"days":      ui.Layout(shell("Bookings", "wide"), calendarPage("days")),
		"month":     ui.Layout(shell("Bookings", "wide"), calendarPage("month")),
		"rows":      ui.Layout(shell("Bookings", "wide"), calendarPage("rows")),
		"lines":     ui.Layout(shell("Draft", "slim"), linesPage()),
		"line":      ui.Layout(shell("Bookings", "wide"), calendarPage("line")),
	}
}

func factorPage() templ.Component {
	picture, err := qr.Encode("otpauth://totp/Cabinet:iryna@example.com?secret=JBSWY3DPEHPK3PXP&issuer=Cabinet", qr.M)
	if err != nil {
		panic(err)
	}
	return ui.Join(ui.PageHead(ui.Head{Title: "Second factor"}),
		ui.QR(ui.QRBox{
			Image: "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture.PNG()), Alt: "A picture for the application",
			Label: "Or type this into the application:", Text: "JBSW Y3DP EHPK 3PXP",
		}),
		ui.Codes([]string{"abcd-efgh-jkmn-pqrs", "tuvw-xyz2-3456-7892", "kmnp-qrst-uvwx-yz23"}))
}

func matrixPage() templ.Component {
	cell := func(d ui.Degree, text string) ui.MatrixCell { return ui.MatrixCell{Degree: d, Text: text} }
	none, some, all := cell(ui.DegreeNone, "No"), cell(ui.DegreeSome, "Own clients"), cell(ui.DegreeAll, "All clients")
	changed := some
	changed.Changed = true
	options := func(chosen string) []ui.Option {
		return []ui.Option{{Value: "no", Label: "No", Selected: chosen == "no"}, {Value: "own", Label: "Own clients", Selected: chosen == "own"}, {Value: "all", Label: "All clients", Selected: chosen == "all"}}
	}
	return ui.Join(ui.PageHead(ui.Head{Title: "Who may do what"}),
		ui.MatrixBox(ui.Matrix{
			Caption: "Who may do what", Corner: "What somebody may do", Legend: []ui.MatrixCell{none, some, all, {Text: "Changed in the portal", Changed: true}},
			Heads: []ui.MatrixHead{{Label: "Head", Href: "/roles/head"}, {Label: "Branch manager", Href: "/roles/branch-manager"}, {Label: "Nobody’s role"}},
			Groups: []ui.MatrixGroup{
				{Title: "Clients", Rows: []ui.MatrixRow{
					{Label: "See clients", Cells: []ui.MatrixCell{all, some, none}}, {Label: "Suspend and resume clients", Cells: []ui.MatrixCell{all, changed, none}},
				}},
				{Title: "People and access", Rows: []ui.MatrixRow{{Label: "Invite staff", Cells: []ui.MatrixCell{all, none, none}}}},
			},
		}),
		ui.FormBox(ui.Form{Action: "/roles/manager/edit", CSRF: "token", Submit: ui.Button{Label: "Save rights"}, Sections: []ui.FormSection{{Content: ui.Grades([]ui.GradeGroup{
			{ID: "g-clients", Title: "Clients", Grades: []ui.Grade{
				{Name: "read", Label: "See clients", Options: options("all")}, {Name: "suspend", Label: "Suspend and resume clients", Note: "At first: No", Options: options("own")},
			}},
		})}}}))
}

func document(title, width string) ui.Document {
	return ui.Document{Lang: "en", Title: title + " · Cabinet", Width: width}
}

func shell(title, width string) ui.Shell {
	return ui.Shell{
		Document: document(title, width),
		Brand:    ui.BrandMark{Name: "Cabinet", Href: "/"},
		Place:    "Polissia Climate",
		Nav: []ui.NavSection{
			{Items: []ui.NavItem{
				{Label: "Today", Href: "/today", Icon: "home"},
				{Label: "Messages", Href: "/messages", Icon: "chat", Count: "7"},
				{Label: "Requests", Href: "/requests", Icon: "board", Count: "12"},
			}},
			{Title: "Clients", Items: []ui.NavItem{
				{Label: "Clients", Href: "/list", Icon: "building", Current: true},
				{Label: "Contact persons", Href: "/detail", Icon: "people"},
				{Label: "Import", Href: "/wizard", Icon: "upload"},
			}},
			{Title: "Money", Items: []ui.NavItem{
				{Label: "All invoices", Href: "/invoices", Icon: "invoice"},
				{Label: "Bank matching", Href: "/bank", Icon: "bank", Count: "4"},
			}},
			{Title: "Portal", Items: []ui.NavItem{
				{Label: "Users", Href: "/users", Icon: "person"},
				{Label: "Roles and access", Href: "/roles", Icon: "shield"},
				{Label: "Settings", Href: "/settings", Icon: "settings"},
			}},
		},
		Bottom: []ui.NavItem{
			{Label: "Today", Href: "/today", Icon: "home"},
			{Label: "Clients", Href: "/list", Icon: "building", Current: true},
			{Label: "Requests", Href: "/requests", Icon: "board", Count: "12"},
			{Label: "Messages", Href: "/messages", Icon: "chat", Count: "7"},
		},
		Search: &ui.Search{Label: "Search or do anything", Action: "/search", Name: "q", Heading: "Do", Links: []ui.NavItem{
			{Label: "New client", Href: "/form", Icon: "plus"},
			{Label: "Import clients", Href: "/wizard", Icon: "upload"},
		}},
		Live:    &ui.Live{Form: true, Changed: ui.Notice{Title: "Changed", Dismiss: "Close", Action: &ui.Button{Label: "Show", Href: "/"}}},
		Bell:    &ui.Bell{Label: "Notifications, 3 new", Href: "/news", Count: "3"},
		Account: account("Taras Hnatiuk", "manager"),
		Help:    &ui.Help{Text: "Help and answers: 8:00–20:00", Label: "+380 44 555 01 42", Href: "tel:+380445550142"},
		Texts: ui.ShellTexts{
			Skip: "Skip to content", Sections: "Sections", Bottom: "Main sections", Top: "Account and search",
			More: "More", Close: "Close", Cancel: "Cancel",
		},
	}
}

func account(name, detail string) ui.Account {
	return ui.Account{
		Name: name, Detail: detail, Label: "Your account",
		Links: []ui.NavItem{
			{Label: "My settings", Href: "/settings", Icon: "person"},
			{Label: "Sessions", Href: "/sessions", Icon: "lock"},
		},
		Theme: &ui.ThemeChoice{
			Label: "Theme", Action: "/theme", Name: "theme", Value: "auto", Cookie: "theme", CookiePath: "/", Apply: "Use this theme",
			Items: []ui.Option{{Value: "auto", Label: "As the system"}, {Value: "light", Label: "Light"}, {Value: "dark", Label: "Dark"}},
		},
		Languages: &ui.LanguageChoice{Label: "Language", Action: "/language", Name: "lang", Items: []ui.Language{
			{Tag: "en", Label: "English", Current: true}, {Tag: "uk", Label: "Українська"}, {Tag: "ru", Label: "Русский"},
		}},
		SignOut: "Sign out", SignOutAction: "/sign-out", CSRF: "token",
	}
}

func clientShell() ui.Shell {
	s := shell("Home", "")
	s.Account = account("Olena Marchuk", "director")
	s.Switch = &ui.Switch{
		Label: "Companies you act for", Acting: "Acting for", Action: "/act", CSRF: "token", Name: "client",
		Items: []ui.SwitchItem{
			{ID: "1", Name: "Zerno Roastery", Detail: "Zerno Roastery LLC · 41220874", Note: "Director", Group: "Zerno Roastery", Current: true},
			{ID: "2", Name: "Zerno Café Podil", Detail: "LLC · accountant", Group: "Zerno Roastery", Count: "2"},
			{ID: "3", Name: "Olena Marchuk", Detail: "Sole proprietor", Person: true},
		},
	}
	return s
}

func actingShell() ui.Shell {
	s := clientShell()
	s.Title = "Zerno Roastery · Cabinet"
	s.Width = "wide"
	s.Banner = &ui.Banner{
		Label: "You act as a client", Icon: "eye", Bold: "You see the portal as Olena Marchuk, Zerno Roastery.",
		Text: "Both names go to the audit log.", Right: "until 14:32", Left: "ends in", Seconds: 872, Mark: "1",
		Stop: &ui.Post{Action: "/stop", CSRF: "token", Button: ui.Button{Label: "Stop", Small: true}},
	}
	s.Notices = []ui.Notice{{Title: "Saved", Text: "Zerno Roastery has a new address.", Tone: ui.ToneGood, Dismiss: "Close the notice"}}
	return s
}

func strongShell() ui.Shell {
	s := actingShell()
	s.Banner.Icon, s.Banner.Bold, s.Banner.Strong = "edit", "You act as Olena Marchuk, Zerno Roastery. What you do is done.", true
	return s
}

func gate(title string) ui.GateShell {
	return ui.GateShell{
		Document:  document(title, ""),
		Brand:     ui.BrandMark{Name: "Cabinet", Href: "/"},
		Links:     []ui.Crumb{{Label: "Cannot sign in", Href: "/help"}, {Label: "Privacy", Href: "/privacy"}},
		Languages: []ui.Language{{Tag: "en", Label: "English", Current: true}, {Tag: "uk", Label: "Українською", Href: "?lang=uk"}},
		Foot:      "Served by Polissia Climate LLC", Cancel: "Cancel",
	}
}

func problem(status int, title, text string) ui.Problem {
	return ui.Problem{Status: status, Title: title, Text: text, CodeLabel: "Code for support:", Code: "01HX-9F2C-71AB",
		Actions: []ui.Button{{Label: "To the start", Href: "/", Icon: "home"}}}
}

func filters() ui.Filters {
	return ui.Filters{
		Action: "/list", Label: "Clients", Open: "Filters", Apply: "Show", Close: "Close",
		Hidden: []ui.Hidden{{Name: "sort", Value: "name"}},
		Search: &ui.SearchInput{Name: "q", Label: "Name, contact, phone or code", MinLength: 3},
		Clear:  &ui.Crumb{Label: "Clear", Href: "/list"},
		Chips: []ui.Filter{
			{Kind: ui.FilterMany, Name: "manager", Label: "Manager", Summary: "Taras, Iryna", Options: []ui.Option{
				{Value: "1", Label: "Taras Hnatiuk", Selected: true}, {Value: "2", Label: "Iryna Bondar", Selected: true}, {Value: "", Label: "Nobody"}}},
			{Kind: ui.FilterOne, Name: "status", Label: "Status", Options: []ui.Option{
				{Value: "", Label: "Any", Selected: true}, {Value: "active", Label: "Active"}, {Value: "suspended", Label: "Suspended", Hint: "cannot sign in"}}},
			{Kind: ui.FilterMany, Name: "place", Label: "Place", Options: []ui.Option{{Value: "k", Label: "Kyiv"}, {Value: "l", Label: "Lviv"}}},
			{Kind: ui.FilterDates, Name: "since", Label: "Client since",
				From: ui.DateInput{Name: "since_from", Label: "From"}, To: ui.DateInput{Name: "since_to", Label: "To"}},
		},
		End: []ui.Button{{Label: "Export", Icon: "download", Kind: ui.ButtonQuiet, IconOnly: true, Href: "/export", Download: true}},
	}
}

func listPage() templ.Component {
	names := []struct{ name, place, segment, contact, manager, amount string }{
		{"Zerno Roastery", "Kyiv, Podil", "Business", "Olena Marchuk", "Taras Hnatiuk", "42,067.50"},
		{"Karpaty Grand Hotel", "Bukovel", "Key account", "Andrii Lys", "Taras Hnatiuk", "−184,200.00"},
		{"Clinic “Zirka”", "Lviv", "Key account", "Nadiia Kravets", "Taras Hnatiuk", ""},
		{"Bakery “Palianytsia”", "Kyiv, Obolon", "Business", "Roman Diachenko", "Iryna Bondar", "126,480.00"},
		{"North Dock Logistics", "Odesa", "Business", "Maksym Rudenko", "Iryna Bondar", "18,940.00"},
		{"School of Wine", "Uzhhorod", "Small", "Hanna Popovych", "Taras Hnatiuk", ""},
		{"Viktor Melnyk", "Kyiv, Osokorky", "Home", "Viktor Melnyk", "Iryna Bondar", "2,350.00"},
		{"Data hall “Opora”", "Kharkiv", "Key account", "Serhii Tkach", "Taras Hnatiuk", ""},
		{"Товариство з обмеженою відповідальністю «Теплиці Лану»", "Bila Tserkva", "Business", "Kateryna Moroz", "Iryna Bondar", "67,300.00"},
		{"Theatre on the Hill", "Chernivtsi", "Small", "Bohdan Fedoruk", "Taras Hnatiuk", "9,100.00"},
	}
	badges := []ui.Badge{
		{Text: "1 late", Tone: ui.ToneWarn, Icon: "clock"},
		{Text: "In credit", Tone: ui.ToneGood, Icon: "done", Plain: true},
		{Text: "Settled", Icon: "done", Plain: true},
		{Text: "63 days late", Tone: ui.ToneBad, Icon: "alert"},
	}
	t := ui.Table{
		ID: "clients", Caption: "Clients", Wide: true, MenuLabel: "Actions",
		Columns: []ui.Column{
			{Label: "Client", Role: ui.RolePrimary, SortHref: "/list?sort=-name", Sort: ui.SortAscending},
			{Label: "Place", Role: ui.RoleHide, SortHref: "/list?sort=place"},
			{Label: "Segment", Role: ui.RoleHide},
			{Label: "Contact", Role: ui.RoleUnder},
			{Label: "Manager", Role: ui.RoleHide, SortHref: "/list?sort=manager"},
			{Label: "Money", Role: ui.RoleEnd, Fit: true},
			{Label: "Owes", Num: true, SortHref: "/list?sort=owes"},
		},
		Select: &ui.Select{
			Action: "/bulk", CSRF: "token", Name: "id", All: "Choose all on this page", Label: "With the chosen", Chosen: "Chosen:", None: "Choose none",
			Buttons: []ui.Button{
				{Label: "Hand over", Name: "do", Value: "hand", Icon: "person", Small: true},
				{Label: "Suspend", Name: "do", Value: "suspend", Icon: "pause", Small: true, Kind: ui.ButtonDanger,
					Confirm: &ui.Question{Title: "Suspend the chosen clients?", Text: "Their people are signed out at once.", Yes: "Suspend"}},
			},
		},
		Pager: &ui.Pager{Label: "Pages", Status: "1–10 of 503", Back: ui.Crumb{Label: "Back"}, Next: ui.Crumb{Label: "Next", Href: "/list?page=x"}},
	}
	for i, n := range names {
		id := string(rune('a' + i))
		owes := ui.Value{}
		if n.amount != "" {
			owes.Money = &ui.Money{Amount: "1.00", Text: n.amount, Currency: "UAH"}
		}
		t.Rows = append(t.Rows, ui.Row{
			ID: id, SelectLabel: "Choose " + n.name, Href: "/detail?" + id, Selected: i == 3, Muted: i == 5,
			Cells: []ui.Value{
				{Text: n.name, Avatar: &ui.Avatar{Name: n.name, Org: true, Size: "s"}},
				ui.T(n.place), ui.T(n.segment), ui.T(n.contact), ui.T(n.manager),
				{Badges: []ui.Badge{badges[i%4]}}, owes,
			},
			Menu: &ui.Menu{ID: "row-" + id, Label: "Actions for " + n.name, Small: true, Items: []ui.MenuItem{
				{Label: "Open", Icon: "out", Href: "/detail"},
				{Label: "Edit", Icon: "edit", Href: "/form"},
				{Label: "Suspend", Icon: "pause", Danger: true, Post: &ui.Post{Action: "/suspend", CSRF: "token", Button: ui.Button{
					Confirm: &ui.Question{Title: "Suspend " + n.name + "?", Text: "Its people are signed out at once.", Yes: "Suspend"}}}},
			}},
		})
	}
	return ui.Join(
		ui.PageHead(ui.Head{Title: "Clients", Actions: []ui.Button{
			{Label: "Import", Icon: "upload", Href: "/wizard"},
			{Label: "New client", Icon: "plus", Kind: ui.ButtonPrimary, Href: "/form"},
		}}),
		ui.ViewBar(ui.Views{
			Label: "Views", Tabs: []ui.Tab{{Label: "All", Href: "/list"}, {Label: "Mine", Href: "/list?view=1", Icon: "star", Current: true}},
			Save: &ui.Crumb{Label: "Save view", Href: "/views/new"}, Menu: &ui.Menu{ID: "view-menu", Label: "What to do", Small: true, Items: []ui.MenuItem{{Label: "Rename", Icon: "edit", Href: "/views/1/name"}}},
		}),
		ui.Tabs("Saved views", []ui.Tab{
			{Label: "Mine", Href: "/list", Icon: "star", Count: "48", Current: true},
			{Label: "Late over 30 days", Href: "/list?v=late", Count: "6"},
			{Label: "Silent for a month", Href: "/list?v=silent", Count: "11"},
			{Label: "All", Href: "/list?v=all", Count: "312"},
		}),
		ui.FilterBar(filters()),
		ui.List(t),
	)
}

func emptyListPage() templ.Component {
	return ui.Join(
		ui.PageHead(ui.Head{Title: "Clients"}),
		ui.FilterBar(filters()),
		ui.List(ui.Table{Caption: "Clients", Empty: &ui.Empty{
			Icon: "search", Title: "Nothing found for “chilller”", Text: "Check the spelling, or look among all clients.",
			Actions: []ui.Button{{Label: "Clear the search", Href: "/list"}},
		}}),
	)
}

func detailPage() templ.Component {
	badge := ui.Badge{Text: "Active", Tone: ui.ToneGood, Icon: "done", Plain: true}
	left := ui.Join(
		ui.Figures([]ui.Figure{
			{Label: "Balance", Value: ui.Value{Money: &ui.Money{Amount: "6252.50", Text: "6,252.50", Currency: "UAH"}}, Note: "reserved for 0418"},
			{Label: "Owes", Value: ui.Value{Money: &ui.Money{Amount: "42067.50", Text: "42,067.50", Currency: "UAH"}}, Note: "5,840.00 late by 37 days", Tone: ui.ToneBad},
			{Label: "Turnover, 12 months", Value: ui.Value{Money: &ui.Money{Amount: "412860.00", Text: "412,860.00", Currency: "UAH"}}, Note: "18 % more than before", Tone: ui.ToneGood},
			{Label: "Open requests", Value: ui.T("2"), Href: "/requests", Note: "none past its time"},
		}),
		ui.Section(ui.SectionBox{ID: "profile", Title: "Profile", Actions: []ui.Button{{Label: "Edit", Icon: "edit", Small: true, Kind: ui.ButtonQuiet, Href: "/form"}},
			Content: ui.Facts("", []ui.Fact{
				{Label: "Code", Value: ui.T("41220874")},
				{Label: "Address", Value: ui.Value{Text: "Sahaidachnoho 12\nKyiv, 04070", Lines: true}},
				{Label: "Phone", Value: ui.Value{Text: "+380 67 555 18 18", Href: "tel:+380675551818"}},
				{Label: "Client since", Value: ui.Value{Text: "4 March 2023", DateTime: "2023-03-04"}},
				{Label: "Tags", Value: ui.Value{Badges: []ui.Badge{{Text: "key"}, {Text: "coffee"}}}},
				{Label: "Site", Value: ui.Value{}},
			})}),
		ui.Section(ui.SectionBox{ID: "contracts", Title: "Contracts", Content: ui.List(ui.Table{
			Caption: "Contracts",
			Columns: []ui.Column{{Label: "Contract", Role: ui.RolePrimary}, {Label: "Runs", Role: ui.RoleAll, Fit: true}, {Label: "Status", Role: ui.RoleEnd, Fit: true}, {Label: "A month", Num: true}},
			Rows: []ui.Row{
				{Href: "/c/1", Cells: []ui.Value{{Text: "23/061", Sub: "Planned maintenance, 4 units"}, ui.T("to 28 Feb 2027"), {Badges: []ui.Badge{badge}}, {Money: &ui.Money{Amount: "12600.00", Text: "12,600.00", Currency: "UAH"}}}},
				{Href: "/c/2", Cells: []ui.Value{{Text: "24/118", Sub: "Ventilation of the roasting hall"}, ui.T("6 stages, now 4"), {Badges: []ui.Badge{badge}}, {Money: &ui.Money{Amount: "4600.00", Text: "4,600.00", Currency: "EUR"}}}},
			},
			Foot: []ui.Value{ui.T("Together"), {}, {}, {Money: &ui.Money{Amount: "17200.00", Text: "17,200.00", Currency: "UAH"}}},
		})}),
		ui.Section(ui.SectionBox{ID: "log", Title: "Log", Content: ui.Timeline([]ui.Event{
			{Icon: "edit", Title: "Taras Hnatiuk changed the address", Text: "Sahaidachnoho 12, Kyiv", Time: "9:00", DateTime: "2026-11-23T09:00:00Z"},
			{Icon: "mail", Tone: ui.ToneInfo, Title: "Lesia Kovalenko was invited", Text: "accountant", Time: "8:12", DateTime: "2026-11-23T08:12:00Z"},
			{Title: "Created by import", Time: "14 Nov", DateTime: "2026-11-14"},
		})}),
	)
	right := ui.Join(
		ui.PersonCard(ui.Person{Label: "Your manager", Name: "Taras Hnatiuk", Role: "Service manager", Note: "Answers within about 20 minutes · on duty until 18:00",
			Actions: []ui.Button{{Label: "Write", Icon: "chat", Href: "/messages"}, {Label: "Call", Icon: "phone", IconOnly: true, Href: "tel:+380445550142"}}}),
		ui.Section(ui.SectionBox{ID: "people", Title: "Contact persons", Actions: []ui.Button{{Label: "Add", Icon: "plus", Small: true, Kind: ui.ButtonQuiet, Href: "/form"}},
			Content: ui.Items([]ui.Item{
				{Avatar: &ui.Avatar{Name: "Olena Marchuk"}, Title: "Olena Marchuk", Href: "/p/1", Text: "director · signs and pays", Buttons: []ui.Button{{Label: "Call Olena", Icon: "phone", IconOnly: true, Small: true, Kind: ui.ButtonQuiet, Href: "tel:+380675551818"}}},
				{Avatar: &ui.Avatar{Name: "Lesia Kovalenko"}, Title: "Lesia Kovalenko", Text: "accountant", Badge: &ui.Badge{Text: "Invited", Tone: ui.ToneInfo}},
			})}),
		ui.Section(ui.SectionBox{ID: "parameters", Title: "Parameters", Content: ui.Facts(ui.FactsRows, []ui.Fact{
			{Label: "Seal", Value: ui.Value{Content: ui.Drawing("data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E")}},
			{Label: "Segment", Value: ui.T("Business")}, {Label: "Support", Value: ui.T("24/7, answer in 30 min")}, {Label: "Language", Value: ui.T("Ukrainian")},
		})}),
	)
	return ui.Join(
		ui.PageHead(ui.Head{
			Crumbs: []ui.Crumb{{Label: "Clients", Href: "/list"}, {Label: "Zerno Roastery"}}, CrumbsLabel: "Path",
			Title: "Zerno Roastery", Avatar: &ui.Avatar{Name: "Zerno Roastery", Org: true, Size: "l"},
			Badges: []ui.Badge{{Text: "Business", Tone: ui.ToneInfo}, {Text: "1 invoice late", Tone: ui.ToneBad, Icon: "alert"}},
			Lead:   "LLC · code 41 220 874 · Kyiv, Sahaidachnoho 12 · client since March 2023",
			Menu: &ui.Menu{ID: "more", Label: "More actions", Items: []ui.MenuItem{
				{Heading: "Rights"}, {Label: "Invite", Sub: "by a one-time link", Icon: "key", Href: "/invite"},
			}},
			Posts:   []ui.Post{{Action: "/suspend", CSRF: "token", Button: ui.Button{Label: "Suspend", Icon: "pause", Kind: ui.ButtonDanger, Confirm: &ui.Question{Title: "Suspend Zerno Roastery?", Text: "Its people are signed out at once.", Yes: "Suspend"}}}},
			Actions: []ui.Button{{Label: "New request", Icon: "plus", Kind: ui.ButtonPrimary, Href: "/form"}},
		}),
		ui.Tabs("Client", []ui.Tab{{Label: "Overview", Href: "/detail", Current: true}, {Label: "Requests", Href: "/r", Count: "2"}, {Label: "Log", Href: "/l"}}),
		ui.Columns("", left, right),
	)
}
