// Package assets serves the look of a portal: styles, the core script, icons and the brand's own tokens.
//
// Styles are readable source, a file a layer or component, in styles/. New joins, minifies and compresses them once, names
// each result by its content, and serves them so that a browser never asks twice:
//
//	bundle, err := assets.New(brand, assets.WithBase("/my"))
//	mux.Handle(bundle.Prefix(), bundle)
//	bundle.URL("cabinet.css") // "/my/assets/cabinet.1f0c….css"
//
// What is served:
//
//	cabinet.css  all of styles/, in the order of its layers
//	brand.css    the Brand's tokens and nothing else
//	cabinet.js   script/cabinet.js, the core script; live.js, passkey.js, calendar.js and rows.js are for the pages that need them
//	icons.svg    the sprite; HasIcon answers what is in it
//	logo         the Brand's sign, SVG or PNG
//
// Map of the package: brand.go checks a Brand and writes its stylesheet, bundle.go builds, serve.go serves, icons.go names
// the icons, places.go writes the rules by which calendars place things.
package assets
