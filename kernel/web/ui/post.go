package ui

// CSRFField is the name of the hidden field that carries a form's token.
const CSRFField = "csrf"

// Hidden is a value that a form sends and nobody sees.
type Hidden struct{ Name, Value string }

// Post is an action of one button.
type Post struct {
	Action string // where it posts to
	CSRF   string // token; sent as CSRFField
	Hidden []Hidden
	Button Button
}
