package config

// limit is what a number may be.
type limit struct {
	least, most float64
	// none tells that 0 may be written too, for none at all.
	none bool
}

func (l limit) holds(n float64) bool { return l.none && n == 0 || n >= l.least && n <= l.most }

// limits are what numbers may be, by key. Validation and the schema go by them.
var limits = map[string]limit{
	"brand.hue":             {least: 0, most: 360},
	"brand.chroma":          {least: 0, most: 0.17},
	"brand.tint":            {least: 0, most: 360},
	"brand.head_weight":     {least: 100, most: 900},
	"brand.radius":          {least: 0, most: 24},
	"brand.density":         {least: 0.85, most: 1.15},
	"brand.measure":         {least: 40, most: 160},
	"audit.days":            {least: 30, most: 36500},
	"audit.detail_days":     {least: 1, most: 36500}, // and at most audit.days
	"export.rows_per_day":   {least: 0, most: 10_000_000},
	"export.max_rows":       {least: 1, most: 1_000_000},
	"export.proof_minutes":  {least: 0, most: 1440},
	"reading.rows_per_hour": {least: 10, most: 1_000_000, none: true},
}

// text is what a text may be.
type text struct {
	// most is how many characters it has at most; 0 for any number.
	most int
	// pattern describes it for the schema, in an expression that editors and Go understand alike. Validation may say more, and
	// never less.
	pattern string
	// one of these, where there are any.
	one []string
}

// Patterns that validation has no expression for.
const (
	oneLine      = `^[^\x00-\x1f\x7f]*$`
	someLine     = `^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$`
	someText     = `\S`
	port         = `([0-9]{1,4}|[0-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])`
	addressLine  = `^(\[[^/ @\]]+\]|[^/ @:]*):` + port + `$`
	publicURL    = `^https?://(\[[^/ @\]]+\]|[^/?#@:\s]+)(:` + port + `)?(/[^?#\s]*)?$`
	databaseURL  = `^$|^postgres(ql)?://|^[^:=]+=`
	pathPrefix   = `^(/[A-Za-z0-9._~-]+)*/*$`
	logoFile     = `\.([sS][vV][gG]|[pP][nN][gG]|[wW][eE][bB][pP])$`
	emailAddress = `^$|^[^\x00-\x1f\x7f]*@[^\x00-\x1f\x7f]*$`
	checksumText = `^[sS][hH][aA]256:[0-9a-fA-F]{64}$`
)

// texts are what texts may be, by key; * stands for any name.
var texts = map[string]text{
	"id":                    {most: 24, pattern: slug.String()},
	"name":                  {most: 80, pattern: someLine},
	"url":                   {pattern: orEmpty(publicURL)},
	"listen":                {pattern: addressLine},
	"path":                  {pattern: pathPrefix},
	"locale":                {one: locales},
	"locales[]":             {one: locales},
	"database.url":          {pattern: databaseURL},
	"blobs.s3.endpoint":     {pattern: orEmpty(publicURL)},
	"brand.name":            {most: 40, pattern: orEmpty(someLine)},
	"brand.logo":            {pattern: orEmpty(logoFile)},
	"brand.font":            {pattern: orEmpty(fontList.String())},
	"brand.font_head":       {pattern: orEmpty(fontList.String())},
	"brand.rail":            {pattern: orEmpty(colour.String())},
	"brand.rail_scheme":     {one: []string{"", "dark", "light"}},
	"help.hours":            {most: 40, pattern: oneLine},
	"help.phone":            {most: 40, pattern: oneLine},
	"help.email":            {most: 40, pattern: emailAddress},
	"roles.*.title.*":       {pattern: someText},
	"roles.*.permissions.*": {one: []string{string(ReachGranted), string(ReachAll)}},
	"modules.*.run":         {one: []string{RunInProcess, RunProcess}},
	"modules.*.checksum":    {pattern: checksumText},
}

// names are what names in a section may be, by the section's key.
var names = map[string]string{
	"roles":               roleID.String(),
	"roles.*.permissions": permission.String(),
	"modules":             moduleID.String(),
}

func orEmpty(pattern string) string { return "^$|" + pattern }
