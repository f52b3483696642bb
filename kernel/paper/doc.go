// Package paper makes PDFs out of data: invoices, acts, statements. It is a small layer of typesetting for documents on A4, and knows
// nothing of money or clients: whoever calls it hands over texts that are written out already, by kernel/locale for one.
//
//	d, err := paper.New(paper.Options{Title: "Invoice INV-2026-0418", Created: issued, Colour: "#3056b6", PageOf: …})
//	d.Masthead("Invoice", "INV-2026-0418")
//	d.Facts(paper.Fact{Label: "Issued", Text: "20 November 2026"}, …)
//	d.Parties(seller, buyer)
//	d.Table(paper.Table{Columns: …, Rows: …})
//	d.Totals(paper.Totals{Lines: …, InWords: …})
//	pdf, err := d.Bytes()
//
// Blocks follow each other down the page, and go on a new one where they must: a row, totals and signatures are never torn apart,
// a table's head is repeated on every page, and a heading does not stay behind alone.
//
// The same calls with the same texts give the same bytes, on every machine, with one version of this package and of Go
// (whose compression they go through). So the hash of a document can be written down.
//
// Texts may be anybody's. What would break lines or order (control characters, marks of direction, signs that stack) is left out,
// what the fonts do not have is shown as a box, what is longer than a block takes ends in an ellipsis, and a word wider than its
// column is broken. Lines run from left to right; scripts whose letters join are not shaped.
//
// The fonts are DejaVu Sans Condensed, regular and bold: Latin, Cyrillic with Ukrainian, ₴ and ʼ. Only the glyphs that are used are
// embedded.
//
// # Figures
//
// See FIGURES.md.
//
// The files of the package:
//
//	paper.go    New, Options, Bytes: the document, its pages, what stands at their edges
//	text.go     cleaning, measuring, breaking into lines
//	blocks.go   Masthead, Facts, Parties, Lead, Heading, Paragraph, Note
//	table.go    Table
//	totals.go   Totals, with a code and the amount in words
//	sign.go     Signatures, with pictures of signature and seal
//	picture.go  Picture: PNG, JPEG or WebP, checked and made fit
//	ink.go      ReadInk: signatures and seals, taken off their paper
//	code.go     QR
package paper
