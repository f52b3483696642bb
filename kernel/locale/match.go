package locale

import (
	"slices"

	"golang.org/x/text/language"
)

// maxAccept is how much of an Accept-Language header is looked at, in bytes: browsers send under a hundred.
const maxAccept = 512

// Match returns the language to speak: what the user chose in their settings, else what a cookie remembers, else the
// first that the browser accepts (an Accept-Language header), else the first offered. Without any offered, all
// Languages are. What is not offered is passed over, so nothing from a browser gets through.
//
// Only the language itself counts ("uk-UA" is uk). Nobody is given a language for being near one they asked for.
func Match(accept, cookie, user string, offered ...string) string {
	if len(offered) == 0 {
		offered = Languages()
	}
	for _, choice := range []string{user, cookie} {
		if slices.Contains(offered, choice) {
			return choice
		}
	}
	if len(accept) <= maxAccept {
		// Sorted by preference; what is accepted with q=0 is left out.
		tags, _, err := language.ParseAcceptLanguage(accept)
		if err != nil {
			tags = nil
		}
		for _, tag := range tags {
			if lang, _ := tag.Base(); slices.Contains(offered, lang.String()) {
				return lang.String()
			}
		}
	}
	return offered[0]
}
