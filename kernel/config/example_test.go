package config_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencabinet/cabinet/kernel/config"
)

func ExampleLoad() {
	dir, err := os.MkdirTemp("", "portal")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "portal.yaml")
	text := "name: Acme\nmodules:\n  files:\n    settings: {limit: 5}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(err)
	}
	files := struct {
		Limit int    `yaml:"limit"`
		Kind  string `yaml:"kind"`
	}{Limit: 3, Kind: "pdf"}
	cfg, err := config.Load(config.Options{
		Path:    path,
		Environ: []string{"HOME=/home/ann", "CABINET_LISTEN=127.0.0.1:9000"},
		Module:  map[string]any{"files": &files},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(cfg.Name, cfg.Listen, cfg.Origin("listen"), cfg.Origin("time_zone"))
	fmt.Println(files.Limit, files.Kind)
	// Output:
	// Acme 127.0.0.1:9000 env CABINET_LISTEN default
	// 5 pdf
}

func ExampleSuggest() {
	fmt.Println(config.Suggest("adress", []string{"listen", "address"}))
	// Output: address
}
