package module

import "context"

// Configurable is a module with settings in portal.yaml, below modules.ID.settings.
type Configurable interface {
	// Settings returns a pointer to the module's settings, filled with their defaults. The kernel decodes
	// the module's part of portal.yaml into it, refusing unknown keys, before Register is called.
	Settings() any
}

// Validator is settings that can say what is wrong with themselves, each error naming a key.
type Validator interface {
	Validate() error
}

// Starter is a module that has something to do once all are registered. ctx ends when the portal stops.
type Starter interface {
	Start(ctx context.Context) error
}

// Stopper is a module that has something to end. It must return before ctx does.
type Stopper interface {
	Stop(ctx context.Context) error
}
