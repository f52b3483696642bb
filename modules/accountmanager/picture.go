package accountmanager

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
	"google.golang.org/grpc/codes"
)

const (
	// largeSide and smallSide are the sides of the squares that are kept, in pixels.
	largeSide, smallSide = 320, 96
	// mostPixels is how many pixels a picture may have, and mostSide how many a side: 24 megapixels take some 100 MB for the
	// moment in which they are decoded, whatever the file's own size.
	mostPixels, mostSide = 24_000_000, 12_000
	// photoQuality is that of the JPEG that is kept.
	photoQuality = 85
)

// drawing lets one picture at a time be decoded: it is the memory of each that counts.
var drawing = make(chan struct{}, 1)

// decoders are of what is taken, told apart by how a file begins. Nothing else is tried: what the standard library happens
// to know, because some other package links it, is not for strangers' bytes.
var decoders = []struct {
	begins string
	at     int
	size   func([]byte) (image.Config, error)
	decode func([]byte) (image.Image, error)
}{
	{"\xff\xd8\xff", 0, sizeBy(jpeg.DecodeConfig), imageBy(jpeg.Decode)},
	{"\x89PNG\r\n\x1a\n", 0, sizeBy(png.DecodeConfig), imageBy(png.Decode)},
	{"WEBPVP8", 8, sizeBy(webp.DecodeConfig), imageBy(webp.Decode)},
}

// squares draws a picture anew, as two square JPEGs: what else is in the file, where it was taken, comments, or a page of
// HTML behind it, is not in them.
func squares(ctx context.Context, content []byte) (large, small []byte, err error) {
	select {
	case drawing <- struct{}{}:
		defer func() { <-drawing }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	for _, d := range decoders {
		if len(content) < d.at+len(d.begins) || string(content[d.at:d.at+len(d.begins)]) != d.begins {
			continue
		}
		size, err := d.size(content)
		switch {
		case err != nil || size.Width < 1 || size.Height < 1:
			return nil, nil, errNoPicture
		case size.Width > mostSide || size.Height > mostSide || size.Width*size.Height > mostPixels:
			return nil, nil, refuse(codes.InvalidArgument, "photo", "picture_large", "the picture has too many pixels: make it smaller, 24 megapixels at most")
		}
		picture, err := d.decode(content)
		if err != nil {
			return nil, nil, errNoPicture
		}
		square := cropped(picture, orientation(content))
		if large, err = drawn(square, largeSide); err == nil {
			small, err = drawn(square, smallSide)
		}
		return large, small, err
	}
	return nil, nil, errNoPicture
}

func sizeBy(f func(io.Reader) (image.Config, error)) func([]byte) (image.Config, error) {
	return func(b []byte) (image.Config, error) { return f(bytes.NewReader(b)) }
}

func imageBy(f func(io.Reader) (image.Image, error)) func([]byte) (image.Image, error) {
	return func(b []byte) (image.Image, error) { return f(bytes.NewReader(b)) }
}

// cropped is the middle of a picture, a bit towards the top where it is high, since faces are; turned upright, and on white
// where it lets light through.
func cropped(picture image.Image, turned int) *image.RGBA {
	b := picture.Bounds()
	side := min(b.Dx(), b.Dy())
	from := image.Rect(0, 0, side, side).Add(b.Min).Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	if turned <= 2 {
		from = from.Sub(image.Pt(0, (b.Dy()-side)/4))
	}
	out := image.NewRGBA(image.Rect(0, 0, largeSide, largeSide))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.BiLinear.Scale(out, out.Bounds(), picture, from, draw.Over, nil)
	return upright(out, turned)
}

// upright turns and mirrors a square as its file's orientation, 1 to 8 of Exif 2.3, 4.6.4, says.
func upright(in *image.RGBA, turned int) *image.RGBA {
	if turned <= 1 {
		return in
	}
	out := image.NewRGBA(in.Bounds())
	last := largeSide - 1
	for y := range largeSide {
		for x := range largeSide {
			// Where what stands at x, y upright is in the file.
			var at image.Point
			switch turned {
			case 2:
				at = image.Pt(last-x, y)
			case 3:
				at = image.Pt(last-x, last-y)
			case 4:
				at = image.Pt(x, last-y)
			case 5:
				at = image.Pt(y, x)
			case 6:
				at = image.Pt(y, last-x)
			case 7:
				at = image.Pt(last-y, last-x)
			default:
				at = image.Pt(last-y, x)
			}
			out.SetRGBA(x, y, in.RGBAAt(at.X, at.Y))
		}
	}
	return out
}

// drawn is a square of so many pixels a side, as a JPEG.
func drawn(square *image.RGBA, side int) ([]byte, error) {
	out := square
	if side != largeSide {
		out = image.NewRGBA(image.Rect(0, 0, side, side))
		draw.CatmullRom.Scale(out, out.Bounds(), square, square.Bounds(), draw.Src, nil)
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, out, &jpeg.Options{Quality: photoQuality})
	return b.Bytes(), err
}
