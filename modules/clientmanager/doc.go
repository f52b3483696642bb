// Package clientmanager keeps who the business serves: clients, companies and persons, and the people of each.
//
//	module.go      New, Manifest, Register: the module at a glance
//	manifest.go    what the module is, as data: contracts, permissions
//	settings.go    what portal.yaml may say
//	screens*.go    its pages; tiles.go what it shows on the first page
//	clients.go     ClientService: the register
//	clients_served.go  its other half: suspended, resumed, whose manager
//	history.go     what happened to a client; timeline.go with what other modules say
//	merge.go       MergeService: two clients made one; merge_preview.go both side by side
//	duplicates.go  its other half: pairs that are likely the same; match.go what makes them alike
//	profile.go     ProfileService: what a client sees of itself
//	adding.go      how new clients come in, whichever way
//	branches.go    BranchService: the places clients are served from; branch_people.go who works there, and moving clients
//	managers.go    AssignmentService: who serves a client beside its main manager
//	rules.go       its rules for new clients, kept; assigning.go the same, followed
//	handover.go    all clients of a manager given to others
//	addresses.go   AddressService: where clients are, and where what they get goes
//	agreements.go  AgreementService: what was agreed with clients; agreements_status.go from draft to ended
//	contacts.go    ContactService: the people of clients
//	bulk.go        BulkService: many clients changed at once
//	tags.go        TagService: the words by which clients are grouped
//	segments.go    SegmentService: groups of clients by rules; segments_rule.go a rule as a condition,
//	segments_client.go the segments of one client, segments_job.go all clients gone through when a rule changed
//	imports.go     ImportService: clients from a file
//	csv.go         a text read into rows; encoding.go its encoding and separator; xlsx.go a workbook
//	extra.go       fields that the integrator added
//	mapping.go     which column is what
//	row.go         a row of a file made a client
//	plan.go        what becomes of each row
//	changes.go     fields that can be written
//	normal.go      names, places, phones and codes in the form they are compared in
//	sight.go       how many clients a caller sees, which decides how a list is read
//	kept.go        enums as columns keep them
//	errors.go      refusals, in words of the locale files
//	*_sql.go       the SQL of the file beside it; list_sql.go that of lists and counts
//
// A client that was merged into another is no row of clients any more: so no list, search or count has it, and its code and tax
// id are free. What it was stays beside, for who sees the client that goes on.
//
// Rows are read and written with the eyes of who acts: row security decides what is there. Two things look further, by
// functions of the schema's owner that give ids alone: the search, whose index row security would shut, and the
// question whose a code or tax id is, which is unique in the whole portal.
package clientmanager
