package statement

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strings"
	"time"
	"unicode"
)

// Fingerprint names an entry by what a bank repeats word for word whenever it tells of the entry again: the account, the
// day, the amount, and what identifies the payment; never where it stood in the file. Where the bank gives the entry
// a reference of its own, the texts do not count, because banks write them shorter or longer from one export to the next.
// Of texts, letters and digits alone count: their breaks and blanks are the format's. So the same entry out of two
// formats has the same fingerprint if both carry the same references, or none and the same texts.
//
// Two payments that are alike in everything have the same fingerprint and are two payments all the same: [Occurrences]
// counts them.
func (e *Entry) Fingerprint() string {
	parts := []string{
		"1", // of this very list: another list must have another number
		e.Account, e.Currency, e.BookingDate.Format(time.DateOnly), e.Amount.String(),
		folded(e.BankReference), folded(e.EndToEndID), account(e.Counterparty.Account),
	}
	if e.BankReference == "" {
		parts = append(parts, folded(e.DocumentNumber), folded(e.CreditorReference), folded(e.Purpose))
		if e.Purpose == "" {
			parts = append(parts, folded(e.Counterparty.Name))
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// folded is the letters and digits of a text, in small letters.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// Occurrences counts, within one file, which of the entries with the same fingerprint one is. An importer keeps
// (fingerprint, occurrence) under a unique key. Then the same statement twice adds nothing, of overlapping statements
// what is new is added, and two payments that are alike are two. The zero value is ready.
//
// Counting begins anew with each statement, because the same statement may stand in a file twice. It goes on where a
// statement follows the one before, see [Statement.Follows]: what stands in both is then two entries. But of an entry
// that has a reference of the bank's own, see [Entry.Referenced], it is one, and the balances agree by chance.
type Occurrences struct {
	last map[string]*Statement // by account and currency
	seen map[*Statement]map[string]int
}

// Next says the how-manieth, from 1, the entry is. Call it for every entry, in the order of the file.
func (o *Occurrences) Next(s *Statement, e *Entry) int {
	if o.last == nil {
		o.last, o.seen = map[string]*Statement{}, map[*Statement]map[string]int{}
	}
	counts := o.seen[s]
	if counts == nil {
		key := s.Account + " " + s.Currency
		before := o.last[key]
		if before != nil && s.Follows(before) {
			counts = o.seen[before]
		} else {
			counts = map[string]int{}
		}
		delete(o.seen, before)
		o.last[key], o.seen[s] = s, counts
		maps.DeleteFunc(counts, func(key string, _ int) bool { return strings.HasPrefix(key, referenced) })
	}
	fingerprint := e.Fingerprint()
	if e.Referenced() {
		fingerprint = referenced + fingerprint
	}
	counts[fingerprint]++
	return counts[fingerprint]
}

// referenced is before the fingerprints of entries that have a reference of the bank's own.
const referenced = "+"

// Referenced tells whether the bank gave the entry a reference of its own, which no other statement has for another entry. Within
// one statement banks repeat it for all of a batch. What has no digit is a word that the bank writes everywhere.
func (e *Entry) Referenced() bool { return strings.ContainsAny(e.BankReference, "0123456789") }

// Follows tells whether a statement begins where an earlier one ended: another statement of the same account, whose
// opening balance is the closing balance of the earlier one. Such two have no entry in common. Where the earlier one ends with
// what it began with, as on an account that is swept each evening, the balance does not tell beginning from end, and the day must.
func (s *Statement) Follows(earlier *Statement) bool {
	if s.Account != earlier.Account || s.Currency != earlier.Currency || s.Opening == nil || earlier.Opening == nil || earlier.Closing == nil {
		return false
	}
	if s.Opening.Currency != earlier.Closing.Currency || s.Opening.Amount.Cmp(earlier.Closing.Amount) != 0 {
		return false
	}
	if earlier.Opening.Currency == earlier.Closing.Currency && earlier.Opening.Amount.Cmp(earlier.Closing.Amount) == 0 {
		return s.Opening.Date.After(earlier.Closing.Date)
	}
	if s.ID == earlier.ID && s.Number == earlier.Number { // banks that number nothing
		return s.Opening.Date.After(earlier.Opening.Date)
	}
	return !s.Opening.Date.Before(earlier.Opening.Date)
}
