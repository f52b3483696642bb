package ui_test

import (
	"github.com/a-h/templ"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

func formPage() templ.Component {
	name := ui.Field{Name: "name", Label: "Name", Value: "Zerno Roastery", Required: true, MaxLength: 200, Autocomplete: "organization"}
	code := ui.Field{Name: "tax_id", Label: "Code", Hint: "Eight digits", Value: "4122087", Error: "The code has eight digits; this one has seven", InputMode: "numeric", Half: true}
	phone := ui.Field{Kind: ui.FieldTel, Name: "phone", Label: "Phone", Value: "+380 67 55 01", Error: "Nine digits after +380; there are seven", Half: true}
	form := ui.Form{
		ID: "client", Action: "/form", CSRF: "token", Hidden: []ui.Hidden{{Name: "request_id", Value: "0192"}}, Guard: true, Multipart: true,
		Errors: &ui.ErrorSummary{Title: "Two answers need a second look", Items: []ui.ErrorItem{
			{Text: code.Error, Field: code.FieldID()}, {Text: phone.Error, Field: phone.FieldID()}, {Text: "Somebody else has changed this client meanwhile"},
		}},
		Sections: []ui.FormSection{
			{ID: "who", Title: "Who it is", Fields: []ui.Field{
				{Kind: ui.FieldChoice, Name: "kind", Label: "Kind", Value: "company", Required: true, Options: []ui.Option{
					{Value: "company", Label: "Company", Hint: "has a code and a director"}, {Value: "person", Label: "Person", Hint: "acts for itself"}, {Value: "x", Label: "Branch", Hint: "from 1 December", Disabled: true}}},
				name, code, phone,
				{Kind: ui.FieldEmail, Name: "email", Label: "E-mail", Optional: "optional", Placeholder: "name@company.ua"},
				{Kind: ui.FieldURL, Name: "site", Label: "Site", Optional: "optional"},
				{Kind: ui.FieldTextArea, Name: "note", Label: "Note for staff", Optional: "optional", Rows: 3},
			}},
			{ID: "terms", Title: "Terms", Lead: "The client sees these.", Fields: []ui.Field{
				{Kind: ui.FieldMoney, Name: "limit", Label: "Limit", Value: "60000.00", Currency: "UAH", Half: true},
				{Kind: ui.FieldMoney, Name: "fee", Label: "Fee a month", Value: "12600.00", Currency: "EUR", CurrencyName: "fee_currency", CurrencyText: "Currency", Currencies: []ui.Option{{Value: "UAH", Label: "UAH"}, {Value: "EUR", Label: "EUR"}}, Half: true},
				{Kind: ui.FieldNumber, Name: "days", Label: "Deferral, days", Value: "14", Half: true},
				{Kind: ui.FieldDate, Name: "since", Label: "Client since", Value: "2023-03-04", Half: true},
				{Kind: ui.FieldDateTime, Name: "next", Label: "Next call", Value: "2026-11-27T10:00", Short: true},
				{Kind: ui.FieldSelect, Name: "manager", Label: "Manager", Value: "2", Options: []ui.Option{{Value: "", Label: "Nobody"}, {Value: "1", Label: "Taras Hnatiuk"}, {Value: "2", Label: "Iryna Bondar"}}},
				{Kind: ui.FieldReference, Name: "parent", Label: "Belongs to", Hint: "By name or code", Lookup: &ui.Lookup{Name: "parent_q", Value: "zer", Label: "Look for a client", Find: "Find"}, Options: []ui.Option{{Value: "9", Label: "Zerno Holding"}}},
				{Kind: ui.FieldTags, Name: "tags", Label: "Tags", Options: []ui.Option{{Value: "key", Label: "key", Selected: true}, {Value: "coffee", Label: "coffee"}, {Value: "winter", Label: "winter contract"}}, AddName: "new_tags", AddLabel: "New tags, with commas between"},
				{Kind: ui.FieldCheckbox, Name: "digest", Label: "Send a digest every Monday", Hint: "to the director alone", Value: "1"},
				{Kind: ui.FieldFile, Name: "papers", Label: "Papers", Hint: "JPEG, PNG, PDF, up to 20 MB each", DropText: "Choose files or drop them here", Accept: ".pdf,image/*", Multiple: true},
				{Kind: ui.FieldReadOnly, Name: "id", Label: "Number", Value: "C-00418"},
				{Kind: ui.FieldCode, Name: "code", Label: "Code from the letter", MaxLength: 6, Autocomplete: "one-time-code"},
				{Name: "old", Label: "Old number", Value: "118", Disabled: true, Short: true},
			}},
		},
		Submit: ui.Button{Label: "Save the client", Busy: "Saving…"},
		Others: []ui.Button{{Label: "Save and add another", Name: "then", Value: "new"}, {Label: "Cancel", Kind: ui.ButtonQuiet, Href: "/list"}},
		Note:   "Draft saved at 9:12",
	}
	aside := ui.Panel(ui.PanelBox{ID: "next", Title: "What happens next", Soft: true, Content: ui.Timeline([]ui.Event{
		{Icon: "inbox", Title: "A dispatcher answers", Text: "within 30 minutes"}, {Icon: "sign", Title: "You sign the act", Text: "and only then are charged"},
	})})
	return ui.Join(
		ui.PageHead(ui.Head{Crumbs: []ui.Crumb{{Label: "Clients", Href: "/list"}, {Label: "New"}}, CrumbsLabel: "Path", Title: "New client", Lead: "What you do not know yet can be filled in later."}),
		ui.Columns("", ui.FormBox(form), aside),
	)
}

func signInPage() templ.Component {
	return ui.GatePanel(ui.GateBox{
		Title: "Sign in", Lead: "to your account with Polissia Climate",
		Form: &ui.Form{Action: "/sign-in", CSRF: "token", FullWidth: true, Sections: []ui.FormSection{{Fields: []ui.Field{
			{Name: "login", Label: "E-mail or phone", Autocomplete: "username", Value: "olena@zerno.example"},
			{Kind: ui.FieldPassword, Name: "password", Label: "Password", Autocomplete: "current-password", Value: "secret", Error: "It does not match. 3 tries left"},
			{Kind: ui.FieldCheckbox, Name: "keep", Label: "Keep me signed in"},
		}}}, Submit: ui.Button{Label: "Sign in", Busy: "Signing in…"}},
		Or: "or", Ways: []ui.Button{{Label: "Sign in with Google", Href: "/sign-in/with/google", Full: true}, {Label: "Code to your phone", Icon: "phone", Href: "/sign-in/phone", Full: true}},
		Content: ui.PasskeyForm(ui.Passkey{
			Ceremony: ui.CeremonyGet, Options: `{"challenge":"AAAA","timeout":600000}`, Action: "/sign-in/passkey", CSRF: "token", With: "keep",
			Hidden: []ui.Hidden{{Name: "ceremony", Value: "sealed"}}, Submit: ui.Button{Label: "Sign in with a passkey", Full: true}, Cancelled: "No passkey was shown.",
		}),
		After: ui.Prose("No account yet? Ask your manager for an invitation."),
	})
}

func invitePage() templ.Component {
	return ui.GatePanel(ui.GateBox{
		Title: "Welcome, Lesia", Lead: "Taras Hnatiuk lets you in to Zerno Roastery as accountant.",
		Notices: []ui.Notice{{Title: "The link is good until 30 November", Tone: ui.ToneInfo, Icon: "clock"}},
		Form: &ui.Form{Action: "/invite", CSRF: "token", FullWidth: true, Sections: []ui.FormSection{{Fields: []ui.Field{
			{Kind: ui.FieldReadOnly, Name: "email", Label: "E-mail", Value: "lesia@zerno.example"},
			{Kind: ui.FieldPassword, Name: "password", Label: "New password", Hint: "At least 12 characters", Autocomplete: "new-password", Required: true},
		}}}, Submit: ui.Button{Label: "Set the password and sign in"}},
	})
}

func dashboardPage() templ.Component {
	balance := ui.Value{Money: &ui.Money{Amount: "6252.50", Text: "6,252.50", Currency: "UAH"}}
	left := ui.Join(
		ui.Section(ui.SectionBox{ID: "todo", Title: "Needs your attention", Content: ui.Todos([]ui.Todo{
			{Icon: "invoice", Tone: ui.ToneWarn, Title: "Pay invoice INV-2026-0418", Href: "/i", Text: "November maintenance and parts, less your balance", Sum: ui.Value{Money: &ui.Money{Amount: "21227.50", Text: "21,227.50", Currency: "UAH"}}, Due: "due Friday, 27 Nov", Button: &ui.Button{Label: "Pay", Kind: ui.ButtonPrimary, Href: "/i"}},
			{Icon: "sign", Tone: ui.ToneInfo, Title: "Sign act 2026-0327", Href: "/a", Text: "Compressor repair, Sahaidachnoho 12", Due: "waits 3 days", Button: &ui.Button{Label: "Review and sign", Href: "/a"}},
			{Icon: "chat", Tone: ui.ToneInfo, Title: "Answer in request R-1184", Text: "“Which entrance should the crew use on Thursday?”"},
		})}),
		ui.Section(ui.SectionBox{ID: "events", Title: "Recent events", Actions: []ui.Button{{Label: "Earlier events", Href: "/e", Kind: ui.ButtonQuiet, Small: true}}, Content: ui.Timeline([]ui.Event{
			{Icon: "invoice", Title: "Invoice INV-2026-0418 was issued", Href: "/i", Text: "27,480.00 UAH, due 27 November", Time: "9:00"},
			{Icon: "wallet", Tone: ui.ToneGood, Title: "Bank transfer received", Text: "15,000.00 UAH", Time: "14 Nov"},
		})}),
	)
	right := ui.Join(
		ui.TileBox(ui.Tile{ID: "balance", Title: "Balance", Big: &balance, Note: "After INV-2026-0418 you will owe 21,227.50 UAH", Action: &ui.Button{Label: "Why?", Kind: ui.ButtonQuiet, Small: true, Icon: "help", Href: "/why"}, Buttons: []ui.Button{{Label: "Top up", Icon: "plus", Href: "/t"}, {Label: "Statement", Kind: ui.ButtonQuiet, Href: "/s"}}}),
		ui.PersonCard(ui.Person{Label: "Your manager", Name: "Taras Hnatiuk", Role: "Service manager", Note: "Answers within about 20 minutes · on duty until 18:00", Actions: []ui.Button{{Label: "Write", Icon: "chat", Href: "/m"}, {Label: "Call", Icon: "phone", IconOnly: true, Href: "tel:+380445550142"}}}),
	)
	return ui.Join(ui.PageHead(ui.Head{Above: "Monday, 23 November", Title: "Good morning, Olena"}), ui.Columns("", left, right))
}

func wizardPage() templ.Component {
	columns := ui.FormSection{ID: "columns", Title: "Which column is which", Lead: "503 rows were read from companies.csv.", Fields: []ui.Field{
		{Kind: ui.FieldSelect, Name: "map.name", Label: "Name", Required: true, Value: "a", Options: []ui.Option{{Value: "a", Label: "company_name"}, {Value: "b", Label: "edrpou"}}, Half: true},
		{Kind: ui.FieldSelect, Name: "map.tax_id", Label: "Code", Value: "b", Options: []ui.Option{{Value: "a", Label: "company_name"}, {Value: "b", Label: "edrpou"}}, Half: true},
	}}
	return ui.Join(
		ui.PageHead(ui.Head{Crumbs: []ui.Crumb{{Label: "Clients", Href: "/list"}, {Label: "Import"}}, CrumbsLabel: "Path", Title: "Import clients"}),
		ui.Stack(
			ui.Steps("Import, step 2 of 4", []ui.Step{{Label: "File", Href: "/wizard", State: ui.StepDone}, {Label: "Columns", State: ui.StepNow}, {Label: "Trial run"}, {Label: "Import"}}),
			ui.NoticeBox(ui.Notice{Title: "7 rows have mistakes", Text: "They are left out; the report below names each.", Tone: ui.ToneWarn, Action: &ui.Button{Label: "Report", Icon: "download", Small: true, Href: "/report.csv", Download: true}}),
			ui.Progress("Import of companies.csv", 65), sides(),
			ui.FormBox(ui.Form{Action: "/wizard", CSRF: "token", Sections: []ui.FormSection{columns}, Submit: ui.Button{Label: "Try it out", Busy: "Trying…"}, Others: []ui.Button{{Label: "Back", Kind: ui.ButtonQuiet, Href: "/wizard"}}}),
			ui.List(ui.Table{Caption: "Rows with mistakes", Static: true, Columns: []ui.Column{{Label: "Row", Num: true, Fit: true}, {Label: "Mistake", Role: ui.RolePrimary}}, Rows: []ui.Row{
				{Cells: []ui.Value{ui.T("14"), ui.T("The code 4122087 has seven digits")}}, {Cells: []ui.Value{ui.T("208"), ui.T("The code 41220874 stands in row 17 too")}},
			}}),
		),
	)
}

// sides are two clients of which one becomes part of the other.
func sides() templ.Component {
	return ui.CompareBox(ui.Compare{Left: "Zerno Roastery", LeftNote: "Goes on", Right: "Zerno Roasters LLC", RightNote: "Becomes part of it", Rows: []ui.CompareRow{
		{Name: "take_name", Label: "Name", Left: ui.T("Zerno Roastery"), Right: ui.T("Zerno Roasters LLC"), Choose: true},
		{Name: "take_email", Label: "Email", Right: ui.T("office@zerno.example"), Choose: true, RightChosen: true},
		{Name: "take_phone", Label: "Phone", Left: ui.T("+380 44 555 01 18"), Right: ui.T("+380 44 555 01 18"), Note: "the same"},
	}})
}

func confirmPage() templ.Component {
	return ui.ConfirmBody(ui.Confirm{
		Title: "Suspend Zerno Roastery?", Text: "Its people are signed out at once.", Action: "/suspend", CSRF: "token", Hidden: []ui.Hidden{{Name: "id", Value: "1"}},
		Yes: ui.Button{Label: "Suspend", Kind: ui.ButtonDanger}, Back: ui.Button{Label: "Back", Href: "/detail"},
	})
}

func partsPage() templ.Component {
	tones := []ui.Tone{ui.ToneInfo, ui.ToneGood, ui.ToneWarn, ui.ToneBad, ui.ToneNone}
	var notices []templ.Component
	var badges []ui.Badge
	for _, t := range tones {
		notices = append(notices, ui.NoticeBox(ui.Notice{Title: "Something to know", Text: "It says what to do next.", Tone: t, Dismiss: "Close"}))
		badges = append(badges, ui.Badge{Text: "Tinted", Tone: t, Icon: "clock"}, ui.Badge{Text: "Plain", Tone: t, Icon: "done", Plain: true})
	}
	return ui.Join(
		ui.PageHead(ui.Head{Title: "Parts"}),
		ui.Stack(
			ui.Buttons([]ui.Button{{Label: "Primary", Kind: ui.ButtonPrimary}, {Label: "Ordinary"}, {Label: "Quiet", Kind: ui.ButtonQuiet}, {Label: "Danger", Kind: ui.ButtonDanger, Icon: "trash"}, {Label: "Off", Disabled: true}, {Label: "Small", Small: true, Icon: "plus"}}),
			ui.Panel(ui.PanelBox{Content: ui.Join(ui.Show(ui.Value{Text: "Badges ", Badges: badges}))}), ui.Join(notices...),
			ui.CopyBox(ui.CopyLink{ID: "link", Label: "One-time link", Value: "https://my.polissia.example/invite/8f2c", Hint: "It is shown this once.", Copy: "Copy", Copied: "Copied"}),
			ui.Tiles(
				ui.Panel(ui.PanelBox{ID: "p1", Title: "Panel", Content: ui.Prose("What one could pick up.")}),
				ui.Panel(ui.PanelBox{Soft: true, Content: ui.Nothing(ui.Empty{Icon: "inbox", Tone: ui.ToneInfo, Title: "No requests yet", Text: "Something hums, drips or is too warm?", Actions: []ui.Button{{Label: "New request", Kind: ui.ButtonPrimary, Icon: "plus", Href: "/form"}}})}),
			),
			ui.Facts(ui.FactsSums, []ui.Fact{{Label: "Paid in 2026", Value: ui.Value{Money: &ui.Money{Amount: "286400", Text: "+286,400.00", Currency: "UAH", Plus: true}}}, {Label: "Balance", Total: true, Value: ui.Value{Money: &ui.Money{Amount: "6252.50", Text: "6,252.50", Currency: "UAH"}}}}),
			ui.Columns(ui.ColumnsEven,
				ui.Join(ui.Amount(ui.Money{Amount: "1", Text: "1.00"}), ui.Show(ui.Value{Text: "01HX", Code: true})),
				ui.Show(ui.Value{Text: "Kyiv", Icon: "building", Dim: true})),
		),
	)
}

// registerPage is a form for anybody, beside another, and what a customer's legal entities look like.
func registerPage() templ.Component {
	return ui.GatePanel(ui.GateBox{
		Title: "Become a client", Wide: true, Notices: []ui.Notice{{Tone: ui.ToneInfo, Icon: "info", Title: "Somebody looks at each request"}}, Tabs: ui.Tabs("Become a client", []ui.Tab{{Label: "For a company", Href: "/a", Current: true}, {Label: "For yourself", Href: "/b"}}),
		Form: &ui.Form{
			Action: "/register", CSRF: "token", FullWidth: true, Trap: &ui.Trap{Name: "second_name", Label: "Leave this empty"}, Submit: ui.Button{Label: "Send request"},
			Sections: []ui.FormSection{{ID: "fa", Title: "The company", Fields: []ui.Field{
				{Name: "name", Label: "Name"}, {Name: "agreed", Label: "I agree:", Kind: ui.FieldCheckbox, Link: &ui.Crumb{Label: "Terms", Href: "https://terms.example"}},
			}}},
		},
		Content: ui.Sisters(ui.Switch{Label: "Switch", Acting: "Acting now", Action: "/act", CSRF: "token", Name: "client", Items: []ui.SwitchItem{
			{ID: "1", Name: "Zerno Roastery", Detail: "Zerno Roastery LLC", Current: true}, {ID: "2", Name: "Zerno Trade"},
		}}),
	})
}
