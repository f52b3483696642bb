// Package clientmanager keeps who the business serves: clients, companies and persons, and the people of each.
//
//	manifest.go    what the module is, as data: contracts, permissions
//	settings.go    what portal.yaml may say
//	screens.go     its pages; tiles.go what it shows on the first page
//	normal.go      names, places, phones and codes in the form they are compared in
//	csv.go         a file read into rows; encoding.go its encoding and separator
//	mapping.go     which column is what
//	row.go         a row of a file made a client
//	plan.go        what becomes of each row
package clientmanager
