package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestModulesOfTheirOwnPrograms(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "portal.yaml")
	require.NoError(t, os.WriteFile(file, []byte("modules:\n  booking:\n    path: bin/booking\n    settings:\n      key: ${env:BOOKING_KEY}\n      days: 30\n  files: {run: process}\n"), 0o600))
	cfg, err := Load(Options{
		Path: file, Environ: []string{"HOME=/home/ann", "BOOKING_KEY=k: 1"}, Module: map[string]any{"files": nil},
	})
	require.NoError(t, err)
	require.Equal(t, RunProcess, cfg.Modules["files"].Run)
	booking := cfg.Modules["booking"]
	require.Equal(t, filepath.Join(dir, "bin/booking"), booking.Path)
	require.Equal(t, RunProcess, booking.Run)
	require.YAMLEq(t, "key: 'k: 1'\ndays: 30\n", string(booking.Settings), "references are resolved: the program has no access to them")
}

func TestProgramsThatAreCheckedOrAttached(t *testing.T) {
	cfg, err := loadText(t, "modules:\n  booking: {path: ./booking, checksum: '"+strings.ToUpper(checksumOfNothing)+"'}\n  visits: {attach: yes, settings: {a: b}}\n", "CABINET_DEVELOPMENT=true")
	require.NoError(t, err)
	require.True(t, cfg.Development)
	require.Equal(t, "env CABINET_DEVELOPMENT", cfg.Origin("development"))
	require.Equal(t, checksumOfNothing, cfg.Modules["booking"].Checksum)
	require.Equal(t, Module{Enabled: true, Run: RunProcess, Attach: true, Settings: []byte("{a: b}\n")}, cfg.Modules["visits"])

	_, err = loadText(t, "development: true", "CABINET_DEVELOPMENT=perhaps")
	require.ErrorContains(t, err, "env CABINET_DEVELOPMENT: development: this is neither true nor false")
}
