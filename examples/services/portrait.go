package main

import (
	"hash/fnv"
	"image"
	"image/color"
)

// portraitSide is the side of a portrait, in pixels.
const portraitSide = 640

// portrait draws somebody in a few plain shapes, the same for the same name: nobody's real face has to be in a portal that
// is only for looking at.
func portrait(name string) image.Image {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	n := h.Sum32()
	pick := func(of []color.RGBA) color.RGBA { c := of[n%uint32(len(of))]; n /= uint32(len(of)); return c }
	rgb := func(v uint32) color.RGBA { return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255} }
	ground := pick([]color.RGBA{rgb(0xdce8e4), rgb(0xe6e0f0), rgb(0xf2e4d4), rgb(0xd8e4f0)})
	skin := pick([]color.RGBA{rgb(0xf1c9a5), rgb(0xe0ac82), rgb(0xc98d62)})
	hair := pick([]color.RGBA{rgb(0x3a2a22), rgb(0x6b4226), rgb(0xb08850), rgb(0x2b2b33)})
	coat := pick([]color.RGBA{rgb(0x1f5c57), rgb(0x4a4e8f), rgb(0x8c4a3c), rgb(0x33475b)})
	long := n%2 == 0
	out := image.NewRGBA(image.Rect(0, 0, portraitSide, portraitSide))
	for y := range portraitSide {
		for x := range portraitSide {
			c := ground
			at := func(cx, cy, rx, ry float64) bool {
				dx, dy := (float64(x)-cx)/rx, (float64(y)-cy)/ry
				return dx*dx+dy*dy <= 1
			}
			switch {
			case at(262, 300, 13, 16), at(378, 300, 13, 16):
				c = hair // the eyes
			case at(320, 392, 52, 14) && y > 390:
				c = rgb(0xa8483f)
			case at(320, 250, 158, 142) && y < 236 && !at(330, 330, 170, 118):
				c = hair // the fringe
			case at(320, 310, 138, 172):
				c = skin
			case y > 420 && y < 540 && x > 268 && x < 372:
				c = skin // the neck
			case at(320, 290, 168, 180) && y < 300, long && at(320, 350, 176, 210) && y < 500:
				c = hair
			case at(320, 680, 262, 190):
				c = coat
			}
			out.SetRGBA(x, y, c)
		}
	}
	return out
}
