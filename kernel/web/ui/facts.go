package ui

import "github.com/a-h/templ"

// Fact is a name and a value.
type Fact struct {
	Label string
	Value Value
	Total bool // the last line of a sum
}

// FactsKind is how facts are laid out.
type FactsKind string

// The kinds. The zero value is a grid: the name above the value.
const (
	FactsRows FactsKind = "rows"      // a row each: the name on the left
	FactsSums FactsKind = "rows sums" // a row each, amounts at the right
)

// Event is an entry of a Timeline.
type Event struct {
	Icon  string
	Tone  Tone
	Title string
	Href  string
	Text  string
	// Time is what people read, DateTime what machines do (RFC 3339).
	Time, DateTime string
}

// Step is a stage of a progress.
type Step struct {
	Label string
	Href  string // back to a step that is done
	State StepState
}

// StepState says how far a step is.
type StepState int

// The states.
const (
	StepAhead StepState = iota
	StepNow
	StepDone
)

// Figure is a number in a strip of figures.
type Figure struct {
	Label string
	Value Value
	Href  string
	Note  string
	Tone  Tone // of the note: good or bad
}

// Tile is a panel of a dashboard.
type Tile struct {
	ID      string
	Title   string
	Action  *Button
	Big     *Value // the large figure
	Note    string
	Content templ.Component
	Buttons []Button
}

// Todo is something that needs the reader.
type Todo struct {
	Icon  string
	Tone  Tone
	Title string
	Href  string
	Text  string
	Sum   Value // what it is about, at the right
	Due   string
	// Button does it. Put a primary one on the first alone.
	Button *Button
}

// Item is a line of a small list.
type Item struct {
	Avatar *Avatar
	Icon   string
	Title  string
	Href   string
	Text   string
	Badge  *Badge
	// Buttons and Posts stand at the right.
	Buttons []Button
	Posts   []Post
}
