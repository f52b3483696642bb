package ui

// Ceremony is what a browser is asked for a passkey.
type Ceremony string

// The ceremonies.
const (
	CeremonyGet    Ceremony = "get"    // one that is there
	CeremonyCreate Ceremony = "create" // a new one
)

// Passkey is a form that asks the browser for a passkey and sends its answer as the field "credential". It is hidden until a
// script finds that the browser has passkeys, so it may stand beside other ways and is nothing broken without it.
type Passkey struct {
	Ceremony Ceremony
	// Options are what the browser is asked, as JSON of the standard's …OptionsJSON; byte strings as base64url.
	Options string
	Action  string
	CSRF    string
	Hidden  []Hidden
	// With names a box elsewhere in the page that is sent along when it is checked.
	With string
	// Again is the address of the page, for one that may stay open for long: the script fetches it for new Options. The browser
	// then offers passkeys by itself too, in the field whose Autocomplete ends with "webauthn".
	Again string

	// Or stands above: a word between this way and another; optional.
	Or     string
	Fields []Field
	Submit Button
	// Cancelled is said when nothing came of it, Exists when the device has one already (of CeremonyCreate).
	Cancelled, Exists string
	// Unable is shown in the place of the form where the browser has no passkeys, or no script; optional.
	Unable string
}

// CredentialField is the form field with the browser's answer.
const CredentialField = "credential"
