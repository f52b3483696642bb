package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"

	"github.com/opencabinet/cabinet/kernel/config"
)

// Framework is the path of Cabinet's own Go module.
const Framework = "github.com/opencabinet/cabinet"

// Place is a repository in which modules are written: a portal's, or the framework's own.
type Place struct {
	// Root is the folder of its go.mod, and Module the path that stands in it.
	Root, Module string
	// Own tells that it is the framework's.
	Own bool
	// Portal tells that it has a portal.yaml.
	Portal bool
}

// FindPlace looks for the repository that a folder lies in.
func FindPlace(folder string) (Place, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return Place{}, err
	}
	for at := folder; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if errors.Is(err, fs.ErrNotExist) {
			if at == filepath.Dir(at) {
				return Place{}, fmt.Errorf("%s is in no portal: go into a portal's folder, or make one with cabinet new portal NAME", folder)
			}
			continue
		}
		if err != nil {
			return Place{}, err
		}
		return placeAt(at, text)
	}
}

func placeAt(root string, text []byte) (Place, error) {
	mod, err := modfile.Parse(filepath.Join(root, "go.mod"), text, nil)
	if err != nil {
		return Place{}, err
	}
	if mod.Module == nil {
		return Place{}, fmt.Errorf("%s has no module line", filepath.Join(root, "go.mod"))
	}
	p := Place{Root: root, Module: mod.Module.Mod.Path, Own: mod.Module.Mod.Path == Framework}
	_, err = os.Stat(filepath.Join(root, config.DefaultPath))
	p.Portal = err == nil
	uses := p.Own
	for _, r := range mod.Require {
		uses = uses || r.Mod.Path == Framework
	}
	if !uses {
		return Place{}, fmt.Errorf("%s is no portal: its go.mod does not require %s", root, Framework)
	}
	return p, nil
}

// prefix begins the names of the repository's protobuf packages, so that they are nobody else's.
func (p Place) prefix() string {
	if p.Own {
		return "cabinet"
	}
	if name := plainly(filepath.Base(p.Module)); nameForm.MatchString(name) {
		return name
	}
	return "portal"
}
