package paper

// Column is a column of a table.
type Column struct {
	Title string
	// Number has what it holds stand at its right, as wide as it needs to be. Others share what is left.
	Number bool
	// Share is how much of that a column gets, in relation to others. Default: 1.
	Share float64
}

// Row is a row: a text for each column.
type Row struct {
	Cells []string
	// Note stands below the first text that is no number, in small grey letters.
	Note string
	// Strong rows are bold: subtotals.
	Strong bool
}

// Table is rows under a head that is repeated on each page. A text in a cell has at most 400 characters and twelve lines.
type Table struct {
	Columns []Column
	Rows    []Row
}

const (
	cellGap   = 6.0 // between columns
	cellAbove = 1.7 // within a row, above and below its text
	cellLines = 12
	widest    = 42.0 // a column of numbers
)

// Table sets a table.
func (d *Document) Table(t Table) {
	if len(t.Columns) == 0 {
		return
	}
	widths := d.columns(t)
	head := make([][]string, len(t.Columns))
	headHeight := 0.0
	for i, c := range t.Columns {
		head[i] = d.wrap(clean(c.Title, 80), small, widths[i], 3)
		headHeight = max(headHeight, float64(len(head[i]))*small.height())
	}
	writeHead := func() {
		d.cells(t.Columns, widths, head, small, grey, d.y+headHeight, true)
		d.y += headHeight + cellAbove
		d.rule(d.y, d.colour)
	}
	rows := make([]setRow, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = d.setRow(t.Columns, widths, row)
	}
	first := 0.0
	if len(rows) > 0 {
		first = rows[0].height
	}
	d.need(headHeight + first)
	writeHead()
	d.onPage = writeHead
	for i, row := range rows {
		d.need(row.height)
		d.writeRow(t.Columns, widths, row)
		if i < len(rows)-1 {
			d.rule(d.y, hair)
		}
	}
	d.onPage = nil
	d.rule(d.y, hair)
	d.y += 4
}

// columns are the widths of columns: numbers get what they need, as far as there is room, and texts the rest.
func (d *Document) columns(t Table) []float64 {
	widths := make([]float64, len(t.Columns))
	taken, shares := cellGap*float64(len(t.Columns)-1), 0.0
	for i, c := range t.Columns {
		if !c.Number {
			shares += share(c)
			continue
		}
		widths[i] = min(d.measure(clean(c.Title, 80), small), 24)
		for _, row := range t.Rows {
			if i < len(row.Cells) {
				f := body
				f.bold = row.Strong
				widths[i] = max(widths[i], d.measure(clean(row.Cells[i], longCell), f))
			}
		}
		widths[i] = min(widths[i]+0.1, widest)
		taken += widths[i]
	}
	// Texts get a third at least, or numbers all of it.
	room := width - cellGap*float64(len(t.Columns)-1)
	most := room
	if shares > 0 {
		most = room * 2 / 3
	}
	numbers := taken - cellGap*float64(len(t.Columns)-1)
	if numbers > most || shares == 0 && numbers > 0 {
		for i, c := range t.Columns {
			if c.Number {
				widths[i] *= most / numbers
			}
		}
		numbers = most
	}
	for i, c := range t.Columns {
		if !c.Number {
			widths[i] = (room - numbers) * share(c) / shares
		}
	}
	return widths
}

func share(c Column) float64 {
	if c.Share <= 0 {
		return 1
	}
	return c.Share
}

// setRow is a row broken into lines.
type setRow struct {
	cells  [][]string
	note   []string
	noteAt int
	face   font
	height float64
}

func (d *Document) setRow(columns []Column, widths []float64, row Row) setRow {
	set := setRow{cells: make([][]string, len(columns)), noteAt: -1, face: font{bold: row.Strong, size: body.size}}
	for i, c := range columns {
		if i < len(row.Cells) {
			set.cells[i] = d.wrap(clean(row.Cells[i], longCell), set.face, widths[i], cellLines)
		}
		h := float64(len(set.cells[i])) * body.height()
		if !c.Number && set.noteAt < 0 {
			set.noteAt = i
			if note := clean(row.Note, longCell); note != "" {
				set.note = d.wrap(note, small, widths[i], cellLines)
				h += float64(len(set.note)) * small.height()
			}
		}
		set.height = max(set.height, h)
	}
	set.height += 2 * cellAbove
	return set
}

func (d *Document) writeRow(columns []Column, widths []float64, row setRow) {
	d.y += cellAbove
	d.cells(columns, widths, row.cells, row.face, black, d.y, false)
	if len(row.note) > 0 {
		x := left
		for i := range row.noteAt {
			x += widths[i] + cellGap
		}
		d.lines(x, d.y+float64(len(row.cells[row.noteAt]))*body.height(), widths[row.noteAt], row.note, small, grey, false)
	}
	d.y += row.height - cellAbove
}

// cells writes texts in their columns, from y down, or up to it.
func (d *Document) cells(columns []Column, widths []float64, texts [][]string, f font, c ink, y float64, up bool) {
	x := left
	for i, column := range columns {
		at := y
		if up {
			at -= float64(len(texts[i])) * f.height()
		}
		d.lines(x, at, widths[i], texts[i], f, c, column.Number)
		x += widths[i] + cellGap
	}
}
