package paper

import (
	"errors"
	"image"

	"golang.org/x/image/draw"
)

// inkSide is how many pixels a drawing has at most on its longer side: 400 an inch where a seal is 60 mm wide.
const inkSide = 1000

// ErrBlank is that nothing is drawn on a picture.
var ErrBlank = errors.New("paper: there is nothing on the picture but paper")

// ReadInk is [ReadPicture] for what is drawn on paper, as signatures and seals are: what is white lets the page through, margins are
// cut off, and more pixels than a printer shows are left out. What is drawn already on nothing stays as it is.
func ReadInk(content []byte) (*Picture, error) {
	plain, err := decoded(content)
	if err != nil {
		return nil, err
	}
	if plain.Opaque() {
		liftInk(plain)
	}
	drawn := inkBounds(plain)
	if drawn.Empty() {
		return nil, ErrBlank
	}
	size := drawn.Size()
	if longer := max(size.X, size.Y); longer > inkSide {
		size = image.Pt(max(1, size.X*inkSide/longer), max(1, size.Y*inkSide/longer))
	}
	out := image.NewNRGBA(image.Rectangle{Max: size})
	draw.ApproxBiLinear.Scale(out, out.Bounds(), plain, drawn, draw.Src, nil)
	return encoded(out)
}

// liftInk takes the paper out of a picture: each point becomes as clear as it is light, and its colour such that it looks the same on white. Scanned
// paper is not quite white, so the lightest eighth is paper too.
func liftInk(p *image.NRGBA) {
	const paper = 224
	for i := 0; i < len(p.Pix); i += 4 {
		c := p.Pix[i : i+4 : i+4]
		dark := int(min(c[0], c[1], c[2]))
		alpha := max(0, paper-dark) * 255 / paper
		for n := range 3 {
			if alpha > 0 {
				c[n] = uint8(max(0, min(255, 255-(255-int(c[n]))*255/alpha))) //nolint:gosec // of 0 to 255
			}
		}
		c[3] = uint8(alpha) //nolint:gosec // of 0 to 255
	}
}

// inkBounds is the part of a picture on which something can be seen.
func inkBounds(p *image.NRGBA) image.Rectangle {
	const seen = 24
	var out image.Rectangle
	for y := range p.Rect.Dy() {
		from, to := -1, 0
		for x := range p.Rect.Dx() {
			if p.NRGBAAt(x, y).A >= seen {
				if from < 0 {
					from = x
				}
				to = x + 1
			}
		}
		if from >= 0 {
			out = out.Union(image.Rect(from, y, to, y+1))
		}
	}
	return out
}
