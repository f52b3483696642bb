package kerneltest

import "testing"

// Look returns what one part of Conform finds, for tests that it finds something.
func Look(t testing.TB, subject Subject, name string) []string {
	t.Helper()
	c := prepare(t, subject)
	for _, p := range parts {
		if p.name == name {
			return c.look(t, p)
		}
	}
	t.Fatalf("no part is called %s", name)
	return nil
}
