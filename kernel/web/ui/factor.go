package ui

// QRBox is a picture of a secret and the secret as text, in groups.
type QRBox struct {
	// Image is a data address.
	Image, Alt  string
	Label, Text string
}
