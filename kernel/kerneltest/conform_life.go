package kerneltest

import "testing"

func (c *conformance) life(t testing.TB) {}
