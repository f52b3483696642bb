package paper_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/paper"
)

var out = flag.String("out", "", "write the samples into this folder, to look at them")

var created = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// pictures are drawn once for all tests.
var pictures = struct {
	sync.Mutex
	drawn map[string]*paper.Picture
}{drawn: map[string]*paper.Picture{}}

// drawn makes a picture of what a function says of each point, from 0 for clear to 1.
func drawn(t testing.TB, name string, w, h int, c color.NRGBA, at func(x, y float64) float64) *paper.Picture {
	t.Helper()
	pictures.Lock()
	defer pictures.Unlock()
	if p := pictures.drawn[name]; p != nil {
		return p
	}
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c.A = uint8(255 * max(0, min(1, at(float64(x), float64(y)))))
			p.SetNRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, p))
	read, err := paper.ReadPicture(out.Bytes())
	require.NoError(t, err)
	pictures.drawn[name] = read
	return read
}

// logo is a snowflake of six arms in a rounded square.
func logo(t testing.TB) *paper.Picture {
	return drawn(t, "logo", 240, 240, color.NRGBA{0x1f, 0x5f, 0xa8, 255}, func(x, y float64) float64 {
		dx, dy := math.Abs(x-120)-80, math.Abs(y-120)-80
		if math.Hypot(max(dx, 0), max(dy, 0)) > 38 {
			return 0
		}
		r, a := math.Hypot(x-120, y-120), math.Atan2(y-120, x-120)
		off := math.Abs(math.Remainder(a, math.Pi/3)) * r
		if r < 78 && off < 7 || r > 46 && r < 60 && off < 22 {
			return 0
		}
		return 1
	})
}

func signature(t testing.TB) *paper.Picture {
	return drawn(t, "signature", 460, 170, color.NRGBA{0x1a, 0x2a, 0x7a, 255}, func(x, y float64) float64 {
		line := 85 + 55*math.Sin(x/31)*math.Exp(-x/320) + 14*math.Sin(x/9)
		return 3.2 - math.Abs(y-line)/2.2
	})
}

func seal(t testing.TB) *paper.Picture {
	return drawn(t, "seal", 400, 400, color.NRGBA{0x24, 0x3f, 0xa0, 255}, func(x, y float64) float64 {
		r, a := math.Hypot(x-200, y-200), math.Atan2(y-200, x-200)
		switch {
		case r > 184 && r < 194, r > 120 && r < 126:
			return 0.75
		case r > 138 && r < 170 && math.Remainder(a, 0.21) > 0.02:
			return 0.6
		case r < 60 && math.Abs(math.Remainder(a, math.Pi/4))*r < 12:
			return 0.6
		}
		return 0
	})
}

// lines are what is billed.
func items(n int) (rows []paper.Row) {
	known := []paper.Row{
		{Cells: []string{"Планове обслуговування, листопад", "4 од.", "2 100,00", "8 400,00"}, Note: "4 установки, договір 23/061"},
		{Cells: []string{"Фільтр F7 592 × 592", "6 шт.", "640,00", "3 840,00"}, Note: "кишеньковий, 6 кишень"},
		{Cells: []string{"Холодоагент R410A, дозаправлення", "3,2 кг", "1 450,00", "4 640,00"}, Note: "установка 3, дах"},
		{Cells: []string{"Виїзд інженера поза графіком", "5,5 год", "780,00", "4 290,00"}, Note: "R-1162, 14 листопада"},
		{Cells: []string{"Підіймач 12 м, пів дня", "1", "1 730,00", "1 730,00"}},
		{Cells: []string{"Зʼєднувальний комплект 3/8″", "12 шт.", "85,00", "1 020,00"}},
	}
	for i := range n {
		row := known[i%len(known)]
		row.Cells = append([]string{fmt.Sprint(i + 1)}, row.Cells...)
		rows = append(rows, row)
	}
	return rows
}

var texts = sync.OnceValues(func() (*locale.Bundle, error) { return locale.NewBundle() })

// invoice is a bill in Ukrainian, as a module would make it.
func invoice(t testing.TB, n int, o paper.Options) *paper.Document {
	t.Helper()
	bundle, err := texts()
	require.NoError(t, err)
	uk := bundle.For("uk", nil)
	o.Title, o.Author, o.Language, o.Created = "Рахунок INV-2026-0418", "ТОВ «Полісся Клімат»", "uk", created
	o.Footer = "ТОВ «Полісся Клімат» · Київ, вул. Січових Стрільців, 21 · +380 44 555 01 42"
	o.PageOf = func(page, pages int) string { return fmt.Sprintf("Сторінка %d з %d", page, pages) }
	d, err := paper.New(o)
	require.NoError(t, err)
	d.Masthead("Рахунок на оплату", "INV-2026-0418")
	d.Facts(
		paper.Fact{Label: "Дата", Text: "20 листопада 2026 р."}, paper.Fact{Label: "Сплатити до", Text: "27 листопада 2026 р."},
		paper.Fact{Label: "Договір", Text: "23/061 від 14.02.2025"}, paper.Fact{Label: "Менеджер", Text: "Тарас Гнатюк"},
	)
	d.Parties(
		paper.Party{Part: "Постачальник", Name: "ТОВ «Полісся Клімат»", Lines: []string{
			"01054, Київ, вул. Січових Стрільців, 21", "ЄДРПОУ 41234567, ІПН 412345626591", "UA21 3223 1300 0002 6007 2335 6600 1", "АТ «Універсал Банк»",
		}},
		paper.Party{Part: "Покупець", Name: "ТОВ «Зерно Ростері»", Lines: []string{"04071, Київ, вул. Верхній Вал, 44, офіс 7", "ЄДРПОУ 40987654", "Олена Марчук, директорка"}},
	)
	d.Lead("27 480,00 ₴", "до сплати за рахунком до 27 листопада 2026 р.")
	d.Table(paper.Table{Columns: []paper.Column{
		{Title: "№", Number: true}, {Title: "Товари та послуги"}, {Title: "Кількість", Number: true}, {Title: "Ціна, ₴", Number: true}, {Title: "Сума, ₴", Number: true},
	}, Rows: items(n)})
	d.Totals(paper.Totals{
		Lines: []paper.Total{
			{Label: "Разом без ПДВ", Amount: "22 900,00 ₴"}, {Label: "ПДВ 20 %", Amount: "4 580,00 ₴"}, {Label: "До сплати", Amount: "27 480,00 ₴", Strong: true},
		},
		InWords: "Усього до сплати: " + uk.AmountInWords("UAH", 2748000) + ", у т. ч. ПДВ 4 580,00 ₴.",
		Code: &paper.Code{
			Payload: "https://my.example.com/pay/INV-2026-0418?sum=27480.00&hash=9f2c71ab", Title: "Сплатити з телефона",
			Text: "Наведіть камеру на код: відкриється рахунок у вашому кабінеті.",
		},
	})
	d.Signatures(
		paper.Signature{Part: "Від постачальника", Name: "Ірина Коваль, головна бухгалтерка", Signature: signature(t), Seal: seal(t)},
		paper.Signature{Part: "Від покупця", Name: "Олена Марчук, директорка"},
	)
	d.Note("Ціни — за договором 23/061, додаток 2. Рахунок дійсний сім днів. Якщо щось не так, напишіть нам у кабінеті до оплати.")
	return d
}

// TestSamples writes the samples where -out says.
func TestSamples(t *testing.T) {
	if *out == "" {
		t.Skip("give -out FOLDER to look at the samples")
	}
	for name, d := range map[string]*paper.Document{
		"invoice":      invoice(t, 5, paper.Options{Colour: "#1f5fa8", Logo: logo(t)}),
		"draft":        invoice(t, 60, paper.Options{Colour: "#0d7a5f", Watermark: "ЧЕРНЕТКА"}),
		"invoice-long": invoice(t, 23, paper.Options{Logo: logo(t)}),
		"hostile":      hostile(t),
	} {
		b, err := d.Bytes()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(*out, name+".pdf"), b, 0o600))
	}
}

// hostile is a document whose every text is somebody's who means harm.
func hostile(t testing.TB) *paper.Document {
	t.Helper()
	long := string(bytes.Repeat([]byte("нескінченна-назва"), 700))
	bad := []string{
		long, "рядок\x00з\x07керівними\x1b[31m знаками", "\u202eзадом наперед\u202c \u2066і\u2069 ще", "Z\u0351\u0352\u0353\u0354\u0355\u0356\u0357\u0358a\u0351\u0352\u0353lgo",
		"емодзі 🧾💸 та ієрогліфи 請求書", "\xff\xfe зламане", "(дужка \\ ) ) endobj %PDF", "{nb} {total}", "<script>alert(1)</script>", "\u200bневидимі\u200d\ufeff", "и\u0306 і\u0308 складені", "999999999999999999999999999999999999999999999999999999999,99",
	}
	d, err := paper.New(paper.Options{Title: long, Author: bad[2], Language: "uk\x00", Created: created, Footer: long, Watermark: long, PageOf: func(int, int) string { return bad[1] }})
	require.NoError(t, err)
	d.Masthead(long, bad[2])
	for _, text := range bad {
		d.Facts(paper.Fact{Label: text, Text: text}, paper.Fact{Label: bad[3], Text: bad[4]}, paper.Fact{Label: bad[5], Text: bad[6]})
		d.Parties(paper.Party{Part: text, Name: text, Lines: bad}, paper.Party{Part: text, Name: bad[1]})
		d.Lead(text, text)
		d.Heading(text)
		d.Paragraph(text)
		d.Note(text)
		d.Table(paper.Table{Columns: []paper.Column{{Title: text, Number: true}, {Title: text}, {Title: text, Number: true}, {Title: bad[1], Number: true}}, Rows: []paper.Row{
			{Cells: bad, Note: text}, {Cells: []string{text, text, text, text, text, text}, Note: text, Strong: true}, {},
		}})
		code := paper.Code{Payload: text[:min(len(text), 2000)], Title: text, Text: text}
		d.Totals(paper.Totals{Lines: []paper.Total{{Label: text, Amount: text}, {Label: bad[1], Amount: bad[11], Strong: true}}, InWords: text, Code: &code})
		d.QR(code)
		d.Signatures(paper.Signature{Part: text, Name: text}, paper.Signature{Part: text, Name: text}, paper.Signature{})
	}
	d.Table(paper.Table{})
	d.Totals(paper.Totals{})
	d.Facts()
	return d
}
