package ui_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/a-h/templ"
	"github.com/opencabinet/cabinet/kernel/web/assets"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

var build = sync.OnceValues(func() (*assets.Bundle, error) { return assets.New(assets.DefaultBrand()) })

func bundle(t testing.TB) *assets.Bundle {
	t.Helper()
	b, err := build()
	require.NoError(t, err)
	return b
}

func render(t testing.TB, c templ.Component) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, c.Render(ui.WithAssets(t.Context(), bundle(t)), &out))
	return out.String()
}

// bare is the page as readers without script get it: the tokenizer would take noscript for text.
var bare = strings.NewReplacer("<noscript>", "", "</noscript>", "").Replace

// tags walks the tokens of a page.
func tags(t testing.TB, page string, visit func(html.Token)) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(bare(page)))
	for z.Next() != html.ErrorToken {
		visit(z.Token())
	}
}

func attr(tok html.Token, name string) (string, bool) {
	for _, a := range tok.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

var void = map[string]bool{"meta": true, "wbr": true, "link": true, "input": true, "hr": true, "br": true, "img": true}

func TestPagesAreWellFormed(t *testing.T) {
	for name, page := range gallery() {
		t.Run(name, func(t *testing.T) {
			out := render(t, page)
			require.True(t, strings.HasPrefix(out, "<!doctype html>"), out[:40])
			var open []string
			tags(t, out, func(tok html.Token) {
				switch tok.Type {
				case html.StartTagToken:
					if !void[tok.Data] {
						open = append(open, tok.Data)
					}
				case html.EndTagToken:
					require.NotEmpty(t, open, "</%s> without a start", tok.Data)
					require.Equal(t, open[len(open)-1], tok.Data)
					open = open[:len(open)-1]
				}
			})
			require.Empty(t, open)
		})
	}
}

// A parser that mends the tree says that the HTML was not valid: a block in a paragraph, a form in a form.
func TestPagesKeepTheirShapeWhenParsed(t *testing.T) {
	for name, page := range gallery() {
		t.Run(name, func(t *testing.T) {
			out := render(t, page)
			written, parsed := map[string]int{}, map[string]int{}
			tags(t, out, func(tok html.Token) {
				if tok.Type == html.StartTagToken || tok.Type == html.SelfClosingTagToken {
					written[tok.Data]++
				}
			})
			root, err := html.Parse(strings.NewReader(bare(out)))
			require.NoError(t, err)
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				parsed[n.Data]++
				// Nesting that a parser lets pass and a browser does not.
				for p := n.Parent; p != nil; p = p.Parent {
					require.False(t, n.Data == p.Data && (n.Data == "form" || n.Data == "a" || n.Data == "button"), "%s inside of %s", n.Data, p.Data)
				}
			}
			delete(parsed, "tbody")
			delete(written, "tbody")
			require.Equal(t, written, parsed)
		})
	}
}

func TestPagesHaveNoInlineStyleOrScript(t *testing.T) {
	for name, page := range gallery() {
		t.Run(name, func(t *testing.T) {
			tags(t, render(t, page), func(tok html.Token) {
				require.NotEqual(t, "style", tok.Data, tok.String())
				if tok.Type == html.StartTagToken && tok.Data == "script" {
					src, ok := attr(tok, "src")
					require.True(t, ok)
					require.Regexp(t, `^/assets/(cabinet|live|passkey|calendar|rows)\.`, src)
				}
				for _, a := range tok.Attr {
					require.NotEqual(t, "style", a.Key, tok.String())
					require.False(t, strings.HasPrefix(a.Key, "on"), tok.String())
					require.NotContains(t, a.Val, "javascript:")
				}
			})
		})
	}
}

func TestIDsAndReferencesHold(t *testing.T) {
	for name, page := range gallery() {
		t.Run(name, func(t *testing.T) {
			ids := map[string]int{}
			type ref struct{ from, id string }
			var refs []ref
			tags(t, render(t, page), func(tok html.Token) {
				if id, ok := attr(tok, "id"); ok {
					ids[id]++
				}
				for _, key := range []string{"for", "aria-labelledby", "aria-describedby", "popovertarget", "data-copy", "data-enter"} {
					if v, ok := attr(tok, key); ok {
						for _, id := range strings.Fields(v) {
							refs = append(refs, ref{tok.String(), id})
						}
					}
				}
				if href, ok := attr(tok, "href"); ok && tok.Data == "a" && strings.HasPrefix(href, "#") {
					refs = append(refs, ref{tok.String(), href[1:]})
				}
			})
			for id, n := range ids {
				require.Equal(t, 1, n, "id %q", id)
			}
			for _, r := range refs {
				require.Contains(t, ids, r.id, r.from)
			}
		})
	}
}

func TestIconsExist(t *testing.T) {
	sprite := bundle(t).URL("icons.svg")
	for name, page := range gallery() {
		t.Run(name, func(t *testing.T) {
			n := 0
			tags(t, render(t, page), func(tok html.Token) {
				if tok.Data != "use" || tok.Type != html.StartTagToken {
					return
				}
				href, _ := attr(tok, "href")
				file, icon, _ := strings.Cut(href, "#")
				require.Equal(t, sprite, file)
				require.True(t, assets.HasIcon(icon), "no icon %q", icon)
				n++
			})
			require.Positive(t, n)
		})
	}
}

func TestPostFormsCarryTheirToken(t *testing.T) {
	for name, page := range gallery() {
		t.Run(name, func(t *testing.T) {
			root, err := html.Parse(strings.NewReader(render(t, page)))
			require.NoError(t, err)
			for n := range root.Descendants() {
				if n.Type != html.ElementNode || n.Data != "form" {
					continue
				}
				var method string
				for _, a := range n.Attr {
					if a.Key == "method" {
						method = a.Val
					}
				}
				tokens := 0
				for in := range n.Descendants() {
					for _, a := range in.Attr {
						if a.Key == "name" && a.Val == ui.CSRFField {
							tokens++
						}
					}
				}
				switch method {
				case "post":
					require.Equal(t, 1, tokens)
				default:
					require.Zero(t, tokens, "a token in an address is a token in a log")
				}
			}
		})
	}
}

// What callers pass in is text, whatever it looks like.
func TestTextIsNeverMarkup(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	parts := map[string]templ.Component{
		"head":    ui.PageHead(ui.Head{Title: evil, Lead: evil, Avatar: &ui.Avatar{Name: evil}, Crumbs: []ui.Crumb{{Label: evil, Href: evil}}}),
		"button":  ui.Btn(ui.Button{Label: evil, Name: evil, Value: evil, Busy: evil, Confirm: &ui.Question{Title: evil, Text: evil}}),
		"field":   ui.FieldBox(ui.Field{Name: evil, Label: evil, Value: evil, Hint: evil, Error: evil, Placeholder: evil}),
		"area":    ui.FieldBox(ui.Field{Kind: ui.FieldTextArea, Name: "a", Value: `</textarea>` + evil}),
		"value":   ui.Show(ui.Value{Text: evil, Href: "javascript:alert(1)", Sub: evil, DateTime: evil}),
		"badge":   ui.StatusBadge(ui.Badge{Text: evil, Tone: ui.Tone(evil), Icon: evil}),
		"item":    ui.Items([]ui.Item{{Title: evil, Href: "javascript:alert(1)", Text: evil}}),
		"problem": ui.ErrorBody(ui.Problem{Status: 404, Title: evil, Text: evil, Code: evil}),
		"filters": ui.FilterBar(ui.Filters{Action: "javascript:alert(1)", Label: evil, Search: &ui.SearchInput{Name: evil, Value: evil}, Chips: []ui.Filter{{Name: evil, Label: evil, Summary: evil}}}),
		"post":    ui.PostButton(ui.Post{Action: "javascript:alert(1)", CSRF: evil, Button: ui.Button{Label: evil, Action: "javascript:alert(1)"}}),
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) {
			tags(t, render(t, part), func(tok html.Token) {
				require.NotContains(t, []string{"script", "img"}, tok.Data)
				for _, a := range tok.Attr {
					require.False(t, strings.HasPrefix(a.Key, "on"), tok.String())
					if a.Key == "href" || a.Key == "action" || a.Key == "formaction" {
						require.False(t, strings.HasPrefix(a.Val, "javascript:"), tok.String())
					}
				}
			})
		})
	}
}

func TestPasswordsAreNeverSentBack(t *testing.T) {
	out := render(t, ui.FieldBox(ui.Field{Kind: ui.FieldPassword, Name: "p", Value: "hunter2"}))
	require.NotContains(t, out, "hunter2")
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Zerno Roastery": "ZR", "Clinic “Zirka”": "CZ", "олена марчук": "ОМ", "«Теплиці»": "Т", "Anne-Marie": "AM", "3D": "D", "42": "4", "": "·", "  ": "·",
	} {
		require.Equal(t, want, ui.Initials(name), name)
	}
}

func TestWithoutAssetsIconsStillHaveAnAddress(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, ui.Icon("bell").Render(context.WithoutCancel(t.Context()), &out))
	require.Contains(t, out.String(), `href="/assets/icons.svg#bell"`)
}

func TestNilPartsAreLeftOut(t *testing.T) {
	require.Equal(t, `<span class="count">1</span>`, render(t, ui.Join(nil, ui.Count("1"), nil)))
}

func TestBottomBarHasFourItemsAndMore(t *testing.T) {
	s := shell("x", "")
	s.Bottom = append(s.Bottom, ui.NavItem{Label: "Fifth", Href: "/5", Icon: "star"})
	out := render(t, ui.Layout(s, ui.Prose("x")))
	require.NotContains(t, out, "Fifth")
	require.Contains(t, out, `popovertarget="rail"`)
}
