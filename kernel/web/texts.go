package web

import (
	"embed"

	"github.com/opencabinet/cabinet/kernel/locale"
)

//go:embed locales/*.yaml
var texts embed.FS

// Texts are what the portal itself says, for locale.NewBundle.
func Texts() locale.Source { return locale.Source{Prefix: "kernel", FS: texts} }
