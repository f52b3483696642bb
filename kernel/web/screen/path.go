package screen

import (
	"net/url"
	"strings"
)

// vars lists the names in braces of a path, in order: "/clients/{id}/contacts" gives id.
func vars(path string) []string {
	var names []string
	for {
		open := strings.IndexByte(path, '{')
		if open < 0 {
			return names
		}
		end := strings.IndexByte(path[open:], '}')
		if end < 0 {
			return names
		}
		names = append(names, path[open+1:open+end])
		path = path[open+end+1:]
	}
}

// expand fills the braces of a path, escaping what it puts in. ok is false when a name has no value: then there is
// nowhere to lead to.
func expand(path string, value func(name string) string) (filled string, ok bool) {
	before, query, hasQuery := strings.Cut(path, "?")
	filled, ok = fillBraces(before, func(name string) string {
		v := value(name)
		if v == "." || v == ".." {
			return "" // browsers would take it for a step up
		}
		return v
	}, url.PathEscape)
	if !ok || !hasQuery {
		return filled, ok
	}
	// A name without a value in the query is left empty: it prefills a form, and the form asks.
	query, _ = fillBraces(query, func(name string) string { return value(name) }, url.QueryEscape)
	return filled + "?" + query, true
}

func fillBraces(text string, value func(string) string, escape func(string) string) (string, bool) {
	var out strings.Builder
	complete := true
	for {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			out.WriteString(text)
			return out.String(), complete
		}
		end := strings.IndexByte(text[open:], '}')
		if end < 0 {
			out.WriteString(text)
			return out.String(), complete
		}
		v := value(text[open+1 : open+end])
		if v == "" {
			complete = false
		}
		out.WriteString(text[:open])
		out.WriteString(escape(v))
		text = text[open+end+1:]
	}
}

// route writes a screen's path as the web server's router wants it: "/clients/:id".
func route(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// samePath tells whether a link leads to a screen: alike but for the names in braces and the query.
func samePath(screen, link string) bool {
	link, _, _ = strings.Cut(link, "?")
	a, b := strings.Split(screen, "/"), strings.Split(link, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		bothVars := strings.HasPrefix(a[i], "{") && strings.HasPrefix(b[i], "{")
		if a[i] != b[i] && !bothVars {
			return false
		}
	}
	return true
}
