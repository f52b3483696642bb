package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/config"
)

func TestBlobs(t *testing.T) {
	folder := t.TempDir()
	load := func(text string) (config.Blobs, error) {
		path := filepath.Join(folder, config.DefaultPath)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		cfg, err := config.Load(config.Options{Path: path, Environ: []string{"HOME=/home/acme", "S3_SECRET_KEY=hush"}})
		if err != nil {
			return config.Blobs{}, err
		}
		return cfg.Blobs, nil
	}
	got, err := load("name: Acme")
	require.NoError(t, err)
	require.Equal(t, config.Blobs{Folder: "/home/acme/.local/share/cabinet/portal/blobs"}, got)
	got, err = load("data: /srv/acme")
	require.NoError(t, err)
	require.Equal(t, "/srv/acme/blobs", got.Folder)
	got, err = load("blobs: {folder: papers}")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(folder, "papers"), got.Folder)

	const s3 = "blobs: {s3: {endpoint: \"https://s3.example.com\", bucket: acme, access_key: AK, secret_key: \"${env:S3_SECRET_KEY}\"}}"
	got, err = load(s3)
	require.NoError(t, err)
	require.Equal(t, "acme", got.S3.Bucket)
	require.Equal(t, "hush", got.S3.SecretKey.Reveal())

	for text, problem := range map[string]string{
		"blobs: {s3: {bucket: acme}}": "blobs.s3.endpoint",
		"blobs: {s3: {endpoint: \"s3.example.com\", bucket: b, access_key: a, secret_key: s}}":                       "write one such as https://s3.example.com",
		"blobs: {s3: {endpoint: \"https://s3.example.com/acme\", bucket: b, access_key: a, secret_key: s}}":          "ends behind the host",
		"blobs: {s3: {endpoint: \"https://s3.example.com\", access_key: a, secret_key: s}}":                          "blobs.s3.bucket",
		"blobs: {folder: /srv, s3: {endpoint: \"https://s3.example.com\", bucket: b, access_key: a, secret_key: s}}": "remove this line",
		"blobs: {s4: {}}": "s4",
	} {
		_, err := load(text)
		require.ErrorContains(t, err, problem, text)
	}
}
