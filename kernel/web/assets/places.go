package assets

import (
	"fmt"
	"strings"
)

// How far places go: the longest day has 25 hours, in a week of which another day has one that it lacks 26; and so many lanes
// stand side by side.
const (
	mostHours = 26
	mostLanes = 12
)

// places are the rules by which calendars place things: one for each number that ui.Place writes as an attribute. A page has
// no style of its own, since the policy allows none.
func places() string {
	var out strings.Builder
	out.WriteString("@layer parts{")
	rule := func(attribute, property string, from, to, by int) {
		for n := from; n <= to; n += by {
			fmt.Fprintf(&out, "[data-%s=\"%d\"]{--%s:%d}", attribute, n, property, n)
		}
	}
	rule("h", "h", 1, mostHours, 1)
	rule("m", "m", 5, 55, 5)
	rule("l", "l", 1, mostHours, 1)
	rule("k", "k", 5, 55, 5)
	rule("lane", "lane", 1, mostLanes-1, 1)
	rule("of", "of", 2, mostLanes, 1)
	out.WriteString("}\n")
	return out.String()
}
