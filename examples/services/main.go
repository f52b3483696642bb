// A service company's portal: ventilation and cooling, with the people and clients of a believable story.
//
//	go run ./examples/services
//
// It needs Postgres's programs or a DATABASE_URL, and nothing else. wire.go lists its modules, portal.yaml configures
// them, story.go tells the story.
package main

import (
	_ "embed"

	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/config"
)

//go:embed portal.yaml
var portalYAML []byte

func main() {
	kernel.Main(kernel.Options{Assemble: assemble, Seed: tell, Config: config.Options{BuiltIn: portalYAML}})
}
