// Package statement reads bank statements: camt.053, MT940, 1CClientBankExchange, OFX and, by a [Mapping], tables (CSV). It keeps
// nothing, and knows no database: what it reads is handed out while the file goes by, in memory that does not grow with it.
//
//	statement.go   Statement, Entry, Counterparty, Balance: one model for all formats
//	fingerprint.go Entry.Fingerprint, Occurrences, Statement.Follows: how an importer tells what it has already
//	read.go        Read, ReadAll, Options, Limits
//	detect.go      Detect: format and encoding from the first bytes
//	encoding.go    UTF-8, UTF-16, windows-1251 and others made UTF-8
//	check.go       a file's control figures against its entries
//	amount.go      exact amounts; text.go dates, accounts, references; lines.go lines
//	camt*.go       ISO 20022 camt.053; xml.go the XML below it
//	mt940.go       SWIFT MT940; mt940_info.go what banks write in :86:
//	clientbank.go  1CClientBankExchange
//	ofx.go         OFX; ofx_tags.go the SGML and XML below it
//	mapping.go     which column of a table is what
//	csv.go         the table; csv_rows.go its rows; preview.go the first of them, for who makes a mapping
//	error.go       Error: line, field and what to do
//
// # What holds for all formats
//
// An amount above zero is money in, below zero money out, whatever a format calls debit and credit. Amounts are decimals with
// all digits of their currency: a file with more digits than the currency has, or more than 18, is refused, and nothing is rounded.
//
// Only what the bank has booked is an entry. What is pending, or an order that was not carried out, is counted in
// [Statement].NotBooked.
//
// A file is good as a whole or not at all. [Read] hands entries out before it has seen the end, so whoever imports them stages
// them, and commits when the sequence has ended without an error. Control figures are checked where the file has them: opening
// balance and entries against the closing balance, numbers and sums of entries (TxsSummry of camt.053, ВсегоПоступило and
// ВсегоСписано of 1C, what ING writes behind the balance). [Statement].Balanced says that the balances were there and agree; OFX and
// tables have no two balances, and so are never. A balance in another currency than the account's is kept and not compared.
//
// # Importing twice
//
// A bank tells of a payment more than once: in the statement of the day and of the month, or because somebody exports again.
// [Entry.Fingerprint] is the same each time, and [Occurrences] counts entries that share one. An importer that keeps both
// under a unique key gets right the same statement twice, statements that overlap, and two payments that are alike. What it cannot
// get right alone are two payments that are alike, without a reference of the bank's, on one day whose statements come in two
// files: there [Statement.Follows], asked of the last statement it has, tells that nothing in the new one is known yet.
package statement
