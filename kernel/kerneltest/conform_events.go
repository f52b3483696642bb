package kerneltest

import "testing"

func (c *conformance) events(t testing.TB) {}
