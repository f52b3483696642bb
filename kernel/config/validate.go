package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	slug        = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	prefix      = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)
	roleID      = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
	permission  = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?$`)
	checksum    = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	fontList    = regexp.MustCompile(`^[\p{L}\p{N} "',._-]+$`)
	colour      = regexp.MustCompile(`^(#[0-9a-fA-F]{3,8}|[a-z]+|(oklch|oklab|rgb|hsl)\([0-9a-z.%/, -]+\))$`)
	logoEndings = []string{".svg", ".png", ".webp"}

	// locales are the languages that the portal has texts for.
	locales = []string{"en", "uk", "ru"}
)

// validate checks every value, in the order of Config. It assumes nothing about values that another check refuses.
func (l *loader) validate(cfg *Config) {
	bad := func(key, format string, args ...any) { l.fail(cfg.Origin(key), key, format, args...) }

	if !slug.MatchString(cfg.ID) || len(cfg.ID) > texts["id"].most {
		bad("id", "%q is no id; write 1 to 24 lower-case letters, digits and single hyphens, a letter first, such as \"acme\"", cfg.ID)
	}
	if n := utf8.RuneCountInString(cfg.Name); strings.TrimSpace(cfg.Name) == "" || n > texts["name"].most || hasControl(cfg.Name) {
		bad("name", "a name has 1 to %d characters on one line", texts["name"].most)
	}
	if err := checkListen(cfg.Listen); err != nil {
		bad("listen", "%s", err)
	}
	if !prefix.MatchString(cfg.Path) || slices.ContainsFunc(strings.Split(cfg.Path, "/"), func(s string) bool { return s == "." || s == ".." }) {
		bad("path", "%q is no path prefix; write one such as \"/my\", or \"/\" for the root", cfg.Path)
	}
	if u, err := parseURL(cfg.URL); err != nil {
		if cfg.Origin("url") != originDefault {
			bad("url", "%s; write one such as https://my.example.com", err)
		}
	} else if u.Path != cfg.Path {
		bad("path", "%q is not the path of url, %q; make them the same or remove one", cfg.Path, u.Path)
	}
	l.validateTime(cfg, bad)
	l.validateLocales(cfg, bad)
	if cfg.Data == "" {
		bad("data", "there is no home folder to keep data in; set CABINET_DATA or write a folder")
	}
	if err := checkDatabase(cfg.Database.URL.Reveal()); err != nil {
		bad("database.url", "%s", err)
	}
	validateBlobs(cfg, bad)
	validateBrand(&cfg.Brand, bad)
	validateHelp(cfg.Help, bad)
	validateAudit(cfg.Audit, bad)
	validateExport(cfg.Export, bad)
	validateTelemetry(cfg, bad)
	if l := limits["reading.rows_per_hour"]; !l.holds(float64(cfg.Reading.RowsPerHour)) {
		bad("reading.rows_per_hour", "write a number from %v to %.0f, or 0 to count nothing", l.least, l.most)
	}
	for _, id := range slices.Sorted(maps.Keys(cfg.Roles)) {
		validateRole(id, cfg.Roles[id], cfg.Locales, bad)
	}
	for _, id := range slices.Sorted(maps.Keys(cfg.Modules)) {
		validateModule("modules."+id, cfg.Modules[id], cfg.Development, bad)
	}
}

func validateModule(key string, m Module, development bool, bad badFunc) {
	switch {
	case m.Run == RunInProcess && m.Path != "":
		bad(key+".run", "a module with a path runs in a process of its own; write process or remove the line")
	case m.Run == RunInProcess && m.Attach:
		bad(key+".run", "a module that is attached runs in a process of its own; write process or remove the line")
	case m.Run != RunInProcess && m.Run != RunProcess:
		bad(key+".run", "%q is no way to run a module; write inprocess or process, or remove the line", m.Run)
	}
	if m.Checksum != "" && !checksum.MatchString(m.Checksum) {
		bad(key+".checksum", "this is no checksum; write sha256: and the 64 digits that sha256sum shows for the program")
	}
	if !m.Attach {
		return
	}
	switch {
	case m.Path != "":
		bad(key+".attach", "a module that is attached is started by somebody else; remove the path, or this line")
	case m.Checksum != "":
		bad(key+".checksum", "what somebody else starts cannot be checked; remove the checksum, or attach")
	case !development:
		bad(key+".attach", "a portal attaches modules in development only; write development: true where nobody but developers signs in, or remove this line")
	}
}

func validateAudit(a Audit, bad badFunc) {
	if l := limits["audit.days"]; !l.holds(float64(a.Days)) {
		bad("audit.days", "write a number of days from %v to %v", l.least, l.most)
	}
	if a.DetailDays < 1 || a.DetailDays > a.Days {
		bad("audit.detail_days", "write a number of days from 1 to audit.days, %d", a.Days)
	}
}

func validateExport(e Export, bad badFunc) {
	for _, n := range []struct {
		key   string
		value int
	}{{"export.rows_per_day", e.RowsPerDay}, {"export.max_rows", e.MaxRows}, {"export.proof_minutes", e.ProofMinutes}} {
		if l := limits[n.key]; !l.holds(float64(n.value)) {
			bad(n.key, "write a number from %.0f to %.0f", l.least, l.most)
		}
	}
}

func validateHelp(h Help, bad badFunc) {
	for key, text := range map[string]string{"help.hours": h.Hours, "help.phone": h.Phone, "help.email": h.Email} {
		if utf8.RuneCountInString(text) > texts[key].most || hasControl(text) {
			bad(key, "write at most %d characters on one line", texts[key].most)
		}
	}
	if h.Email != "" && !strings.Contains(h.Email, "@") {
		bad("help.email", "%q is no e-mail address; write one such as help@example.com", h.Email)
	}
}

type badFunc = func(key, format string, args ...any)

func (l *loader) validateTime(cfg *Config, bad badFunc) {
	// "Local" would mean another zone on every machine.
	location, err := time.LoadLocation(cfg.TimeZone)
	if err != nil || cfg.TimeZone == "Local" || cfg.TimeZone == "" {
		bad("time_zone", "%q is no time zone; write an IANA name such as Europe/Kyiv or UTC", cfg.TimeZone)
		location = time.UTC
	}
	cfg.location = location
	if _, known := weekdays[cfg.WeekBegins]; !known {
		bad("week_begins", "%q is no first day of a week; write monday, sunday or saturday", cfg.WeekBegins)
	}
}

func (l *loader) validateLocales(cfg *Config, bad badFunc) {
	if len(cfg.Locales) == 0 {
		bad("locales", "offer at least one of %s", strings.Join(locales, ", "))
		return
	}
	for i, locale := range cfg.Locales {
		if !slices.Contains(locales, locale) {
			bad("locales", "there are no texts in %q; offer some of %s", locale, strings.Join(locales, ", "))
		} else if slices.Contains(cfg.Locales[:i], locale) {
			bad("locales", "%q stands twice; keep one", locale)
		}
	}
	if !slices.Contains(locales, cfg.Locale) {
		bad("locale", "there are no texts in %q; write one of %s", cfg.Locale, strings.Join(locales, ", "))
	} else if !slices.Contains(cfg.Locales, cfg.Locale) {
		bad("locale", "%q is not among the offered locales (%s); offer it or choose one of them", cfg.Locale, strings.Join(cfg.Locales, ", "))
	}
}

func checkListen(listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		if _, isPort := strconv.ParseUint(listen, 10, 16); isPort == nil {
			return fmt.Errorf("%q is a port alone; write 127.0.0.1:%s, or :%s for every network", listen, listen, listen)
		}
		return fmt.Errorf("%q is no address; write host and port, such as 127.0.0.1:8080", listen)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q is no port; write a number from 0 to 65535", port)
	}
	if strings.ContainsAny(host, "/ @") {
		return fmt.Errorf("%q is no host; write a name or an address, such as 127.0.0.1:8080", host)
	}
	return nil
}

// parseURL parses a public address. Its errors never repeat it: it may hold a password by mistake.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("this is no address")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("an address begins with https:// or http://")
	case u.Hostname() == "":
		return nil, errors.New("this address has no host")
	case u.User != nil:
		return nil, errors.New("a public address has no user and password")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, errors.New("a public address ends before ? and #")
	case u.Port() != "":
		if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil {
			return nil, errors.New("its port is not from 0 to 65535")
		}
	}
	return u, nil
}

func checkDatabase(dsn string) error {
	const help = "; write postgres://user:password@host:5432/name, or remove it for a private cluster"
	if dsn == "" {
		return nil
	}
	if !strings.Contains(dsn, "://") {
		if strings.Contains(dsn, "=") {
			return nil
		}
		return errors.New("this is no Postgres URL" + help)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return errors.New("this is no URL (a password with special characters needs them escaped, such as %40 for @)" + help)
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("Postgres is the only database" + help)
	}
	return nil
}

func validateBrand(b *Brand, bad badFunc) {
	between := func(key string, value float64) {
		if l := limits["brand."+key]; !l.holds(value) {
			bad("brand."+key, "%v is out of range; write a number from %v to %v", value, l.least, l.most)
		}
	}
	if n := utf8.RuneCountInString(b.Name); strings.TrimSpace(b.Name) == "" || n > texts["brand.name"].most || hasControl(b.Name) {
		bad("brand.name", "the name beside the logo has 1 to %d characters on one line; write a short one", texts["brand.name"].most)
	}
	if b.Logo != "" {
		if !slices.Contains(logoEndings, strings.ToLower(filepath.Ext(b.Logo))) {
			bad("brand.logo", "a logo is a file ending with %s", strings.Join(logoEndings, ", "))
		} else if info, err := os.Stat(b.Logo); err != nil {
			bad("brand.logo", "it cannot be read (%s); write the path of a file", err)
		} else if !info.Mode().IsRegular() {
			bad("brand.logo", "%s is not a file", b.Logo)
		}
	}
	between("hue", b.Hue)
	between("chroma", b.Chroma)
	between("tint", b.Tint)
	between("head_weight", float64(b.HeadWeight))
	between("radius", b.Radius)
	between("density", b.Density)
	between("measure", b.Measure)
	for key, font := range map[string]string{"font": b.Font, "font_head": b.FontHead} {
		// The values go into a stylesheet: nothing may end the declaration.
		if font != "" && (!fontList.MatchString(font) || strings.Count(font, `"`)%2 != 0 || strings.Count(font, `'`)%2 != 0) {
			bad("brand."+key, "this is no list of font families; write one such as Georgia, \"Noto Serif\", serif")
		}
	}
	if b.Rail != "" && !colour.MatchString(b.Rail) {
		bad("brand.rail", "%q is no colour; write one such as #1b2430 or oklch(27%% .035 190)", b.Rail)
	}
	if b.RailScheme != "" && b.RailScheme != "dark" && b.RailScheme != "light" {
		bad("brand.rail_scheme", "%q is neither dark nor light; write one of them or remove the line", b.RailScheme)
	}
}

func validateRole(id string, role Role, offered []string, bad badFunc) {
	key := "roles." + id
	if !roleID.MatchString(id) {
		bad(key, "%q is no role id; write lower-case letters, digits, - and _, a letter first", id)
	}
	for _, locale := range offered {
		if strings.TrimSpace(role.Title[locale]) == "" && slices.Contains(locales, locale) {
			bad(key+".title", "there is no title in %q; write what people call the role in each offered locale", locale)
		}
	}
	for _, locale := range slices.Sorted(maps.Keys(role.Title)) {
		if !slices.Contains(locales, locale) {
			bad(key+".title."+locale, "%q is no locale%s", locale, didYouMean(locale, locales))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(role.Permissions)) {
		at := key + ".permissions." + name
		if !permission.MatchString(name) {
			bad(at, "%q is no permission; write one such as clientmanager.clients.read", name)
		}
		switch reach := role.Permissions[name]; {
		case reach != ReachGranted && reach != ReachAll:
			bad(at, "%q is no reach; write granted or all", reach)
		case reach == ReachAll && !role.Staff:
			bad(at, "a role of clients may not reach all clients; write granted, or staff: true for the role")
		}
	}
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
