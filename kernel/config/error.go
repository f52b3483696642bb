package config

// Error says what is wrong with one setting. Load joins them; errors.As finds the first.
type Error struct {
	// Origin is where the value came from: "portal.yaml:7", "env CABINET_LISTEN" or "default".
	Origin string
	// Key is the setting's path, for example "modules.files.settings.limit"; empty when the whole file is at fault.
	Key string
	// Problem says what is wrong and what to write instead.
	Problem string
}

func (e *Error) Error() string {
	if e.Key == "" {
		return e.Origin + ": " + e.Problem
	}
	return e.Origin + ": " + e.Key + ": " + e.Problem
}
