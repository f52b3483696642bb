package kerneltest

import "testing"

func (c *conformance) once(t testing.TB) {}
