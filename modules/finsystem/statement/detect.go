package statement

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode/utf16"
)

// Detected is what the beginning of a file tells.
type Detected struct {
	// Format is "" where it is none that is read without a [Mapping].
	Format Format
	// Encoding is that of a byte order mark, or what the file says of itself, or "". Without a mark what the file says counts
	// only if it does not read as UTF-8: programs are set up once and changed later.
	Encoding string

	declared string
	version  string
	instead  string // what is no statement, in words
}

var (
	xmlEncoding = regexp.MustCompile(`^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']`)
	camtSpace   = regexp.MustCompile(`urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.[0-9]{3})\.[0-9.]+|\b(camt\.05[0-9])\.001\.[0-9]{2}`)
	swiftTag    = regexp.MustCompile(`(?m)^:(20|25P?|28C?|60[FM]):`)
	ofxHeader   = regexp.MustCompile(`(?m)^\s*(ENCODING|CHARSET)\s*:\s*([A-Za-z0-9-]+)`)
	ofxVersion  = regexp.MustCompile(`\bVERSION\s*[:=]\s*"?([0-9]{3})\b`)
	// "Кодировка=DOS", as it stands in a file of that encoding.
	dosSaysDOS = []byte("\x8a\xae\xa4\xa8\xe0\xae\xa2\xaa\xa0=DOS")
)

// Detect tells format and encoding from the first bytes of a file; 64 KiB are more than enough.
func Detect(head []byte) Detected {
	var d Detected
	text := head
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		d.Encoding, text = utf8Name, head[3:]
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		d.Encoding, text = utf16Name, narrow(head[2:], binary.LittleEndian)
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		d.Encoding, text = utf16Name, narrow(head[2:], binary.BigEndian)
	}
	text = bytes.TrimLeft(text, " \t\r\n")
	if d.look(text); len(text) == 0 {
		d.instead = "the file is empty"
	}
	if d.Encoding == "" {
		d.Encoding = d.declared
	}
	return d
}

func (d *Detected) look(text []byte) {
	if m := xmlEncoding.FindSubmatch(text); m != nil {
		d.declared = strings.ToLower(string(m[1]))
	}
	start := text[:min(len(text), 4096)]
	switch {
	case bytes.HasPrefix(text, []byte("1CClientBankExchange")):
		d.Format, d.declared = ClientBank, cp1251
		if bytes.Contains(start, dosSaysDOS) {
			d.declared = "cp866"
		}
	case bytes.HasPrefix(text, []byte("OFXHEADER")), bytes.Contains(start, []byte("<OFX>")), bytes.Contains(start, []byte("<?OFX")):
		d.Format = OFX
		if m := ofxVersion.FindSubmatch(start); m != nil {
			d.version = string(m[1])
		}
		for _, m := range ofxHeader.FindAllSubmatch(start, 2) {
			if name, known := ofxCharsets[strings.ToUpper(string(m[2]))]; known {
				d.declared = name
			}
		}
	case bytes.HasPrefix(text, []byte("<")):
		m := camtSpace.FindSubmatch(text) // an envelope may stand before it
		switch {
		case m == nil && bytes.Contains(text, []byte("BkToCstmrStmt")):
			d.Format = Camt053
		case m == nil:
			d.instead = "this is XML, but no bank statement in camt.053 or OFX"
		case string(m[1])+string(m[2]) == string(Camt053):
			d.Format = Camt053
		default:
			d.instead = "this is the ISO 20022 message " + string(m[1]) + string(m[2]) + ", not the statement camt.053"
		}
	case swiftTag.Match(text) && bytes.Contains(text, []byte(":20:")):
		d.Format = MT940
	case bytes.HasPrefix(text, []byte("%PDF")), bytes.HasPrefix(text, []byte("PK\x03\x04")), bytes.HasPrefix(text, []byte("\xd0\xcf\x11\xe0")):
		d.instead = "this is a PDF or a workbook, which is for people to read"
	}
}

// ofxCharsets are the names of an OFX header, https://financialdataexchange.org/ofx, section 2.2 of version 1.6.
var ofxCharsets = map[string]string{
	"1251": cp1251, "1252": "windows-1252", "8859-1": "iso-8859-1", "ISO-8859-1": "iso-8859-1", "UTF-8": utf8Name, "1250": "windows-1250",
}

// unknown is why a file in no known format cannot be read.
func (d Detected) unknown(said Format) error {
	e := &Error{Kind: ErrFormat, Reason: "this is no bank statement in camt.053, MT940, 1CClientBankExchange or OFX: " +
		"have the bank export one of these, or say how to read the columns if it is a table (CSV)"}
	if d.instead != "" {
		e.Reason = d.instead + ": have the bank export the statement as camt.053, MT940, 1CClientBankExchange, OFX or CSV"
	}
	if said != "" {
		e.Field, e.Value = "Options.Format", shortened(string(said))
		e.Reason = "no such format: it is one of camt.053, mt940, clientbank, ofx, csv"
	}
	return e
}

// narrow is the ASCII of UTF-16, enough to look for words in it.
func narrow(wide []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(wide)/2)
	for i := range units {
		units[i] = order.Uint16(wide[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}
