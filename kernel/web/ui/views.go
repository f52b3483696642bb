package ui

// Views are saved views of a list, in a row above it.
type Views struct {
	Label string // for screen readers
	Tabs  []Tab
	// Save leads to where what is set now is saved; nil when there is nothing to save.
	Save *Crumb
	// Menu is what can be done with the current one; optional.
	Menu *Menu
}
