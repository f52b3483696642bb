package scaffold

import (
	"fmt"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]{0,23}$`)

// taken are names that something else of a portal has, by what has them.
var taken = map[string]string{
	"kernel": "the kernel's own", "audit": "the audit log's", "view": "that of saved views", "cabinet": "the framework's own",
	"accountmanager": "a module of the framework", "clientmanager": "a module of the framework",
	"main": "that of Go's programs", "internal": "one that Go keeps", "vendor": "one that Go keeps", "testdata": "one that Go keeps",
	"test": "one that Go keeps", "init": "one that Go keeps",
	"google": "the beginning of others' contracts", "buf": "the beginning of others' contracts",
	"modules": "a folder of a portal", "plugins": "a folder of a portal", "contracts": "a folder of the framework",
	"module": "a package that each module imports", "call": "a package that each portal imports", "plugin": "a package of the framework",
	"store": "a package that each module imports", "event": "a package that each module imports", "access": "a package that each module imports",
	"kerneltest": "a package that each module imports", "public": "a schema of Postgres", "pg": "the beginning of Postgres's own names",
	"os": "a package that each module's test imports", "testing": "a package that each module's test imports", "require": "a package that each module's test imports",
	"assemble": "a function of each portal",
}

// reserved are Postgres's words that no table or schema can be called without quotes.
var reserved = strings.Fields(`all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
	collation column concurrently constraint create cross default deferrable desc distinct do else end except false fetch for foreign
	freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
	localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right select
	similar some symmetric tablesample then to trailing true union unique user using variadic verbose when where window with`)

// files are what a module's own files are called, so that its things can be called neither.
var files = []string{"events", "screens", "conforms"}

// CheckName refuses what a portal, module or plugin cannot be called, and says why.
func CheckName(kind, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("say what the %s is to be called: cabinet new %s NAME", kind, kind)
	case !nameForm.MatchString(name):
		hint := ""
		if plain := plainly(name); nameForm.MatchString(plain) {
			hint = fmt.Sprintf("; %q would do", plain)
		}
		return fmt.Errorf("%q cannot be the name of a %s: write up to 24 lower-case letters and digits, a letter first%s", name, kind, hint)
	case taken[name] != "":
		return fmt.Errorf("%q cannot be the name of a %s: the name is %s", name, kind, taken[name])
	}
	return checkWord(kind, name)
}

// CheckThing refuses what a module's things cannot be called.
func CheckThing(thing string) error {
	if !nameForm.MatchString(thing) {
		return fmt.Errorf("%q cannot be what one of its things is called: write up to 24 lower-case letters and digits, a letter first", thing)
	}
	if slices.Contains(files, Plural(thing)) {
		return fmt.Errorf("%q cannot be what one of its things is called: a module has a file %s.go already", thing, Plural(thing))
	}
	return checkWord("thing", Plural(thing))
}

func checkWord(kind, word string) error {
	switch {
	case token.IsKeyword(word):
		return fmt.Errorf("%q cannot be the name of a %s: it is a keyword of Go", word, kind)
	case types.Universe.Lookup(word) != nil:
		return fmt.Errorf("%q cannot be the name of a %s: Go has something of that name everywhere", word, kind)
	case slices.Contains(reserved, word):
		return fmt.Errorf("%q cannot be the name of a %s: Postgres reserves the word", word, kind)
	case strings.HasPrefix(word, "pg"):
		return fmt.Errorf("%q cannot be the name of a %s: Postgres keeps names that begin with pg", word, kind)
	}
	return nil
}

// plainly leaves of a text what can stand in a name.
func plainly(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(text))
}

// Singular guesses what one thing of a module is called: "notes" keeps notes.
func Singular(name string) string {
	switch {
	case strings.HasSuffix(name, "ies") && len(name) > 4:
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "xes"), strings.HasSuffix(name, "ches"), strings.HasSuffix(name, "shes"), strings.HasSuffix(name, "sses"):
		return strings.TrimSuffix(name, "es")
	case strings.HasSuffix(name, "s") && !strings.HasSuffix(name, "ss") && len(name) > 2:
		return strings.TrimSuffix(name, "s")
	}
	return name
}

// Plural is what several are called.
func Plural(thing string) string {
	switch {
	case strings.HasSuffix(thing, "y") && len(thing) > 1 && !strings.ContainsRune("aeiou", rune(thing[len(thing)-2])):
		return strings.TrimSuffix(thing, "y") + "ies"
	case strings.HasSuffix(thing, "s"), strings.HasSuffix(thing, "x"), strings.HasSuffix(thing, "ch"), strings.HasSuffix(thing, "sh"):
		return thing + "es"
	}
	return thing + "s"
}

// titled writes a name with its first letter large.
func titled(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

func upper(name string) string { return strings.ToUpper(name) }
