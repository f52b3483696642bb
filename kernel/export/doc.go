// Package export lets people take lists away as files: cabinet.kernel.v1.ExportService, for every list whose screen names a
// permission for it.
//
//	service.go  the methods
//	quota.go    how many rows a person may take in a day, counted in the database
//	file.go     the file while it is written: on disk, never whole in memory
//	csv.go      tables as text
//	xlsx.go     tables as workbooks
//
// The rows are read as the reader would: [screen.Set.Export] calls the list's method through the router in the reader's
// name, page by page, so that rights, row security, fields for staff and masks hold, wherever the module runs.
//
// A file is complete before its first byte is sent. Its rows are reserved before they are read and counted before they are
// sent: two exports at once cannot take more than is left, and one whose portal is killed counts as if it had been sent.
// The entry in the audit log is written with the reservation, and what became of it is added at the end.
package export
