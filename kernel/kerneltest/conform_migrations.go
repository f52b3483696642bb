package kerneltest

import "testing"

func (c *conformance) migrations(t testing.TB) {}
