package paper

// Signature is a place to sign: for whom, by whom, and pictures of the signature and the seal where there are any.
type Signature struct {
	Part, Name string
	Signature  *Picture
	Seal       *Picture
}

// Signatures are two beside each other, or one at the left. They are on one page.
func (d *Document) Signatures(signatures ...Signature) {
	const gap, room, line = 10.0, 30.0, 20.0
	w := (width - gap) / 2
	for begin := 0; begin < len(signatures); begin += 2 {
		row := signatures[begin:min(begin+2, len(signatures))]
		parts, names, above, below := make([][]string, 2), make([][]string, 2), 0.0, 0.0
		for i, s := range row {
			parts[i] = d.wrap(clean(s.Part, longCell), small, w, 3)
			names[i] = d.wrap(clean(s.Name, longCell), body, w, 3)
			above = max(above, float64(len(parts[i]))*small.height())
			below = max(below, float64(len(names[i]))*body.height())
		}
		pictured := row[0].Seal != nil || len(row) > 1 && row[1].Seal != nil
		height := above + line + below + 2
		if pictured {
			height = max(height, above+room+3)
		}
		d.need(height)
		for i, s := range row {
			x, y := left+float64(i)*(w+gap), d.y
			d.lines(x, y, w, parts[i], small, grey, false)
			base := y + above + line
			if s.Seal != nil {
				sw, sh := s.Seal.within(room, room)
				d.picture(s.Seal, x+w-sw-2, base-line+(room-sh)/2, sw, sh)
			}
			if s.Signature != nil {
				sw, sh := s.Signature.within(44, 17)
				d.picture(s.Signature, x+6, base-sh+2, sw, sh)
			}
			d.ruleFrom(x, x+w, base, black)
			d.lines(x, base+1, w, names[i], body, black, false)
		}
		d.y += height + 4
	}
}
