package paper

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/webp"
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

// ErrPictureSize is that a picture is too large.
var ErrPictureSize = errors.New("make the picture smaller")

// ReadPicture reads a PNG, JPEG or WebP of at most 4 MB and 4 million pixels.
func ReadPicture(content []byte) (*Picture, error) {
	plain, err := decoded(content)
	if err != nil {
		return nil, err
	}
	return encoded(plain)
}

// decoders are of what is taken, told apart by how a file begins. What else the program can decode, because some other package links it, is not
// for anybody's bytes.
var decoders = []struct {
	kind, begins string
	at           int
	size         func(io.Reader) (image.Config, error)
	decode       func(io.Reader) (image.Image, error)
}{
	{"PNG", "\x89PNG\r\n\x1a\n", 0, png.DecodeConfig, png.Decode},
	{"JPEG", "\xff\xd8\xff", 0, jpeg.DecodeConfig, jpeg.Decode},
	{"WebP", "WEBPVP8", 8, webp.DecodeConfig, webp.Decode},
}

// decoded reads a picture into one form for all: what comes out of cameras and editors has depths, palettes and interlacing that PDFs do not take.
func decoded(content []byte) (*image.NRGBA, error) {
	if len(content) > pictureBytes {
		return nil, fmt.Errorf("paper: %w: it has more than 4 MB", ErrPictureSize)
	}
	for _, d := range decoders {
		if len(content) < d.at+len(d.begins) || string(content[d.at:d.at+len(d.begins)]) != d.begins {
			continue
		}
		config, err := d.size(bytes.NewReader(content))
		switch {
		case err != nil:
			return nil, fmt.Errorf("paper: the picture is damaged (%s): %w", d.kind, err)
		case config.Width < 1 || config.Height < 1 || config.Width > picturePixels/config.Height:
			return nil, fmt.Errorf("paper: %w: it has more than 4 million pixels", ErrPictureSize)
		}
		read, err := d.decode(bytes.NewReader(content))
		if err != nil {
			return nil, fmt.Errorf("paper: the picture is damaged (%s): %w", d.kind, err)
		}
		plain := image.NewNRGBA(image.Rect(0, 0, config.Width, config.Height))
		draw.Draw(plain, plain.Bounds(), read, read.Bounds().Min, draw.Src)
		return plain, nil
	}
	return nil, errors.New("paper: this is no picture in PNG, JPEG or WebP")
}

func encoded(plain *image.NRGBA) (*Picture, error) {
	var out bytes.Buffer
	if err := png.Encode(&out, plain); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	sum := sha256.Sum256(out.Bytes())
	return &Picture{png: out.Bytes(), name: hex.EncodeToString(sum[:]), width: plain.Rect.Dx(), height: plain.Rect.Dy()}, nil
}

// PNG is the picture as a file, which [ReadPicture] reads as the same picture. It is not to be changed.
func (p *Picture) PNG() []byte { return p.png }

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
