package module

// ScreenKind is how a screen shows what its method gives.
type ScreenKind string

// The kinds of screen.
const (
	// List shows the repeated message field of a List method's response.
	List ScreenKind = "list"
	// Detail shows the message field of a Get method's response.
	Detail ScreenKind = "detail"
	// Form sends a request message.
	Form ScreenKind = "form"
	// ImportWizard brings rows in from a file: upload, columns, try, run.
	ImportWizard ScreenKind = "import"
	// Compare shows two things side by side, as a cabinet.kernel.v1.Comparison in the response of Prefill says, and sends which
	// of them each field is taken from: the names of those of the right one go into the request's repeated from_fields. Fields
	// of the request that the response has too are sent back as they came.
	Compare ScreenKind = "compare"
	// Calendar shows what has a beginning and an end as a day, a week or a month, and with resources as rows.
	Calendar ScreenKind = "calendar"
)

// Audience is who a screen is for. A screen is shown only to those who may call its method, whatever it says here.
type Audience string

// The audiences.
const (
	ForAll      Audience = ""
	ForStaff    Audience = "staff"
	ForContacts Audience = "contacts"
	// ForAnybody is for people who are not signed in too: a form or a detail, drawn as the page of sign-in is. Its methods
	// have SCOPE_PUBLIC. The kernel keeps robots and floods off it, and says the same to everybody: see [Screen.Said].
	ForAnybody Audience = "public"
)

// Screen is a page described as data over the methods of contracts. Field names are those of the .proto files; a path
// goes into messages with points: "client.name". Titles and labels are keys of the module's locale files; where a
// label is empty it is looked up as MODULE.fields.MESSAGE.FIELD, then as MODULE.fields.FIELD.
type Screen struct {
	// ID is unique in the module: "clients", "client".
	ID string `json:"id"`
	// Path is the page's address: "/clients", "/clients/{id}". What stands in braces fills the field of that name
	// in the method's request.
	Path     string     `json:"path"`
	Kind     ScreenKind `json:"kind"`
	Title    string     `json:"title"`
	Intro    string     `json:"intro,omitempty"`
	Icon     string     `json:"icon,omitempty"`
	Audience Audience   `json:"audience,omitempty"`
	// Nav puts the screen into the navigation.
	Nav *Nav `json:"nav,omitempty"`
	// SignInLink is the text by which the page of sign-in leads to a screen for anybody; empty for no link.
	SignInLink string `json:"sign_in_link,omitempty"`
	// ClientKinds limit what contacts see of the screen to those who act for a client of one of these kinds, in the words
	// of the module that owns clients: "company". Empty is any kind; staff always see it.
	ClientKinds []string `json:"client_kinds,omitempty"`
	// Beside are forms between which a reader chooses, this one among them: tabs above the form.
	Beside []Beside `json:"beside,omitempty"`
	// Parent is the screen this one lies below, for the crumbs.
	Parent string `json:"parent,omitempty"`

	// Method fills a list or detail, and receives a form: "/package.Service/Method".
	Method string `json:"method"`
	// Fixed fills fields of the request whatever the reader says.
	Fixed map[string]string `json:"fixed,omitempty"`

	// Columns and Filters of a list. Filters are fields of the request; Search is the one drawn as the search box,
	// Order the enum field that orders.
	Columns []Column `json:"columns,omitempty"`
	Filters []string `json:"filters,omitempty"`
	Search  string   `json:"search,omitempty"`
	Order   string   `json:"order,omitempty"`
	// Empty is the key of what an empty list says, Empty+"_hint" of what to do about it.
	Empty string `json:"empty,omitempty"`
	// Export is the permission, of the module's manifest, that lets its holder take a list away as a file, by the filters in
	// force: "clientmanager.clients.export". Whose rows those are is the narrower of what it and the method's own reach.
	Export string `json:"export,omitempty"`

	// Figures are fields of what a list's response says beside its rows, shown above them: sums of the whole. What stands in the braces of the
	// list's own actions is then filled from it: {"/m/books/statement.pdf?from={from_date}"}.
	Figures []Figure `json:"figures,omitempty"`
	// Bars draws how large each row of a list is beside the others.
	Bars *Bars `json:"bars,omitempty"`

	// Heading is the field that titles a detail, State the one shown beside it.
	Heading string `json:"heading,omitempty"`
	State   string `json:"state,omitempty"`
	// PersonWhen is as that of a column, for the initials beside the heading.
	PersonWhen map[string]string `json:"person_when,omitempty"`
	Sections   []Section         `json:"sections,omitempty"`
	// Lead are fields of a detail, of what a form's Prefill gives, or of what a list has figures of, in one line below the heading, Marks fields whose values stand beside it as badges.
	Lead  []string `json:"lead,omitempty"`
	Marks []string `json:"marks,omitempty"`
	// Sisters shows beside a detail the other clients of the same customer that a contact may act for, each with a button
	// that switches to it.
	Sisters bool `json:"sisters,omitempty"`
	// Tiles are what other methods say of a detail's thing: figures stand first, a person's card aside. Rows have
	// Related.
	Tiles []Tile `json:"tiles,omitempty"`
	// Related are lists below a detail, one tab each: screens of any module, by "module.screen".
	Related []Related `json:"related,omitempty"`

	// Fields of a form, in order, in sections. Prefill is the method that gives the present values.
	Prefill string `json:"prefill,omitempty"`
	// EditableFrom names a repeated string field of Prefill's response: only these fields can be changed.
	EditableFrom string `json:"editable_from,omitempty"`
	// Submit is the key of the button, verb and object: "clientmanager.client.save".
	Submit string `json:"submit,omitempty"`
	// Done is where a form leads: a path whose braces are filled from the response. Empty is Parent.
	Done string `json:"done,omitempty"`
	// Said is the key of what is said then; empty for that it was saved. The response's numbers are its placeholders:
	// {changed}. A form for anybody without Done leads to a page that says it, and Said+"_hint" below it.
	Said string `json:"said,omitempty"`
	// Redraw is the key of a button that draws a form again with what was typed, and sends nothing: for Choices that depend
	// on other fields.
	Redraw string `json:"redraw,omitempty"`
	// Preview gives a form a second button.
	Preview *Preview `json:"preview,omitempty"`
	// Reveal names a response field that is shown once, to be copied: an invitation's token. RevealPath is the
	// address it is made part of: "/invitation/{token}".
	Reveal     string `json:"reveal,omitempty"`
	RevealPath string `json:"reveal_path,omitempty"`
	// Ways are where else a form for anybody leads, below its panel.
	Ways []Link `json:"ways,omitempty"`

	// MovedTo is the field of a detail that holds the id of the thing that it became part of: its page then leads to that one's.
	MovedTo string `json:"moved_to,omitempty"`
	// Timeline shows a list as what happened, along a line: the first column is what, one at the End is when, and the others
	// stand below. A column of cabinet.kernel.v1.Happened is told as a sentence.
	Timeline bool `json:"timeline,omitempty"`

	// Calendar names what a calendar is made of.
	Calendar *CalendarParts `json:"calendar,omitempty"`

	// Import names the methods of an import wizard.
	Import *ImportMethods `json:"import,omitempty"`

	// Extra is the method that lists the fields which the integrator added to the screen's thing, as a repeated
	// cabinet.kernel.v1.FieldDefinition. Their values are one field of the thing, a repeated FieldValue: named among the
	// fields, columns or filters of a screen it stands for all of them.
	Extra string `json:"extra,omitempty"`

	Actions []Action `json:"actions,omitempty"`
}

// Beside is a form beside another: "module.screen", or the module's own by its id alone.
type Beside struct {
	Screen string `json:"screen"`
	// Label is the key of the tab's text.
	Label string `json:"label"`
}

// Link leads to a page elsewhere, such as the terms of service.
type Link struct {
	// Label is the key of its text.
	Label string `json:"label"`
	// Href is a path of the portal, braces filled from the thing and the page's own address, or "https://…".
	Href string `json:"href"`
}

// Nav is a place in the navigation.
type Nav struct {
	// Section is the key of the group's heading; empty for the group at the top.
	Section string `json:"section,omitempty"`
	// Order counts from the top, in tens: 10, 20.
	Order int `json:"order"`
	// Phone puts it into the bar at the bottom of a phone.
	Phone bool `json:"phone,omitempty"`
}

// Place is where a column goes when the table becomes cards on a phone.
type Place string

// The places.
const (
	Primary Place = ""      // the card's title; the first column
	Under   Place = "under" // below the title
	End     Place = "end"   // at the right
	Across  Place = "all"   // over the whole card, for what is long
	Away    Place = "hide"  // not shown
)

// Column is a column of a list.
type Column struct {
	Field string `json:"field"`
	Label string `json:"label,omitempty"`
	// Second is a field shown as a second line.
	Second string `json:"second,omitempty"`
	Place  Place  `json:"place,omitempty"`
	// Link is the path the cell leads to, braces filled from the row.
	Link string `json:"link,omitempty"`
	// Avatar shows initials before the text, in a square as organisations have them; in a circle, as people, where the row's
	// fields have the values of PersonWhen: see [Action.When].
	Avatar     bool              `json:"avatar,omitempty"`
	PersonWhen map[string]string `json:"person_when,omitempty"`
	// OrderBy is the enum value of Order that sorts by this column: "CLIENT_ORDER_NAME".
	OrderBy string `json:"order_by,omitempty"`
	// Labelled has cards on phones say the column's title too, of a value that does not say by itself what it is.
	Labelled bool `json:"labelled,omitempty"`
	// OnlySet leaves the column out while no row of the page has something in it.
	OnlySet bool `json:"only_set,omitempty"`
	// Audience limits the column.
	Audience Audience `json:"audience,omitempty"`
}

// Figure is a figure above a list, and the field with what it was before, which stands below it; empty for none.
type Figure struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
}

// Bars are drawn in the first column of a list, beside the largest on the page. They are for the eye: the figures stand in the row.
type Bars struct {
	// Field is an amount of money of the row; Before, where it is set, the same in the days before, drawn thinner.
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	// Out has bars drawn as what goes out while the row's fields have these values: see [Action.When].
	Out map[string]string `json:"out,omitempty"`
}

// Section is a group of fields of a detail or form.
type Section struct {
	Title  string   `json:"title,omitempty"`
	Fields []string `json:"fields"`
	// Aside puts it beside the main column on wide pages.
	Aside bool `json:"aside,omitempty"`
	// OnlySet leaves out of a detail the fields that hold nothing, which are shown as a dash otherwise.
	OnlySet bool `json:"only_set,omitempty"`
	// When shows the section only while the thing's fields have these values: see [Action.When]. On a form it is the present
	// thing's, and a form without one shows the section.
	When map[string]string `json:"when,omitempty"`
	// Labels are keys of what fields are called here, by field, where that differs.
	Labels map[string]string `json:"labels,omitempty"`
	// Needed are fields of a form that its method asks for here, though the contract, which is for other cases too, does not.
	Needed []string `json:"needed,omitempty"`
	// Links are what fields of a form speak of, by field.
	Links map[string]Link `json:"links,omitempty"`
	// Choices are what a form offers for its fields, by field, where the contract alone does not say it.
	Choices map[string]Choice `json:"choices,omitempty"`
	// Rows name the columns of repeated messages, by field, in order: {"lines": {"description", "price", "amount"}}. A detail
	// shows such a field as a table, a form asks for it row by row, up to the contract's repeated.max_items. A field that is the
	// section's only one needs no columns: they are then what its message has for a reader. Labels, Needed and Choices
	// mean a column as "lines.price". On a form money is shown as it was sent, not asked for, unless its currency_code stands
	// beside it in the row; simple fields that are not named are sent back as they came.
	Rows map[string][]string `json:"rows,omitempty"`
}

// Choice is what a form offers for a field: the rows of a list.
type Choice struct {
	// Method lists them, as the form's reader. Fixed fills fields of its request, Bind from fields of the form: {"day": "day"}.
	Method string            `json:"method"`
	Fixed  map[string]string `json:"fixed,omitempty"`
	Bind   map[string]string `json:"bind,omitempty"`
	// Optional are fields of the form, of those in Bind, without which the method can be asked too. Until the others are
	// there nothing is offered, and First is the key of what is said instead: to choose them, and then the form's Redraw.
	Optional []string `json:"optional,omitempty"`
	First    string   `json:"first,omitempty"`
	// None is the key of what is said when there is nothing to choose.
	None string `json:"none,omitempty"`
	// Value and Label are fields of a row: what is sent, and what is read.
	Value string `json:"value"`
	Label string `json:"label"`
	// Asks are other fields of the section that are asked for only with some of the choices: with those whose row has something in
	// a field: {"keep_card": "keeps_cards"}. Where no choice has it, the form does without.
	Asks map[string]string `json:"asks,omitempty"`
}

// Related is a list on a detail's page.
type Related struct {
	// Screen is "module.screen".
	Screen string `json:"screen"`
	// Bind fills fields of the list's request from the detail's message: {"client_id": "id"}.
	Bind map[string]string `json:"bind"`
	// Tab keeps the list off the detail's first view: it has its tab alone.
	Tab bool `json:"tab,omitempty"`
	// Hint puts it before everything else while it has rows. It is not there otherwise, and has no tab.
	Hint bool `json:"hint,omitempty"`
	// When shows the list only while the detail's fields have these values: see [Action.When].
	When map[string]string `json:"when,omitempty"`
}

// Or parts the values of which one is enough for an action to be shown.
const Or = "|"

// Action is something a reader can do from a screen: another method, or another page.
type Action struct {
	// ID is unique in the screen.
	ID    string `json:"id"`
	Label string `json:"label"`
	Icon  string `json:"icon,omitempty"`
	// Path leads to a page, braces filled from the message; a path that is a field in braces and nothing else leads to the
	// address of another site that the field holds, where that begins with "https://". Method calls at once, after asking when Confirm is set.
	Path   string `json:"path,omitempty"`
	Method string `json:"method,omitempty"`
	// Bind fills fields of the method's request from the message; Fixed with what stands here. A request_id of the request
	// is filled by itself.
	Bind  map[string]string `json:"bind,omitempty"`
	Fixed map[string]string `json:"fixed,omitempty"`
	// Confirm is the key of the question; Done of what is said afterwards.
	Confirm string `json:"confirm,omitempty"`
	Done    string `json:"done,omitempty"`
	// When shows the action only while an enum field has a value, or one of several parted by [Or]:
	// {"status": "CLIENT_STATUS_ACTIVE"}.
	When map[string]string `json:"when,omitempty"`
	// Primary is the page's one main action; Danger warns; Row puts it on each row of a list.
	Primary bool `json:"primary,omitempty"`
	Danger  bool `json:"danger,omitempty"`
	Row     bool `json:"row,omitempty"`
	// Many puts it below a list, for all rows that its reader chooses. It has a method whose one bound field is repeated; or
	// a path to a form that has such a field among its own, hidden and with a limit. The form says how many were chosen and
	// names some, and a list of several pages offers all that match its filters, up to that limit.
	Many bool `json:"many,omitempty"`
	// Back is the path that a method's action leads to, braces filled from the response; empty for the page it was taken on. For what
	// is gone then, and for what was made.
	Back string `json:"back,omitempty"`
}

// Preview is what a form's second button asks, and keeps nothing: whom a rule would match.
type Preview struct {
	// Method takes the form's fields, by their names, and the id of what it changes, and gives figures and short texts.
	Method string `json:"method"`
	// Label is the key of the button, Said of what it tells; the response's fields are its placeholders: {clients}.
	Label string `json:"label"`
	Said  string `json:"said"`
}

// ImportMethods are what an import wizard calls. The messages are those of cabinet.kernel.v1/imports.proto.
type ImportMethods struct {
	Create string `json:"create"`
	Get    string `json:"get"`
	Check  string `json:"check"`
	Run    string `json:"run"`
	Rows   string `json:"rows"`
	// Start runs an import as a job, where the contract has such a method: its page then shows how far it is.
	Start string `json:"start,omitempty"`
	// FieldLabels is the prefix of the keys of what columns can be put into.
	FieldLabels string `json:"field_labels"`
}

// TileKind is how a tile of the dashboard shows what its method gives.
type TileKind string

// The kinds of tile.
const (
	// Figures shows numbers of a response, each a field.
	Figures TileKind = "figures"
	// Rows shows the first rows of a list.
	Rows TileKind = "rows"
	// Person shows a card: name, position, email, phone.
	Person TileKind = "person"
	// Facts shows fields of a response.
	Facts TileKind = "facts"
)

// Tile is a part of the dashboard.
type Tile struct {
	ID       string   `json:"id"`
	Kind     TileKind `json:"kind"`
	Title    string   `json:"title"`
	Audience Audience `json:"audience,omitempty"`
	Method   string   `json:"method"`
	// Fixed fills fields of the request; Bind, on a detail, from its message. Without a value to bind there is no tile.
	Fixed map[string]string `json:"fixed,omitempty"`
	Bind  map[string]string `json:"bind,omitempty"`
	// Fields are shown, in order. Links leads a field to a page: {"active": "/clients?statuses=CLIENT_STATUS_ACTIVE"}.
	Fields []string          `json:"fields,omitempty"`
	Links  map[string]string `json:"links,omitempty"`
	// Screen is the list whose columns Rows shows, and where "all" leads.
	Screen string `json:"screen,omitempty"`
	// Empty is the key of what is said when there is nothing; a tile without it is left out then.
	Empty string `json:"empty,omitempty"`
	Order int    `json:"order"`
	Aside bool   `json:"aside,omitempty"`
}

// Bell is the count in the header of what waits for the reader: who may not call its method sees no bell. It is live as
// lists are, when a migration says of a table that the response of the method is made of it.
type Bell struct {
	// Method gives the count, as its response's Field. Fixed fills fields of the request.
	Method string            `json:"method"`
	Field  string            `json:"field"`
	Fixed  map[string]string `json:"fixed,omitempty"`
	// Screen is the list that the bell leads to, and is called by.
	Screen string `json:"screen"`
}
