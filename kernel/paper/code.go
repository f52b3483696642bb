package paper

import (
	"fmt"

	"rsc.io/qr"
)

// Code is a QR code, with a title and a text beside it that say what it is for: to pay, or to check the document.
type Code struct {
	// Payload has at most some 2,300 bytes, and fewer are easier to scan.
	Payload     string
	Title, Text string
}

// QR is a code by itself.
func (d *Document) QR(c Code) {
	set, ok := d.setCode(c, width)
	if !ok {
		return
	}
	d.need(set.height)
	d.writeCode(set, d.y)
	d.y += set.height + 6
}

// setCode is a code with its texts broken into lines.
type setCode struct {
	code          *qr.Code
	size, height  float64
	titles, texts []string
}

const codeGap = 5.0 // between a code and its texts

func (d *Document) setCode(c Code, w float64) (setCode, bool) {
	code, err := qr.Encode(c.Payload, qr.M)
	if err != nil {
		d.fail(fmt.Errorf("a QR code of %d bytes: %w", len(c.Payload), err))
		return setCode{}, false
	}
	set := setCode{code: code, size: 26}
	if code.Size > 57 { // modules have to stay about half a millimetre
		set.size = 40
	}
	w -= set.size + codeGap
	set.titles, set.texts = d.wrap(clean(c.Title, longLine), strong, w, 3), d.wrap(tidy(c.Text, longCell), small, w, 8)
	set.height = max(set.size, float64(len(set.titles))*strong.height()+float64(len(set.texts))*small.height())
	return set, true
}

func (d *Document) writeCode(set setCode, y float64) {
	d.fill(ink{})
	module := set.size / float64(set.code.Size)
	for row := range set.code.Size {
		for x := 0; x < set.code.Size; x++ {
			from := x
			for x < set.code.Size && set.code.Black(x, row) {
				x++
			}
			if x > from { // a run at once, and a hair larger, so that no light shows between rows
				d.pdf.Rect(left+float64(from)*module, y+float64(row)*module, float64(x-from)*module, module+0.02, "F")
			}
		}
	}
	x := left + set.size + codeGap
	y = d.lines(x, y-0.6, 0, set.titles, strong, black, false)
	d.lines(x, y+0.6, 0, set.texts, small, grey, false)
}
