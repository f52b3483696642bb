package ui

import "net/http"

// Problem is a page that cannot be shown, or not now. It says what is the matter and what to do next.
type Problem struct {
	Status int    // HTTP status; picks the sign
	Title  string // "There is no such page"
	Text   string
	// CodeLabel and Code help support find what happened, such as a request's id.
	CodeLabel, Code string
	Actions         []Button
	// Icon and Tone stand in the place of the status's own.
	Icon string
	Tone Tone
}

// look is the sign of a status: the reader's link, the reader's rights, waiting, or ours.
func (p Problem) look() (string, Tone) {
	icon, tone := "alert", ToneBad
	switch {
	case p.Status == http.StatusNotFound || p.Status == http.StatusGone:
		icon, tone = "search", ToneNone
	case p.Status == http.StatusForbidden || p.Status == http.StatusUnauthorized:
		icon, tone = "lock", ToneNone
	case p.Status == http.StatusRequestEntityTooLarge || p.Status == http.StatusRequestHeaderFieldsTooLarge:
		icon, tone = "upload", ToneWarn
	case p.Status == http.StatusTooManyRequests:
		icon, tone = "clock", ToneWarn
	case p.Status == http.StatusServiceUnavailable || p.Status == http.StatusGatewayTimeout || p.Status == http.StatusBadGateway:
		icon, tone = "plug", ToneWarn
	case p.Status >= 400 && p.Status < 500:
		icon, tone = "alert", ToneWarn
	}
	if p.Icon != "" {
		icon = p.Icon
	}
	if p.Tone != "" {
		tone = p.Tone
	}
	return icon, tone
}
