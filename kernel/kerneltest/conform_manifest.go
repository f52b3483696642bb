package kerneltest

import "testing"

func (c *conformance) manifest(t testing.TB) {}
