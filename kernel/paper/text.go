package paper

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// font is a face and its size in points.
type font struct {
	bold bool
	size float64
}

var (
	body   = font{size: 9}
	strong = font{bold: true, size: 9}
	small  = font{size: 7.5}
)

// height of a line of text, in mm.
func (f font) height() float64 { return f.size * 0.3528 * 1.42 }

// ascent is from the top of a line to its baseline, in mm.
func (f font) ascent() float64 { return f.size * 0.3528 * 1.08 }

// How many characters texts have at most.
const (
	longLine  = 300
	longCell  = 400
	longBlock = 20_000
)

// clean makes text of anybody's fit to be set: one line, composed, without what has no width or a direction, at most so many
// characters. What the fonts' tables cannot hold becomes the sign for that.
func clean(text string, most int) string {
	return strings.Join(strings.FieldsFunc(tidy(text, most), func(r rune) bool { return r == '\n' || r == ' ' }), " ")
}

// tidy is clean that keeps line breaks.
func tidy(text string, most int) string {
	// Nobody's text needs more bytes, and composing has to end.
	if limit := most*4 + 64; len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + " "
	}
	var out strings.Builder
	n, marks := 0, 0
	for _, r := range norm.NFC.String(strings.ToValidUTF8(text, "\ufffd")) {
		switch {
		case r == '\n':
		case r == '\u00a0' || r == '\u202f': // hold numbers together
			r = '\u00a0'
		case unicode.IsSpace(r) || unicode.Is(unicode.Zs, r):
			r = ' '
		case unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Variation_Selector, r):
			continue // controls, marks of direction, joiners, unassigned
		case unicode.Is(unicode.M, r):
			if marks++; marks > 2 {
				continue
			}
		case r > 0xffff:
			r = '\ufffd'
		}
		if !unicode.Is(unicode.M, r) {
			marks = 0
		}
		if n++; n > most {
			return strings.TrimRight(out.String(), " \n") + "…"
		}
		out.WriteRune(r)
	}
	return out.String()
}

// measure is how wide a text is, in mm.
func (d *Document) measure(text string, f font) float64 {
	face := font{bold: f.bold}
	known := d.widths[face]
	if known == nil {
		known = map[rune]float64{}
		d.widths[face] = known
	}
	total := 0.0
	for _, r := range text {
		w, found := known[r]
		if !found {
			d.use(f)
			w = float64(d.pdf.GetStringSymbolWidth(string(r)))
			known[r] = w
		}
		total += w
	}
	return total / 1000 * f.size * 25.4 / 72
}

func (d *Document) use(f font) {
	style := ""
	if f.bold {
		style = "B"
	}
	d.pdf.SetFont("sans", style, f.size)
}

// line writes text of one line with its baseline at y.
func (d *Document) line(x, y float64, text string, f font, c ink) {
	if text == "" {
		return
	}
	d.use(f)
	d.pdf.SetTextColor(c.r, c.g, c.b)
	d.pdf.Text(x, y, text)
}

// lines writes lines below each other from the top at y, and returns where they end. Right-aligned ones end at x+w.
func (d *Document) lines(x, y, w float64, texts []string, f font, c ink, alignRight bool) float64 {
	for _, text := range texts {
		at := x
		if alignRight {
			at = x + w - d.measure(text, f)
		}
		d.line(at, y+f.ascent(), text, f, c)
		y += f.height()
	}
	return y
}

// wrap breaks a text into lines of a width, at spaces, and within words that are wider. most is how many lines there are at most,
// 0 for any number; the last then ends in an ellipsis.
func (d *Document) wrap(text string, f font, w float64, most int) []string {
	var out []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line, lineWidth := "", 0.0
		space := d.measure(" ", f)
		for word := range strings.FieldsFuncSeq(paragraph, func(r rune) bool { return r == ' ' }) {
			wordWidth := d.measure(word, f)
			if line != "" && lineWidth+space+wordWidth <= w {
				line, lineWidth = line+" "+word, lineWidth+space+wordWidth
				continue
			}
			if line != "" {
				out = append(out, line)
			}
			for wordWidth > w {
				head := d.fit(word, f, w)
				out = append(out, head)
				word = word[len(head):]
				wordWidth = d.measure(word, f)
				if most > 0 && len(out) > most {
					break
				}
			}
			line, lineWidth = word, wordWidth
			if most > 0 && len(out) > most {
				break
			}
		}
		out = append(out, line)
		if most > 0 && len(out) > most {
			out = out[:most]
			out[most-1] = clip(d, out[most-1]+" …", f, w)
			return out
		}
	}
	return out
}

// fit is as much of a word's beginning as is no wider than w, and one character at least. It ends behind a hyphen or slash if there
// is one in its second half.
func (d *Document) fit(word string, f font, w float64) string {
	total, end, nice := 0.0, 0, 0
	for i, r := range word {
		next := total + d.measure(string(r), f)
		if next > w && i > 0 {
			break
		}
		total, end = next, i+len(string(r))
		if (r == '-' || r == '/' || r == '_' || r == '@' || r == '.') && total > w/2 {
			nice = end
		}
	}
	if nice > 0 && end < len(word) {
		return word[:nice]
	}
	return word[:end]
}

// clip shortens a line to a width, with an ellipsis where something is missing.
func clip(d *Document, line string, f font, w float64) string {
	if d.measure(line, f) <= w {
		return line
	}
	return strings.TrimRight(d.fit(line, f, w-d.measure("…", f)), " …") + "…"
}
