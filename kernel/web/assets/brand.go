package assets

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Brand is what makes a portal look like its owner's. Lightness is not part of it: text keeps its contrast whatever the
// hue. Start from DefaultBrand and change what differs; when every number is zero, all of them are taken from there.
type Brand struct {
	// Name of the portal, as written beside the sign. "Cabinet" when empty.
	Name string
	// Logo is an SVG or PNG, square, at most 256 KiB. The project's own when empty.
	Logo []byte
	// Hue of the accent, degrees in OKLCH; any number, taken modulo 360.
	Hue float64
	// Chroma of the accent, 0 to 0.17: more would cost contrast.
	Chroma float64
	// Tint is the hue of the greys, degrees: 80 is warm paper, 200 is cool.
	Tint float64
	// Font and FontHead are font families, first choice first, such as `Inter, "Segoe UI", sans-serif`. Only fonts that
	// the reader's machine has: none is fetched. Empty Font is the system's, empty FontHead is Font.
	Font, FontHead string
	// HeadWeight of titles, 300 to 800.
	HeadWeight int
	// Radius of controls, px, 0 to 16.
	Radius float64
	// Density of rows and controls, 0.85 to 1.15.
	Density float64
	// Measure is the widest text page, rem, 48 to 120.
	Measure float64
	// RailDark gives a dark navigation, in the accent's hue, on a light page.
	RailDark bool
}

// DefaultBrand is the project's own.
func DefaultBrand() Brand {
	return Brand{Name: "Cabinet", Hue: 264, Chroma: 0.15, Tint: 80, HeadWeight: 600, Radius: 8, Density: 1, Measure: 74}
}

const maxLogo = 256 << 10

// Errors of a Brand that cannot be used.
var (
	ErrFont = errors.New("assets: a font family may have letters, digits, spaces, dots, hyphens and underscores")
	ErrLogo = errors.New("assets: the logo must be an SVG without script or a PNG, at most 256 KiB")
)

// genericFonts must stand without quotation marks, or they would be names of fonts nobody has.
var genericFonts = map[string]bool{
	"serif": true, "sans-serif": true, "monospace": true, "cursive": true, "fantasy": true, "math": true,
	"system-ui": true, "ui-serif": true, "ui-sans-serif": true, "ui-monospace": true, "ui-rounded": true, "-apple-system": true,
}

var fontName = regexp.MustCompile(`^[\p{L}\p{N}_.-]+( [\p{L}\p{N}_.-]+)*$`)

// fontList checks a list of families and writes it so that it can mean nothing else in a stylesheet.
func fontList(list string) (string, error) {
	var out []string
	for part := range strings.SplitSeq(list, ",") {
		name := strings.TrimSpace(part)
		if n := len(name); n >= 2 && (name[0] == '"' || name[0] == '\'') && name[n-1] == name[0] {
			name = name[1 : n-1]
		}
		if len(name) > 64 || !fontName.MatchString(name) {
			return "", fmt.Errorf("%w: %q", ErrFont, part)
		}
		if genericFonts[name] {
			out = append(out, name)
		} else {
			out = append(out, `"`+name+`"`)
		}
	}
	return strings.Join(out, ","), nil
}

// clamp keeps a number in its range; what is no number becomes otherwise.
func clamp(v, low, high, otherwise float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return otherwise
	}
	return min(max(v, low), high)
}

func turn(deg, otherwise float64) float64 {
	if math.IsNaN(deg) || math.IsInf(deg, 0) {
		return otherwise
	}
	deg = math.Mod(deg, 360)
	if deg < 0 {
		deg += 360
	}
	return deg
}

// normal returns the brand with defaults filled in and every number in its range, or says what cannot be used.
func (b Brand) normal() (Brand, error) {
	d := DefaultBrand()
	if b.Hue == 0 && b.Chroma == 0 && b.Tint == 0 && b.HeadWeight == 0 && b.Radius == 0 && b.Density == 0 && b.Measure == 0 {
		b.Hue, b.Chroma, b.Tint, b.HeadWeight, b.Radius, b.Density, b.Measure =
			d.Hue, d.Chroma, d.Tint, d.HeadWeight, d.Radius, d.Density, d.Measure
	}
	if strings.TrimSpace(b.Name) == "" {
		b.Name = d.Name
	}
	b.Hue, b.Tint = turn(b.Hue, d.Hue), turn(b.Tint, d.Tint)
	b.Chroma = clamp(b.Chroma, 0, 0.17, d.Chroma)
	b.Radius = clamp(b.Radius, 0, 16, d.Radius)
	b.Density = clamp(orDefault(b.Density, d.Density), 0.85, 1.15, d.Density)
	b.Measure = clamp(orDefault(b.Measure, d.Measure), 48, 120, d.Measure)
	b.HeadWeight = int(clamp(orDefault(float64(b.HeadWeight), float64(d.HeadWeight)), 300, 800, float64(d.HeadWeight)))
	for _, f := range []*string{&b.Font, &b.FontHead} {
		if *f == "" {
			continue
		}
		list, err := fontList(*f)
		if err != nil {
			return Brand{}, err
		}
		*f = list
	}
	if len(b.Logo) == 0 {
		b.Logo = ownLogo
	}
	if _, err := logoType(b.Logo); err != nil {
		return Brand{}, err
	}
	return b, nil
}

// orDefault reads zero as "not said", for numbers that zero would make no sense for.
func orDefault(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

// Active content in an SVG. The sign is shown as an image, where nothing of this runs, and served with a policy that
// forbids it when it is opened by itself; refusing it as well tells an integrator at once that the file is not what it seems.
var activeSVG = regexp.MustCompile(`(?i)<\s*(script|foreignObject|iframe|!ENTITY)|\son[a-z]+\s*=|javascript:`)

// logoType tells an SVG from a PNG by its content.
func logoType(logo []byte) (ext string, err error) {
	switch {
	case len(logo) > maxLogo:
		return "", fmt.Errorf("%w: it has %d bytes", ErrLogo, len(logo))
	case bytes.HasPrefix(logo, []byte("\x89PNG\r\n\x1a\n")):
		return "png", nil
	case !utf8.Valid(logo) || !bytes.Contains(logo[:min(len(logo), 1024)], []byte("<svg")):
		return "", ErrLogo
	case activeSVG.Match(logo):
		return "", fmt.Errorf("%w: it has active content", ErrLogo)
	default:
		return "svg", nil
	}
}

// stylesheet writes the tokens of a normal brand. logo is the file name of the sign, beside the stylesheet.
func (b Brand) stylesheet(logo string) []byte {
	var s bytes.Buffer
	set := func(token, format string, args ...any) {
		fmt.Fprintf(&s, "  --%s: %s;\n", token, fmt.Sprintf(format, args...))
	}
	s.WriteString(":root {\n")
	set("hue", "%.5g", b.Hue)
	set("chroma", "%.5g", b.Chroma)
	set("tint", "%.5g", b.Tint)
	set("head-weight", "%d", b.HeadWeight)
	set("radius", "%.5gpx", b.Radius)
	set("density", "%.5g", b.Density)
	set("measure", "%.5grem", b.Measure)
	set("logo", "url(%s)", logo)
	if b.Font != "" {
		set("font", "%s", b.Font)
	}
	if b.FontHead != "" {
		set("font-head", "%s", b.FontHead)
	}
	if b.RailDark {
		set("rail", "oklch(27%% %.5g %.5g)", b.Chroma*0.4, b.Hue)
		set("rail-scheme", "dark")
	}
	s.WriteString("}\n")
	return s.Bytes()
}
