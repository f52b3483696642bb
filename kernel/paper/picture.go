package paper

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // what people have logos in
	"image/png"

	"codeberg.org/go-pdf/fpdf"
	_ "golang.org/x/image/webp"
)

// Picture is a picture that was checked and made fit for a PDF; it may be used in many documents at once.
type Picture struct {
	png           []byte
	name          string
	width, height int
}

// What a picture has at most. A small file may unfold to something huge, so its size is asked first.
const (
	pictureBytes  = 4 << 20
	picturePixels = 4_000_000
)

// ReadPicture reads a PNG, JPEG or WebP of at most 4 MB and 4 million pixels.
func ReadPicture(content []byte) (*Picture, error) {
	if len(content) > pictureBytes {
		return nil, errors.New("paper: the picture has more than 4 MB: make it smaller")
	}
	config, kind, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("paper: this is no picture in PNG, JPEG or WebP: %w", err)
	}
	if config.Width < 1 || config.Height < 1 || config.Width > picturePixels/config.Height {
		return nil, errors.New("paper: the picture has more than 4 million pixels: make it smaller")
	}
	decoded, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("paper: the picture is damaged (%s): %w", kind, err)
	}
	// One form for all: what comes out of cameras and editors has depths, palettes and interlacing that PDFs do not take.
	plain := image.NewNRGBA(image.Rect(0, 0, config.Width, config.Height))
	draw.Draw(plain, plain.Bounds(), decoded, decoded.Bounds().Min, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, plain); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	sum := sha256.Sum256(out.Bytes())
	return &Picture{png: out.Bytes(), name: hex.EncodeToString(sum[:]), width: config.Width, height: config.Height}, nil
}

// within is how large the picture is, in mm, when it fills a box without being stretched.
func (p *Picture) within(w, h float64) (float64, float64) {
	ratio := float64(p.width) / float64(p.height)
	if ratio > w/h {
		return w, w / ratio
	}
	return h * ratio, h
}

func (d *Document) picture(p *Picture, x, y, w, h float64) {
	options := fpdf.ImageOptions{ImageType: "PNG"}
	d.pdf.RegisterImageOptionsReader(p.name, options, bytes.NewReader(p.png))
	d.pdf.ImageOptions(p.name, x, y, w, h, false, options, 0, "")
}
