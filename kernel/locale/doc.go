// Package locale turns keys into texts, and dates, numbers and money into what people read, in English, Ukrainian and
// Russian.
//
//	bundle, err := locale.NewBundle(
//		locale.Source{Prefix: "clientmanager", FS: clientmanager.Locales},
//		locale.Source{Prefix: "files", FS: files.Locales},
//	)
//	loc := bundle.For("uk", kyiv)
//	loc.T("clientmanager.greeting", "name", "Олена")       // "Вітаємо, Олена"
//	loc.Plural("clientmanager.found", 5)                   // "Знайдено 5 клієнтів"
//
// # Files
//
// A source is a folder locales/ with en.yaml, uk.yaml and ru.yaml. Each is a flat list of keys; every key begins with
// the module's id and a dot. A text is a string, or one string for each plural form of the language (one, other in English; one,
// few, many, other in Ukrainian and Russian):
//
//	clientmanager.greeting: Hello, {name}
//	clientmanager.found:
//	  one: "{n} client found"
//	  other: "{n} clients found"
//
// {name} is a placeholder, filled by the argument of that name; {n} is the number of a plural, written as the language
// writes numbers. "{{" and "}}" are braces.
//
// # Escaping
//
// Nothing here is escaped for HTML: a text and its arguments come out as they are, and the template that shows them
// escapes them. Never mark a text as safe HTML.
//
// The files of the package:
//
//	bundle.go     Bundle, Source: texts of all modules
//	load.go       reading and refusing files
//	message.go    texts with placeholders
//	localizer.go  Localizer: T, Plural, Has, First, List
//	missing.go    what was asked for and is not there
//	check.go      Check: the languages agree
//	date.go       dates, times, "2 hours ago"
//	number.go     numbers and money, exact
//	words.go      amounts in words, as documents write them; words_currencies.go has the currencies
//	contract.go   under which keys the parts of contracts are called what they are
//	match.go      Match: the language to speak
//	locales/      the package's own texts
package locale
