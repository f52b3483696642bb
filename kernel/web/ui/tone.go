package ui

// Tone is what a colour says about a state. A state is never said by colour alone: an icon or words go with it.
type Tone string

// The tones. The zero value has no colour of its own.
const (
	ToneNone Tone = "none" // settled, neutral
	ToneInfo Tone = "info" // goes on
	ToneGood Tone = "good" // went well
	ToneWarn Tone = "warn" // asks for attention
	ToneBad  Tone = "bad"  // failed, late
)

// noticeIcon is the icon that a notice of the tone has unless it names one.
func (t Tone) noticeIcon() string {
	switch t {
	case ToneGood:
		return "done"
	case ToneWarn, ToneBad:
		return "alert"
	default:
		return "info"
	}
}
