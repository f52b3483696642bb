package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// Assets answers where a file of the look is served, such as "icons.svg" or "cabinet.css". It returns an absolute path.
type Assets interface {
	URL(name string) string
}

type assetsKey struct{}

// WithAssets returns a context in which parts find the stylesheets, the script and the icons at what a answers.
func WithAssets(ctx context.Context, a Assets) context.Context {
	return context.WithValue(ctx, assetsKey{}, a)
}

// assetURL is where name is served. Without assets in the context it is the name below /assets/.
func assetURL(ctx context.Context, name string) string {
	if a, ok := ctx.Value(assetsKey{}).(Assets); ok {
		return a.URL(name)
	}
	return "/assets/" + name
}

// Join renders components one after the other. Nil ones are left out.
func Join(parts ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, p := range parts {
			if p == nil {
				continue
			}
			if err := p.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}
