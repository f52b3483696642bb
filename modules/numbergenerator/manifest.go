package numbergenerator

import (
	"embed"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// ID names the module, its schema, its texts and its permissions.
const ID = "numbergenerator"

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed locales/*.yaml
var locales embed.FS

// Permissions of the module.
const (
	readSeries   = "numbergenerator.series.read"
	updateSeries = "numbergenerator.series.update"
	readNumbers  = "numbergenerator.numbers.read"
)

var manifest = module.Manifest{
	ID:       ID,
	Provides: []string{v1.SeriesService_ServiceDesc.ServiceName},
	Lends:    []string{v1.Take},
	Permissions: []access.Permission{
		permission(readSeries, "manager", "head"),
		permission(updateSeries, "head"),
		permission(readNumbers, "manager", "head"),
	},
	Screens:    screens,
	Migrations: module.Folder(migrations, "migrations"),
	Locales:    locales,
}

// permission gives a right to roles of staff. Series are the whole business's, and whoever has the right sees all.
func permission(name string, roles ...string) access.Permission {
	p := access.Permission{Name: name, Title: ID + ".permissions." + name[len(ID)+1:], Presets: map[string]access.Reach{}}
	for _, role := range roles {
		p.Presets[role] = access.All
	}
	return p
}
