// Package protos makes Go of a repository's .proto files, with no tool but Go's own.
//
//	compile.go   .proto files to descriptors; what is wrong, by line
//	rules.go     methods that do not say who may call them
//	generate.go  descriptors to Go, by the generators that the repository's go.mod names
package protos
