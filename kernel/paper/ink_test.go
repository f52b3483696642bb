package paper_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/paper"
)

// What was scanned with its paper, and what was drawn on nothing, come out alike: the ink alone, without margins.
func TestInkIsTakenOffItsPaper(t *testing.T) {
	blue := color.NRGBA{0x20, 0x30, 0xa0, 255}
	drawn := func(on color.Color) *image.NRGBA {
		p := image.NewNRGBA(image.Rect(0, 0, 1400, 900))
		for y := range 900 {
			for x := range 1400 {
				p.Set(x, y, on)
				if x >= 100 && x < 1300 && y >= 300 && y < 600 && (x < 700 || y < 450) {
					p.Set(x, y, blue)
				}
			}
		}
		return p
	}
	var scanned, clear, photographed, blank bytes.Buffer
	require.NoError(t, png.Encode(&scanned, drawn(color.White)))
	require.NoError(t, png.Encode(&clear, drawn(color.Transparent)))
	require.NoError(t, jpeg.Encode(&photographed, drawn(color.NRGBA{244, 242, 238, 255}), nil))
	require.NoError(t, png.Encode(&blank, image.NewNRGBA(image.Rect(0, 0, 50, 50))))
	for name, file := range map[string][]byte{"scanned": scanned.Bytes(), "on nothing": clear.Bytes(), "photographed": photographed.Bytes()} {
		ink, err := paper.ReadInk(file)
		require.NoError(t, err, name)
		read, err := png.Decode(bytes.NewReader(ink.PNG()))
		require.NoError(t, err, name)
		require.Equal(t, 1000, read.Bounds().Dx(), name)
		require.InDelta(t, 250, read.Bounds().Dy(), 4, name)
		_, _, _, a := read.At(900, 240).RGBA()
		require.Zero(t, a, "%s: the page shows where nothing is drawn", name)
		r, g, b, a := read.At(100, 100).RGBA()
		for i, c := range []uint32{r, g, b} { // on white, as it was
			require.InDelta(t, []int{0x20, 0x30, 0xa0}[i], int((c+0xffff-a)>>8), 8, name)
		}
		again, err := paper.ReadPicture(ink.PNG())
		require.NoError(t, err)
		require.Equal(t, ink.PNG(), again.PNG(), name)
	}
	_, err := paper.ReadInk(blank.Bytes())
	require.ErrorIs(t, err, paper.ErrBlank)
	blank.Reset()
	require.NoError(t, jpeg.Encode(&blank, image.NewGray(image.Rect(0, 0, 50, 50)), nil))
	_, err = paper.ReadInk(blank.Bytes())
	require.NoError(t, err, "all ink")
}
