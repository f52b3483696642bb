package paper

// Total is a line of totals.
type Total struct {
	Label, Amount string
	// Strong is what all comes to; there is a rule above it.
	Strong bool
}

// Totals stand at the right below a table, a code at their left, and the amount in words below them. All of it is on one page.
type Totals struct {
	Lines   []Total
	InWords string
	// Code is nil for none.
	Code *Code
}

// Totals sets totals.
func (d *Document) Totals(t Totals) {
	const labels, gap = 44.0, 4.0
	grand := font{bold: true, size: 10.5}
	face := func(t Total) font {
		if t.Strong {
			return grand
		}
		return body
	}
	amounts := 0.0
	for _, line := range t.Lines {
		amounts = max(amounts, d.measure(clean(line.Amount, longLine), face(line)))
	}
	amounts = min(amounts+0.1, 52)
	x := right - labels - gap - amounts
	type set struct{ label, amount []string }
	sets, height := make([]set, len(t.Lines)), 0.0
	for i, line := range t.Lines {
		sets[i] = set{d.wrap(clean(line.Label, longCell), face(line), labels, 4), d.wrap(clean(line.Amount, longLine), face(line), amounts, 4)}
		height += float64(max(len(sets[i].label), len(sets[i].amount)))*face(line).height() + 2.4
	}
	var code setCode
	coded := false
	if t.Code != nil {
		if code, coded = d.setCode(*t.Code, x-left-8); coded {
			height = max(height, code.height)
		}
	}
	words := d.wrap(clean(t.InWords, 1000), body, width, 12)
	if t.InWords == "" {
		words = nil
	}
	d.need(height + float64(len(words))*body.height() + 5)
	if coded {
		d.writeCode(code, d.y+1)
	}
	y := d.y
	for i, line := range t.Lines {
		f := face(line)
		if line.Strong {
			d.ruleFrom(x, right, y, black)
		}
		d.lines(x, y+1.2, labels, sets[i].label, f, black, false)
		d.lines(right-amounts, y+1.2, amounts, sets[i].amount, f, black, true)
		y += float64(max(len(sets[i].label), len(sets[i].amount)))*f.height() + 2.4
	}
	d.y += height
	if len(words) > 0 {
		d.y = d.lines(left, d.y+3, width, words, body, black, false)
	}
	d.y += 6
}
