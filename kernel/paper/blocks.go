package paper

import "slices"

// Masthead is the head of the first page: what the document is and its number, with the logo at the right.
func (d *Document) Masthead(title, number string) {
	titleFont, numberFont := font{bold: true, size: 22}, font{size: 11}
	free := width
	logoBottom := d.y
	if logo := d.options.Logo; logo != nil {
		w, h := logo.within(50, 16)
		d.picture(logo, right-w, d.y, w, h)
		free, logoBottom = width-w-8, d.y+h
	}
	y := d.lines(left, d.y, 0, d.wrap(clean(title, longLine), titleFont, free, 2), titleFont, black, false)
	y = d.lines(left, y, 0, d.wrap(clean(number, longLine), numberFont, free, 2), numberFont, grey, false)
	d.y = max(y, logoBottom) + 7
}

// Fact is a label and what it labels.
type Fact struct{ Label, Text string }

// Facts are short facts beside each other, three or four in a row: dates, numbers.
func (d *Document) Facts(facts ...Fact) {
	perRow := 4
	if len(facts) == 3 || len(facts) > 4 && len(facts) <= 6 {
		perRow = 3
	}
	const gap = 6.0
	w := (width - gap*float64(perRow-1)) / float64(perRow)
	for row := range slices.Chunk(facts, perRow) {
		texts, height := make([][]string, len(row)), 0.0
		for i, fact := range row {
			texts[i] = d.wrap(clean(fact.Text, longCell), body, w, 4)
			height = max(height, small.height()+0.6+float64(len(texts[i]))*body.height())
		}
		d.need(height)
		for i, fact := range row {
			x := left + float64(i)*(w+gap)
			d.line(x, d.y+small.ascent(), clip(d, clean(fact.Label, longLine), small, w), small, grey)
			d.lines(x, d.y+small.height()+0.6, w, texts[i], body, black, false)
		}
		d.y += height + 3.5
	}
	d.y += 3
}

// Party is one side of a document: in what part, its name, and lines such as address, tax number and account.
type Party struct {
	Part, Name string
	Lines      []string
}

// Parties are two sides beside each other.
func (d *Document) Parties(first, second Party) {
	const gap = 10.0
	w := (width - gap) / 2
	type set struct{ name, lines []string }
	sets, height := [2]set{}, 0.0
	for i, p := range []Party{first, second} {
		sets[i].name = d.wrap(clean(p.Name, longCell), strong, w, 4)
		for _, line := range p.Lines[:min(len(p.Lines), 12)] {
			sets[i].lines = append(sets[i].lines, d.wrap(clean(line, longCell), body, w, 4)...)
		}
		height = max(height, small.height()+1+float64(len(sets[i].name)+len(sets[i].lines))*body.height())
	}
	d.need(height)
	for i, p := range []Party{first, second} {
		x := left + float64(i)*(w+gap)
		y := d.y
		d.line(x, y+small.ascent(), clip(d, clean(p.Part, longLine), small, w), small, grey)
		y = d.lines(x, y+small.height()+1, w, sets[i].name, strong, black, false)
		d.lines(x, y, w, sets[i].lines, body, black, false)
	}
	d.y += height + 8
}

// Lead is what the document comes to, large: "21,227.50 UAH due 27 November 2026".
func (d *Document) Lead(text, note string) {
	f := font{bold: true, size: 15}
	texts := d.wrap(clean(text, longLine), f, width, 3)
	notes := d.wrap(clean(note, longCell), body, width, 4)
	if note == "" {
		notes = nil
	}
	d.need(float64(len(texts))*f.height() + float64(len(notes))*body.height())
	d.y = d.lines(left, d.y, width, texts, f, black, false)
	d.y = d.lines(left, d.y, width, notes, body, grey, false) + 6
}

// Heading begins a part; it does not stay behind at the end of a page.
func (d *Document) Heading(text string) {
	f := font{bold: true, size: 11}
	texts := d.wrap(clean(text, longLine), f, width, 3)
	d.need(float64(len(texts))*f.height() + 18)
	d.Space(2)
	d.y = d.lines(left, d.y, width, texts, f, black, false) + 1.5
}

// Paragraph is text, whose line breaks are kept. It may go on on the next page.
func (d *Document) Paragraph(text string) { d.paragraph(text, body, black) }

// Note is text in small grey letters.
func (d *Document) Note(text string) { d.paragraph(text, small, grey) }

func (d *Document) paragraph(text string, f font, c ink) {
	texts := d.wrap(tidy(text, longBlock), f, width, 0)
	if len(texts) > 1 {
		d.need(2 * f.height()) // no line alone at the foot
	}
	for _, line := range texts {
		d.need(f.height())
		d.y = d.lines(left, d.y, width, []string{line}, f, c, false)
	}
	d.y += 3
}
