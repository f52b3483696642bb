// Package custom is fields that an integrator adds to a module's things, in the module's settings in portal.yaml:
//
//	fields:
//	  - id: tier
//	    type: choice
//	    title: {en: Tier, uk: Рівень, ru: Уровень}
//	    searchable: true
//	    choices:
//	      - {id: gold, title: {en: Gold, uk: Золото, ru: Золото}}
//
// A module has [Fields] among its settings, checks them at start, and keeps the values of a thing in one jsonb column,
// each of its own type. What is written goes through [Fields.Check], the one place that decides what is good.
//
//	custom.go  declarations, and their checks
//	values.go  values: checked, merged, as JSON, as terms to be searched by
package custom
