// Package blob keeps bytes that are too big for rows: documents, files that people uploaded, pictures. A blob is named by the
// SHA-256 of its content, never changes, and lies in a local folder or in S3.
//
//	ref, err := host.Blobs.Put(ctx, upload, 20<<20)             // first the content,
//	err = host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
//		_, err := tx.Exec(ctx, `insert into files.file (id, content, size) values ($1, $2, $3)`, id, ref.Hash, ref.Size)
//		return err                                               // then the row that names it
//	})
//	content, err := host.Blobs.Open(ctx, hash)                   // of a row that the caller may see
//
// # Which blobs are kept
//
// Those that some row names, and no bookkeeping beside the rows says which these are: a column that names blobs has the type
// kernel.blob (a text of 64 hexadecimal digits), in any table of any module, and has an index. Once a day the portal finds all such
// columns in the database's own catalogue, also those of modules that are switched off, and sweeps what none of them names.
// A hash that is kept elsewhere, in jsonb or an array, does not count.
//
// # Why a sweep takes nothing that is wanted
//
// What is younger than a day ([Grace]) is left alone, so that a row may follow its content within that time. What is older and not named is
// not deleted but put aside, from where it is still opened; another day later it is deleted, unless a row names it by then, which
// puts it back. Putting content that is there already writes it anew, and so makes it young. Whoever put content just
// while the sweep was looking therefore either wrote after it was put aside, or has it found in time by the second look.
//
// # Who may read
//
// A hash is no key to its content: nobody is served by hash, and there is no way to ask whether some content is here. Clients
// reach content only through rows they may see, by a module's methods. Equal content of two clients lies here once, which
// neither can notice: both send all of it.
//
// What a blob is called and what type it has is a matter of the row; neither is ever taken from its bytes or its uploader's word
// when it is sent to a browser.
//
// A bucket or folder is one portal's alone: to another portal's sweep, or to that of a copy of the portal with a database
// of its own, what only this one's rows name is nobody's. A module in a program of its own has no blobs ([ErrNone]), because
// who holds the place holds everybody's.
//
// # Backups
//
// Back up the database first and the blobs second: a row then never names what the backup lacks, given that both are
// done within a day.
//
// The files of the package:
//
//	blob.go    Store: Put, Open; Place: where they are
//	content.go reading, with the hash compared
//	sweep.go   Sweep: what no row names goes
//	folder.go  the local folder
//	s3         a bucket of S3
package blob
