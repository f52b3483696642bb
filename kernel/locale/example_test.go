package locale_test

import (
	"fmt"
	"testing/fstest"
	"time"

	"github.com/opencabinet/cabinet/kernel/locale"
)

func ExampleBundle_For() {
	bundle, err := locale.NewBundle(locale.Source{Prefix: "shop", FS: fstest.MapFS{
		"locales/en.yaml": {Data: []byte("shop.found: {one: '{n} client', other: '{n} clients'}")},
		"locales/uk.yaml": {Data: []byte("shop.found: {one: '{n} клієнт', few: '{n} клієнти', many: '{n} клієнтів', other: '{n} клієнта'}")},
	}})
	if err != nil {
		panic(err)
	}
	for _, lang := range []string{"en", "uk"} {
		loc := bundle.For(lang, time.UTC)
		fmt.Println(loc.Plural("shop.found", 1), loc.Plural("shop.found", 3), loc.Plural("shop.found", 11))
		fmt.Println(loc.DayMonth(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)))
	}
	// Output:
	// 1 client 3 clients 11 clients
	// 23 November
	// 1 клієнт 3 клієнти 11 клієнтів
	// 23 листопада
}
