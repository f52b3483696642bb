package ui

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Document is what stands in the head of every page.
type Document struct {
	Lang  string // BCP 47, such as "uk"
	Dir   string // "ltr" when empty
	Title string // whole, such as "Clients · Polissia Climate"
	// Theme is "light" or "dark"; anything else follows the reader's system.
	Theme string
	// Width is "" for text and tables, "wide" for boards and long lists, "slim" for forms.
	Width string
}

// BrandMark is the sign and the name of the portal. The sign itself comes with the brand's stylesheet.
type BrandMark struct {
	Name string
	Href string // home
}

// Shell is all that surrounds the content of a page for somebody who is signed in.
type Shell struct {
	Document
	Brand BrandMark
	Nav   []NavSection
	// Bottom is what a phone shows below: at most four items; the button "More" opens the whole navigation.
	Bottom []NavItem
	Switch *Switch // whom the reader acts for
	// Place is shown where Switch would be when there is nothing to switch, such as the name of the business.
	Place   string
	Search  *Search
	Bell    *Bell // notifications; optional
	Account Account
	Banner  *Banner
	// Notices are shown above the content, such as what the last form did.
	Notices []Notice
	// Help is shown at the foot of the navigation.
	Help  *Help
	Live  *Live
	Texts ShellTexts
}

// Live has a page refresh itself when something changes.
type Live struct {
	// Stream is where changes are told, and At the version that the page has seen.
	Stream, At string
	// Topics of what the page shows; those of the bell are its own.
	Topics []string
	// Form says that the page is not refreshed, since somebody writes in it: they are told Changed.
	Form    bool
	Changed Notice
	// Said is what a screen reader says once the page was refreshed.
	Said string
}

// Bell leads to what waits for the reader, and says how much it is.
type Bell struct {
	Label string // whole, such as "Notifications, 3 new"
	Href  string
	Count string // none when empty
	Live  []string
}

// ShellTexts are the words of the shell itself.
type ShellTexts struct {
	Skip     string // "Skip to content"
	Sections string // name of the navigation
	Bottom   string // name of the phone's bar; must differ from Sections
	Top      string // name of the top bar, such as "Account and search"
	More     string // opens the navigation on phones
	Close    string
	// Cancel is the way out of a Question, Leave the warning of unsaved changes is the browser's own.
	Cancel string
}

// NavSection is a group of the navigation.
type NavSection struct {
	Title string // none for the first group
	Items []NavItem
}

// NavItem is a place to go.
type NavItem struct {
	Label   string
	Short   string // for the phone's bar; Label when empty
	Href    string
	Icon    string
	Count   string // how many wait; optional
	Current bool
}

func (s Shell) liveBody() templ.Attributes {
	if s.Live == nil {
		return nil
	}
	return templ.Attributes{"data-stream": s.Live.Stream, "data-at": s.Live.At}
}

func (s Shell) livePage() templ.Attributes {
	if s.Live == nil {
		return nil
	}
	a := liveTopics(s.Live.Topics)
	if a != nil && s.Live.Form {
		a["data-live-form"] = true
	}
	return a
}

// liveTopics are joined by commas: a topic may have a space and a client.
func liveTopics(topics []string) templ.Attributes {
	if len(topics) == 0 {
		return nil
	}
	return templ.Attributes{"data-live": strings.Join(topics, ",")}
}

func (n NavItem) short() string {
	if n.Short != "" {
		return n.Short
	}
	return n.Label
}

// Help says whom to ask.
type Help struct {
	Text  string
	Label string // of the link
	Href  string
}

// Switch lets the reader act for another client. Choosing posts the item's ID as Name.
type Switch struct {
	Label  string // of the list, such as "Companies you act for"
	Acting string // before the name for screen readers, such as "Acting for"
	Action string
	CSRF   string
	Name   string // of the field
	// Hidden is sent along, such as where to return to.
	Hidden []Hidden
	Items  []SwitchItem
}

// SwitchItem is a client to act for.
type SwitchItem struct {
	ID      string
	Name    string
	Detail  string // what tells it from others: the role there, or its name in law
	Note    string // a third line
	Group   string // the customer whose legal entities stand together; empty for one by itself
	Count   string
	Person  bool // a person, not an organisation
	Current bool
}

// heading is what stands above an item: the customer's name, before the first of its entities.
func (s Switch) heading(at int) string {
	if at > 0 && s.Items[at-1].Group == s.Items[at].Group {
		return ""
	}
	return s.Items[at].Group
}

// parts tells whether an item by itself follows those of a customer.
func (s Switch) parts(at int) bool {
	return at > 0 && s.Items[at].Group == "" && s.Items[at-1].Group != ""
}

func (s Switch) current() SwitchItem {
	for _, i := range s.Items {
		if i.Current {
			return i
		}
	}
	return SwitchItem{}
}

// Search is the field that ⌘K or Ctrl+K opens; it is a form that gets Action with Name.
type Search struct {
	Label  string
	Action string
	Name   string
	// Links are offered below the field.
	Heading string
	Links   []NavItem
}

// Account is the menu of the reader.
type Account struct {
	Name   string
	Detail string // the role or the e-mail
	Label  string // of the button, such as "Your account"
	Photo  string // as Avatar's
	Links  []NavItem
	Theme  *ThemeChoice
	// Languages are shown when there are two or more.
	Languages *LanguageChoice
	SignOut   string // the label
	// SignOutAction is posted to.
	SignOutAction string
	CSRF          string // token of every form of the menu
}

// ThemeChoice is a form that posts Name = auto, light or dark. With script the choice is kept in a cookie at once.
type ThemeChoice struct {
	Label  string
	Action string
	Name   string   // of the field
	Value  string   // what is chosen
	Items  []Option // values "auto", "light", "dark"
	// Cookie is the name of the cookie that the server reads, CookiePath its path ("/" when empty).
	Cookie, CookiePath string
	Apply              string // the button that readers without script see
	Hidden             []Hidden
}

func (t ThemeChoice) path() string {
	if t.CookiePath == "" {
		return "/"
	}
	return t.CookiePath
}

// LanguageChoice is a form that posts Name = a language tag.
type LanguageChoice struct {
	Label  string
	Action string
	Name   string
	Items  []Language
	Hidden []Hidden
}

// Language is one of the portal's languages, in its own words.
type Language struct {
	Tag     string // "uk"
	Label   string // "Українська"
	Href    string // on pages without a session; a link in the place of a form
	Current bool
}

// Banner stands above everything: the reader acts as somebody else.
type Banner struct {
	Label string // for screen readers
	Icon  string
	Bold  string
	Text  string
	Right string // such as until when
	Stop  *Post
	// Strong is for who can change something.
	Strong bool
	// Seconds are what is left; with script it is counted down in the place of Right, after Left, and the page is asked for
	// anew at the end. None when zero.
	Seconds int
	Left    string // such as "ends in"
	// Mark is another one for each that is acted as: a page that refreshes itself and finds another is replaced.
	Mark string
}

func (b Banner) counts() templ.Attributes {
	if b.Seconds <= 0 {
		return nil
	}
	return templ.Attributes{"data-seconds": strconv.Itoa(b.Seconds), "data-left": b.Left, "role": "timer"}
}
