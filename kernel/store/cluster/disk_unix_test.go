//go:build unix && !linux

package cluster

import "errors"

// mountSmall is for Linux alone.
func mountSmall(string, string) error { return errors.ErrUnsupported }
