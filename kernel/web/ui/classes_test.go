package ui_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// The stylesheet has no rule for what no part writes, and no part writes a class that means nothing.
func TestStylesAndPartsKnowTheSameClasses(t *testing.T) {
	b := bundle(t)
	rec := httptest.NewRecorder()
	b.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", b.URL("cabinet.css"), nil))
	// Written by the script, or by a slot that the gallery leaves empty.
	styled := map[string]bool{}
	for _, m := range regexp.MustCompile(`\.([a-z][a-z0-9-]*)`).FindAllStringSubmatch(rec.Body.String(), -1) {
		styled[m[1]] = true
	}
	written := map[string]bool{"busy": true, "over": true, "bell": true, "ghost": true, "dragged": true}
	for _, page := range gallery() {
		tags(t, render(t, page), func(tok html.Token) {
			class, _ := attr(tok, "class")
			for _, c := range strings.Fields(class) {
				written[c] = true
			}
		})
	}
	for c := range styled {
		require.Contains(t, written, c, "styled, but never written")
	}
	// Named for what they are, styled by the parts they are made of.
	for c := range written {
		if plain := map[string]bool{"copy": true, "tile": true}; !plain[c] {
			require.Contains(t, styled, c, "written, but never styled")
		}
	}
}
