package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/web"
)

// Every key that the pages' code names must be said in every language; a key that ends in "_" or "." is the beginning
// of several, which their own tests cover.
func TestEveryTextIsSaidInEveryLanguage(t *testing.T) {
	bundle, err := locale.NewBundle(web.Texts())
	require.NoError(t, err)
	named := regexp.MustCompile(`"(kernel\.[a-z_.]+[a-z])"`)
	var keys []string
	for _, dir := range []string{".", "screen"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, found := range named.FindAllStringSubmatch(string(source), -1) {
				keys = append(keys, found[1])
				if strings.HasPrefix(found[1], "kernel.error.") && found[1] != "kernel.error.home" && found[1] != "kernel.error.reference" {
					keys = append(keys, found[1]+"_hint")
				}
			}
		}
	}
	require.Greater(t, len(keys), 100)
	require.NoError(t, bundle.Check(keys))
}
