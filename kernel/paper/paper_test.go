package paper_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opencabinet/cabinet/kernel/paper"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func made(t testing.TB, d *paper.Document) []byte {
	t.Helper()
	b, err := d.Bytes()
	require.NoError(t, err)
	return b
}

// text is what somebody else's program reads off a PDF, page by page.
func text(t *testing.T, pdf []byte, options ...string) []string {
	t.Helper()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed: apt-get install poppler-utils")
	}
	file := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	cmd := exec.CommandContext(t.Context(), program, append(options, file, "-")...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Empty(t, errs.String(), "the file is as it should be")
	return strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
}

func TestWhatIsPutInIsReadOut(t *testing.T) {
	pages := text(t, made(t, invoice(t, 5, paper.Options{Colour: "#1f5fa8", Logo: logo(t)})), "-layout")
	require.Len(t, pages, 1)
	page := strings.Join(strings.Fields(strings.ReplaceAll(pages[0], "\u00a0", " ")), " ")
	for _, want := range []string{
		"Рахунок на оплату", "INV-2026-0418", "Сплатити до", "ТОВ «Полісся Клімат» ТОВ «Зерно Ростері»", "ІПН 412345626591", "27 480,00 ₴",
		"3 Холодоагент R410A, дозаправлення 3,2 кг 1 450,00 4 640,00", "установка 3, дах", "ПДВ 20 %", "Двадцять сім тисяч чотириста вісімдесят гривень 00 копійок",
		"Сплатити з телефона", "Ірина Коваль, головна бухгалтерка", "Сторінка 1 з 1",
	} {
		require.Contains(t, page, want)
	}
	require.Contains(t, text(t, made(t, invoice(t, 6, paper.Options{})))[0], "Зʼєднувальний", "with the letter apostrophe")
}

func TestHeadsAndNumbersOfPages(t *testing.T) {
	d := invoice(t, 200, paper.Options{Logo: logo(t)})
	pdf := made(t, d)
	pages := text(t, pdf)
	require.Len(t, pages, d.Pages())
	require.Greater(t, len(pages), 5)
	rows := 0
	for i, page := range pages {
		require.Contains(t, page, fmt.Sprintf("Сторінка %d з %d", i+1, len(pages)))
		require.Contains(t, page, "ТОВ «Полісся Клімат» · Київ")
		require.Equal(t, i > 0, strings.HasPrefix(page, "Рахунок INV-2026-0418"), "the title is repeated on all but the first")
		if n := strings.Count(page, "Планове обслуговування") + strings.Count(page, "Фільтр F7"); n > 0 {
			require.Equal(t, 1, strings.Count(page, "Товари та послуги"), "so is the head of the table")
			rows += n
		}
	}
	require.Equal(t, 34+34, rows, "every row is there once")
	last := pages[len(pages)-1]
	require.Contains(t, last, "Від постачальника")
}

// Totals are on one page, wherever the table ends.
func TestTotalsStayTogether(t *testing.T) {
	for n := 4; n < 18; n += 2 {
		pages := text(t, made(t, invoice(t, n, paper.Options{})))
		for _, page := range pages {
			all := 0
			for _, part := range []string{"Разом без ПДВ", "ПДВ 20 %", "Усього до сплати", "Сплатити з телефона"} {
				if strings.Contains(page, part) {
					all++
				}
			}
			require.Contains(t, []int{0, 4}, all, "%d rows", n)
			require.Equal(t, strings.Contains(page, "Від постачальника"), strings.Contains(page, "Ірина Коваль"), "%d rows", n)
		}
	}
}

func TestTheSameInTheSameOut(t *testing.T) {
	options := paper.Options{Colour: "#1f5fa8", Logo: logo(t), Watermark: "ЧЕРНЕТКА"}
	want := made(t, invoice(t, 12, options))
	results := make([][]byte, 8)
	var all sync.WaitGroup
	for i := range results { // at once, too: the fonts and pictures are everybody's
		all.Go(func() {
			b, err := invoice(t, 12, options).Bytes()
			if err == nil {
				results[i] = b
			}
		})
	}
	all.Wait()
	for _, got := range results {
		require.True(t, bytes.Equal(want, got))
	}
	require.False(t, bytes.Equal(want, made(t, invoice(t, 11, options))))
}

// Nothing that anybody writes leaves the page, breaks the file or takes long.
func TestHostileTexts(t *testing.T) {
	pdf := made(t, hostile(t))
	pages := text(t, pdf, "-bbox")
	var doc struct {
		Pages []struct {
			Words []struct {
				XMin float64 `xml:"xMin,attr"`
				XMax float64 `xml:"xMax,attr"`
				YMin float64 `xml:"yMin,attr"`
				YMax float64 `xml:"yMax,attr"`
				Text string  `xml:",chardata"`
			} `xml:"word"`
		} `xml:"body>doc>page"`
	}
	decoder := xml.NewDecoder(strings.NewReader(strings.Join(pages, "")))
	decoder.Strict, decoder.Entity = false, xml.HTMLEntity
	require.NoError(t, decoder.Decode(&doc))
	require.Greater(t, len(doc.Pages), 10)
	const mm = 72 / 25.4
	words := 0
	for i, page := range doc.Pages {
		for _, w := range page.Words {
			if strings.Contains(w.Text, "нескінченна") && w.YMax-w.YMin > 100 {
				continue // the watermark
			}
			words++
			require.True(t, w.XMin > 19*mm && w.XMax < 191*mm && w.YMin > 8*mm && w.YMax < 290*mm, "page %d: %q at %v–%v, %v–%v", i+1, w.Text, w.XMin/mm, w.XMax/mm, w.YMin/mm, w.YMax/mm)
		}
	}
	require.Greater(t, words, 1000)
	plain := strings.Join(text(t, pdf), "")
	for _, sign := range []string{"\u202e", "\u2066", "\x1b", "\u200b", "\ufeff"} {
		require.NotContains(t, plain, sign)
	}
	require.Contains(t, plain, "й ї складені", "letters are put together")
	require.Contains(t, plain, "(дужка \\ ) ) endobj %PDF")
	require.Contains(t, plain, "{nb} {total}")
}

func FuzzTexts(f *testing.F) {
	f.Add("Рахунок", "1 250,00 ₴")
	f.Add("\u202e\x00", "\xff\n\n\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		d, err := paper.New(paper.Options{Title: "t" + a, Created: created, Watermark: b, Footer: a})
		require.NoError(t, err)
		d.Masthead(a, b)
		d.Facts(paper.Fact{Label: a, Text: b})
		d.Parties(paper.Party{Part: a, Name: b, Lines: []string{a}}, paper.Party{})
		d.Table(paper.Table{Columns: []paper.Column{{Title: a}, {Title: b, Number: true}}, Rows: []paper.Row{{Cells: []string{a, b}, Note: a}}})
		d.Totals(paper.Totals{Lines: []paper.Total{{Label: a, Amount: b}}, InWords: a})
		d.Paragraph(b)
		_, err = d.Bytes()
		require.NoError(t, err)
	})
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	for problem, o := range map[string]paper.Options{
		"has a title":  {Created: created},
		"when":         {Title: "x"},
		"is no colour": {Title: "x", Created: created, Colour: "blue"},
	} {
		_, err := paper.New(o)
		require.ErrorContains(t, err, problem)
	}
	d, err := paper.New(paper.Options{Title: "x", Created: created})
	require.NoError(t, err)
	d.QR(paper.Code{Payload: strings.Repeat("x", 5000)})
	_, err = d.Bytes()
	require.ErrorContains(t, err, "QR code of 5000 bytes")
}

func TestTheTimeIsThatOfTheIssue(t *testing.T) {
	d, err := paper.New(paper.Options{Title: "x", Created: time.Date(2026, 11, 20, 1, 0, 0, 0, time.FixedZone("", 7200))})
	require.NoError(t, err)
	require.Contains(t, string(made(t, d)), "(D:20261119230000")
}

func TestPictures(t *testing.T) {
	plain := image.NewPaletted(image.Rect(0, 0, 60, 20), color.Palette{color.Black, color.White})
	deep := image.NewNRGBA64(image.Rect(10, 10, 40, 70))
	for name, encode := range map[string]func(w io.Writer) error{
		"png with a palette": func(w io.Writer) error { return png.Encode(w, plain) },
		"png of 16 bits":     func(w io.Writer) error { return png.Encode(w, deep) },
		"jpeg":               func(w io.Writer) error { return jpeg.Encode(w, plain, nil) },
	} {
		var b bytes.Buffer
		require.NoError(t, encode(&b))
		p, err := paper.ReadPicture(b.Bytes())
		require.NoError(t, err, name)
		d, err := paper.New(paper.Options{Title: "x", Created: created, Logo: p})
		require.NoError(t, err)
		d.Masthead("a", "b")
		d.Signatures(paper.Signature{Signature: p, Seal: p}, paper.Signature{Signature: p, Seal: p})
		require.NotEmpty(t, text(t, made(t, d)))
		_, err = paper.ReadPicture(b.Bytes()[:b.Len()/2])
		require.Error(t, err, name)
	}
	var bomb bytes.Buffer
	require.NoError(t, png.Encode(&bomb, image.NewGray(image.Rect(0, 0, 3000, 3000))))
	_, err := paper.ReadPicture(bomb.Bytes())
	require.ErrorContains(t, err, "4 million pixels")
	_, err = paper.ReadPicture(make([]byte, 5<<20))
	require.ErrorContains(t, err, "4 MB")
	_, err = paper.ReadPicture([]byte("<svg/>"))
	require.ErrorContains(t, err, "no picture")
}

func BenchmarkInvoice(b *testing.B) {
	for _, lines := range []int{12, 200} {
		b.Run(fmt.Sprintf("%d lines", lines), func(b *testing.B) {
			options := paper.Options{Colour: "#1f5fa8", Logo: logo(b)}
			for b.Loop() {
				made(b, invoice(b, lines, options))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "PDF/s")
		})
	}
}
