package paper

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/dejavu/dejavusanscondensed"
	"github.com/go-fonts/dejavu/dejavusanscondensedbold"
)

// Options are what a document has on every page, and what is said of it.
type Options struct {
	// Title of the file, and at the head of every page but the first. Required.
	Title string
	// Author is who made it: the business.
	Author string
	// Language of the texts, for who reads them aloud: "uk".
	Language string
	// Created is when the document says it was made. The bytes depend on it, so it is the time of issue and never now. Required.
	Created time.Time
	// Colour of the brand, "#3056b6". Nothing that is read is in it, so any will do. Default: a dark grey.
	Colour string
	// Logo stands at the top of the first page; nil for none.
	Logo *Picture
	// Footer stands at the foot of every page, such as the business's name and address; one line.
	Footer string
	// PageOf writes "Page 1 of 3". Default: "1 / 3".
	PageOf func(page, pages int) string
	// Watermark is written across every page, such as DRAFT; a word or two. Default: none.
	Watermark string
}

// Document is a PDF in the making. Blocks are added in order, by one goroutine; Bytes ends it.
type Document struct {
	options Options
	pdf     *fpdf.Fpdf
	y       float64 // where the next block begins, in mm from the top
	page    int
	colour  ink
	widths  map[font]map[rune]float64
	onPage  func() // writes what a block repeats at the top of a page that begins in it
	err     error
}

// The page, in mm.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	left       = 20.0
	right      = pageWidth - 20
	width      = right - left
	top        = 20.0
	bottom     = pageHeight - 24 // above the foot
)

// ink is a colour.
type ink struct{ r, g, b int }

var (
	black = ink{28, 27, 26}    // text
	grey  = ink{106, 103, 99}  // labels; 5.6:1 on white
	hair  = ink{222, 219, 214} // rules
	faint = ink{238, 236, 233} // the watermark, beneath the text
)

var colours = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// New begins a document.
func New(o Options) (*Document, error) {
	switch {
	case o.Title == "":
		return nil, errors.New("paper: a document has a title")
	case o.Created.IsZero():
		return nil, errors.New("paper: say when the document was made: its bytes depend on it")
	case o.Colour != "" && !colours.MatchString(o.Colour):
		return nil, fmt.Errorf("paper: %.20q is no colour: write one such as #3056b6", o.Colour)
	}
	if o.PageOf == nil {
		o.PageOf = func(page, pages int) string { return fmt.Sprintf("%d / %d", page, pages) }
	}
	d := &Document{options: o, colour: black, widths: map[font]map[rune]float64{}}
	if o.Colour != "" {
		n, _ := strconv.ParseUint(o.Colour[1:], 16, 32) // as the expression has it
		d.colour = ink{int(n >> 16), int(n >> 8 & 0xff), int(n & 0xff)}
	}
	d.pdf = fpdf.New("P", "mm", "A4", "")
	d.pdf.SetAutoPageBreak(false, 0)
	d.pdf.SetCatalogSort(true) // or bytes follow the order of maps
	d.pdf.SetCreationDate(o.Created.UTC())
	d.pdf.SetModificationDate(o.Created.UTC())
	d.pdf.SetProducer("Cabinet", true)
	d.pdf.SetTitle(clean(o.Title, longLine), true)
	d.pdf.SetAuthor(clean(o.Author, longLine), true)
	d.pdf.SetLang(clean(o.Language, 20))
	d.pdf.AddUTF8FontFromBytes("sans", "", dejavusanscondensed.TTF)
	d.pdf.AddUTF8FontFromBytes("sans", "B", dejavusanscondensedbold.TTF)
	d.newPage()
	return d, d.pdf.Error()
}

// newPage begins a page: under everything the watermark, then what the page repeats.
func (d *Document) newPage() {
	d.pdf.AddPage()
	d.page++
	if d.options.Watermark != "" {
		d.watermark()
	}
	d.fill(d.colour)
	d.pdf.Rect(0, 0, pageWidth, 2, "F")
	d.y = top
	if d.page == 1 {
		return
	}
	d.line(left, d.y-4, clip(d, clean(d.options.Title, longLine), small, width), small, grey)
	d.rule(d.y-1, hair)
	d.y += 5
	if d.onPage != nil {
		d.onPage()
	}
}

// watermark writes the word along the diagonal, as large as fits.
func (d *Document) watermark() {
	text := clean(d.options.Watermark, 30)
	f := font{bold: true, size: 10}
	f.size = min(130, 10*220/max(d.measure(text, f), 1))
	w := d.measure(text, f)
	d.pdf.TransformBegin()
	d.pdf.TransformRotate(54, pageWidth/2, pageHeight/2)
	d.line((pageWidth-w)/2, pageHeight/2+f.size*0.13, text, f, faint)
	d.pdf.TransformEnd()
}

// need begins a new page unless so much height is left on this one. What is higher than a page begins at the top of one.
func (d *Document) need(height float64) {
	if d.y+height > bottom && d.y > top+6 {
		d.newPage()
	}
}

// Space leaves some mm free, unless a page begins there.
func (d *Document) Space(mm float64) {
	if d.y > top+6 {
		d.y += mm
	}
}

// Bytes ends the document and returns it. The error is the first that any block met.
func (d *Document) Bytes() ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	for page := 1; page <= d.page; page++ {
		d.pdf.SetPage(page)
		d.rule(pageHeight-17, hair)
		number := clean(d.options.PageOf(page, d.page), 60)
		w := d.measure(number, small)
		d.line(right-w, pageHeight-12.5, number, small, grey)
		d.line(left, pageHeight-12.5, clip(d, clean(d.options.Footer, longLine), small, width-w-6), small, grey)
	}
	var out bytes.Buffer
	if err := d.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	return out.Bytes(), nil
}

// Pages is how many pages there are so far.
func (d *Document) Pages() int { return d.page }

func (d *Document) fail(err error) {
	if d.err == nil {
		d.err = fmt.Errorf("paper: %w", err)
	}
}

func (d *Document) fill(c ink) { d.pdf.SetFillColor(c.r, c.g, c.b) }

// rule is a hairline across the page.
func (d *Document) rule(y float64, c ink) { d.ruleFrom(left, right, y, c) }

func (d *Document) ruleFrom(x1, x2, y float64, c ink) {
	d.pdf.SetLineWidth(0.2)
	d.pdf.SetDrawColor(c.r, c.g, c.b)
	d.pdf.Line(x1, y, x2, y)
}
