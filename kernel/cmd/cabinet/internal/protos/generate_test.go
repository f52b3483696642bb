package protos

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const repository = "../../../../.."

// What is made of this repository's own contracts is what buf makes of them, to the byte.
func TestSameAsCommitted(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(repository)
	require.NoError(t, err)
	files, err := Find(root)
	require.NoError(t, err)
	require.Contains(t, files, "plugins/booking/v1/bookings.proto")
	files = slices.DeleteFunc(files, func(path string) bool { return strings.HasPrefix(path, "plugins/feedback/") }) // of which no Go is made
	outputs, err := Generate(t.Context(), Options{Root: root, Framework: root, Files: files})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(outputs), len(files))
	for _, o := range outputs {
		committed, err := os.ReadFile(filepath.Join(root, o.Path))
		require.NoError(t, err)
		require.Equal(t, string(committed), string(o.Content), o.Path)
	}
}
