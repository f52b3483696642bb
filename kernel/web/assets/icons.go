package assets

import (
	"regexp"
	"slices"
	"sync"
)

var iconID = regexp.MustCompile(`<symbol id="([a-z0-9-]+)"`)

// iconNames reads the sprite once: it is the only place where icons are listed.
var iconNames = sync.OnceValue(func() []string {
	var names []string
	for _, m := range iconID.FindAllSubmatch(sprite, -1) {
		names = append(names, string(m[1]))
	}
	slices.Sort(names)
	return names
})

// Icons are the names of the sprite, sorted.
func Icons() []string { return slices.Clone(iconNames()) }

// HasIcon says whether the sprite has an icon of the name.
func HasIcon(name string) bool {
	_, ok := slices.BinarySearch(iconNames(), name)
	return ok
}
