package numbergeneratorv1

// Take is the function by which a module takes the number of a document, within the transaction that issues it: write it in
// Manifest.Borrows. [TakeSQL] calls it.
const Take = "numbergenerator.take_v1(text, uuid, date, text, uuid) returns text"

// TakeSQL takes a number. Its arguments:
//
//	$1  the series' key: lower-case letters, digits and _, such as "invoice". A key that has no series yet gets one that
//	    gives "INVOICE-00001" and so on; the head changes how later ones look.
//	$2  the document's branch, or null. A branch without a series of its own has its numbers from the one of all.
//	$3  the document's date in the portal's zone. It decides the year and month that the number is of, whenever it is taken.
//	$4  what the module calls such documents, $5 the document's id. The same document of the same module that asks for the
//	    same key again is told the number it has.
//
// The number is the caller's once the transaction commits; one that fails gives it back, and so no number is ever left out.
// For that, transactions that take numbers of one series and period wait for each other until they end: take the number as
// the last thing of a transaction, and where one transaction takes several, in order of key and date. Two that do it the other
// way round have Postgres give up on one of them, and store.Tx runs that again.
const TakeSQL = "select numbergenerator.take_v1($1::text, $2::uuid, $3::date, $4::text, $5::uuid)"
