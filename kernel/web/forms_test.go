package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// formOf is what a browser would send of the form on a page, changed in nothing.
func (s *site) formOf(t *testing.T, u *kerneltest.User, path string) url.Values {
	t.Helper()
	page := u.Get(t, path)
	require.Equal(t, http.StatusOK, page.Status, path)
	at, err := url.Parse(s.URL() + path)
	require.NoError(t, err)
	return formIn(t, page, at.Path)
}

// formIn is the first form of a page that is posted to an address.
func formIn(t *testing.T, page *kerneltest.Page, action string) url.Values {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page.Body))
	require.NoError(t, err)
	for n := range root.Descendants() {
		if n.Data == "form" && attribute(n, "method") == "post" && strings.SplitN(attribute(n, "action"), "?", 2)[0] == action {
			return fields(n)
		}
	}
	require.Fail(t, "no form is posted to "+action, page.Body)
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func fields(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		name := attribute(n, "name")
		if n.Type != html.ElementNode || name == "" || has(n, "disabled") {
			continue
		}
		switch n.Data {
		case "input":
			kind := attribute(n, "type")
			if (kind == "checkbox" || kind == "radio") && !has(n, "checked") || kind == "file" || kind == "submit" {
				continue
			}
			values.Add(name, attribute(n, "value"))
		case "textarea":
			if n.FirstChild != nil {
				values.Add(name, n.FirstChild.Data)
			} else {
				values.Add(name, "")
			}
		case "select":
			chosen, first := "", true
			for o := range n.Descendants() {
				if o.Data == "option" && o.Type == html.ElementNode && (first || has(o, "selected")) {
					chosen, first = attribute(o, "value"), false
				}
			}
			values.Add(name, chosen)
		}
	}
	return values
}
