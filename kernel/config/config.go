package config

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/opencabinet/cabinet/kernel/secret"
)

// Config is a portal's whole configuration, checked. It does not change after Load.
type Config struct {
	// ID names the portal among others on this machine and in the names of its database roles: 1 to 24 lower-case letters, digits
	// and single hyphens, a letter first. Default: "portal". Environment: CABINET_ID.
	ID string `yaml:"id"`

	// Name is what people call the portal, in titles and mails; up to 80 characters. Default: "Cabinet". Environment: CABINET_NAME.
	Name string `yaml:"name"`

	// URL is the address under which browsers reach the portal, with the path prefix and without a slash at its end:
	// "https://my.example.com" or "https://example.com/my". Default: http on the listen address, or on
	// localhost where that is it. Environment: CABINET_URL.
	URL string `yaml:"url"`

	// Listen is the address the portal listens on, host and port; port 0 takes a free one, an empty host every
	// network. Default: "127.0.0.1:8080". Environment: CABINET_LISTEN.
	Listen string `yaml:"listen"`

	// Path is the prefix of every page's path, such as "/my"; empty at the root of a site. In the file it may end with a
	// slash, and "/" is the root. Default: the path of URL. Environment: CABINET_PATH.
	Path string `yaml:"path"`

	// TimeZone is the IANA name of the zone in which dates are shown and days end, such as "Europe/Kyiv". Default: "UTC". Environment:
	// CABINET_TIME_ZONE.
	TimeZone string `yaml:"time_zone"`

	// WeekBegins is the first day of the week for readers in English: monday, sunday or saturday. Ukrainian and Russian
	// weeks begin on Monday. Default: monday.
	WeekBegins string `yaml:"week_begins"`

	// Locale is the language of who has chosen none: en, uk or ru. Default: en, or the first of Locales when en is not
	// offered. Environment: CABINET_LOCALE.
	Locale string `yaml:"locale"`

	// Locales are the languages offered, in the order of the menu. Default: en, uk, ru.
	Locales []string `yaml:"locales"`

	// Data is the folder of everything the portal keeps outside its database; absolute after Load. In the file "~/"
	// is the home folder and a relative path starts at the file's folder, in the environment at the working
	// folder. Default: $XDG_DATA_HOME/cabinet/<id>, else ~/.local/share/cabinet/<id>. Environment: CABINET_DATA.
	Data string `yaml:"data"`

	// Development tells that somebody develops on this portal: only then may modules be attached. Never so where real people sign
	// in. Default: false. Environment: CABINET_DEVELOPMENT.
	Development bool `yaml:"development"`
	// Database says where the rows are.
	Database Database `yaml:"database"`

	// Blobs says where documents, pictures and what people upload are.
	Blobs Blobs `yaml:"blobs"`

	// Brand is how the portal looks.
	Brand Brand `yaml:"brand"`

	// Help says whom people turn to; it stands at the foot of the navigation.
	Help Help `yaml:"help"`

	// Audit says how long the audit log is kept.
	Audit Audit `yaml:"audit"`

	// Export says how much people may take away as files.
	Export Export `yaml:"export"`

	// Reading says from when on somebody reads a mass.
	Reading Reading `yaml:"reading"`

	// Telemetry says where traces and figures of the portal's work go.
	Telemetry Telemetry `yaml:"telemetry"`

	// Roles are the integrator's own roles by id, beside those that modules bring. Default: none.
	Roles map[string]Role `yaml:"roles"`

	// Modules are all modules of the portal by id, also those that the file does not mention.
	Modules map[string]Module `yaml:"-"`

	origins  map[string]string
	settings map[string]any // of the program's own modules, by id
	file     string         // that was read
	location *time.Location
}

// Database says where the rows are.
type Database struct {
	// URL is a Postgres URL (postgres://user:password@host:5432/name) or a string of key=value pairs; empty for a private cluster in the data
	// folder. Default: empty. Environment: DATABASE_URL.
	URL secret.Text `yaml:"url"`
}

// Brand is a handful of tokens; every colour of the portal follows from them, with contrast that holds.
type Brand struct {
	// Name stands beside the logo; up to 40 characters. Default: the portal's name.
	Name string `yaml:"name"`

	// Logo is an SVG, PNG or WebP file; absolute after Load. A relative path starts at portal.yaml's folder. Default: empty, the built-in sign.
	Logo string `yaml:"logo"`

	// Hue of the accent, in OKLCH degrees from 0 to 360. Default: 264, a blue.
	Hue float64 `yaml:"hue"`

	// Chroma of the accent in OKLCH, from 0 (grey) to 0.17. Default: 0.15.
	Chroma float64 `yaml:"chroma"`

	// Tint is the hue of the neutrals, in degrees from 0 to 360: 80 is warm paper, 200 cool. Default: 80.
	Tint float64 `yaml:"tint"`

	// Font is a CSS list of font families for text. Default: empty, the system's own.
	Font string `yaml:"font"`

	// FontHead is a CSS list of font families for titles and large figures. Default: empty, as Font.
	FontHead string `yaml:"font_head"`

	// HeadWeight is the weight of titles, from 100 to 900. Default: 600.
	HeadWeight int `yaml:"head_weight"`

	// Radius of corners of controls, in CSS pixels from 0 to 24. Default: 8.
	Radius float64 `yaml:"radius"`

	// Density scales the height of rows and controls, from 0.85 to 1.15. Default: 1.
	Density float64 `yaml:"density"`

	// Measure is the widest page, in rem from 40 to 160. Default: 74.
	Measure float64 `yaml:"measure"`

	// Rail is the ground of the navigation as a CSS colour (#rrggbb or oklch(…)). Default: empty, as the page.
	Rail string `yaml:"rail"`

	// RailScheme is "dark" or "light" for a navigation that is always so. Default: empty, as the page.
	RailScheme string `yaml:"rail_scheme"`
}

// Help says whom people turn to, and when. Each part may be empty.
type Help struct {
	// Hours in which somebody answers, such as "8:00–20:00"; up to 40 characters. Default: empty.
	Hours string `yaml:"hours"`

	// Phone as people read it, such as "+380 44 555 01 42"; up to 40 characters. Default: empty.
	Phone string `yaml:"phone"`

	// Email is shown where there is no phone. Default: empty.
	Email string `yaml:"email"`
}

// Audit says how long it is kept who did what. What is older is deleted daily.
type Audit struct {
	// Days is for how many days entries are kept: who did what to what, in ids alone; 30 to 36500. Default: 730.
	Days int `yaml:"days"`

	// DetailDays is for how many days it is kept what fields held, and from where people acted, which is personal; 1 to
	// Days. Default: 180.
	DetailDays int `yaml:"detail_days"`
}

// Before are the times from before which entries and details are past their retention.
func (a Audit) Before(now time.Time) (entries, details time.Time) {
	return now.AddDate(0, 0, -a.Days), now.AddDate(0, 0, -a.DetailDays)
}

// Export says how much people may take away as files. Who may at all is a matter of roles.
type Export struct {
	// RowsPerDay is how many rows one person may export in any 24 hours, from 0, which lets nobody export, to 10,000,000.
	// Default: 10000.
	RowsPerDay int `yaml:"rows_per_day"`

	// MaxRows is how many rows one file may have; 1 to 1,000,000. Default: 100000.
	MaxRows int `yaml:"max_rows"`

	// ProofMinutes has people show again that it is them where they have not within so many minutes, up to 1440, before they
	// export. 0 asks for nothing. Default: 0.
	ProofMinutes int `yaml:"proof_minutes"`
}

// Reading says from when on somebody reads a mass: it stands in the audit log then, and on the heads' first page.
type Reading struct {
	// RowsPerHour is how many rows about clients a member of staff may be shown in an hour before that; what they export is
	// counted by Export instead. From 10 to 1,000,000, or 0, which counts nothing. Default: 1000.
	RowsPerHour int `yaml:"rows_per_hour"`
}

// Role is one of the integrator's own roles.
type Role struct {
	// Title by locale; every offered locale needs one.
	Title map[string]string `yaml:"title"`

	// Staff tells that its holders stand on the business's side. Default: false, a role of clients' contacts.
	Staff bool `yaml:"staff"`

	// Permissions by name, such as "clientmanager.clients.read", and how far each reaches. Default: none.
	Permissions map[string]Reach `yaml:"permissions"`
}

// Reach is how far a permission reaches.
type Reach string

// The reaches there are.
const (
	// ReachGranted is the rows of those clients that the user was given.
	ReachGranted Reach = "granted"
	// ReachAll is the rows of all clients; for staff alone.
	ReachAll Reach = "all"
)

// Module is what the portal does with one of its modules.
type Module struct {
	// Enabled tells whether the module takes part. Default: true.
	Enabled bool
	// Run is where it runs: "inprocess", or "process" for one of its own. Default: "inprocess", and "process" for a module
	// with a Path.
	Run string
	// Path of the program of a module that is not part of the portal's own; absolute after Load. A relative path starts at
	// portal.yaml's folder. Default: empty.
	Path string
	// Checksum of that program, "sha256:" and 64 hexadecimal digits: what runs is what has it. Lower case after Load. Default:
	// empty, any program at Path.
	Checksum string
	// Attach has the portal start no program for a module that is not part of its own, but wait for one that somebody started in
	// a debugger. It takes the place of Path, and asks for Development. Default: false.
	Attach bool
	// Settings of such a module, as YAML with its references resolved: only the module itself can check them.
	Settings []byte
}

// Where a module runs.
const (
	// RunInProcess runs a module inside the portal's own process.
	RunInProcess = "inprocess"
	// RunProcess runs it in a process of its own, which the portal starts and keeps running.
	RunProcess = "process"
)

// FirstWeekday is the first day of the week for readers in English.
func (c *Config) FirstWeekday() time.Weekday { return weekdays[c.WeekBegins] }

// weekdays are the days on which weeks begin somewhere.
var weekdays = map[string]time.Weekday{"monday": time.Monday, "sunday": time.Sunday, "saturday": time.Saturday}

// Location is the portal's time zone; never nil after Load.
func (c *Config) Location() *time.Location { return c.location }

// Enabled reports whether the portal has the module and takes it in.
func (c *Config) Enabled(module string) bool { return c.Modules[module].Enabled }

// Origin tells where a setting came from: "default", "portal.yaml:12", "env CABINET_LISTEN", or "portal.yaml:12 (env NAME)"
// for a reference. The key is the path in the file, such as "listen", "brand.hue", "locales[0]" or
// "modules.files.settings.limit".
func (c *Config) Origin(key string) string {
	if origin, found := c.origins[key]; found {
		return origin
	}
	return originDefault
}

// Origins returns the keys that were set, sorted, for listings beside Origin.
func (c *Config) Origins() []string { return slices.Sorted(maps.Keys(c.origins)) }

// base is where a value stands, without the reference it goes through.
func base(origin string) string {
	at, _, _ := strings.Cut(origin, " (")
	return at
}
