package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/config"
)

func loadTelemetry(t *testing.T, text string) (config.Telemetry, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), config.DefaultPath)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	cfg, err := config.Load(config.Options{Path: path, Environ: []string{"HOME=/nowhere"}})
	if err != nil {
		return config.Telemetry{}, err
	}
	return cfg.Telemetry, nil
}

func TestTelemetry(t *testing.T) {
	got, err := loadTelemetry(t, "name: Acme")
	require.NoError(t, err)
	require.Zero(t, got, "off, unless somebody says where")
	got, err = loadTelemetry(t, "telemetry: {otlp: \"http://collector:4318/\", metrics: \":9464\"}")
	require.NoError(t, err)
	require.Equal(t, config.Telemetry{OTLP: "http://collector:4318", Metrics: "127.0.0.1:9464"}, got, "a port alone is not opened to the network")
	for text, problem := range map[string]string{
		"telemetry: {otlp: \"collector:4318\"}":                            "telemetry.otlp",
		"telemetry: {metrics: \"9464\"}":                                   "telemetry.metrics",
		"listen: 127.0.0.1:9464\ntelemetry: {metrics: \"127.0.0.1:9464\"}": "choose another port",
		"telemetry: {metric: \"127.0.0.1:9464\"}":                          "metrics",
	} {
		_, err := loadTelemetry(t, text)
		require.ErrorContains(t, err, problem, text)
	}
}
