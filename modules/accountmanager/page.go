package accountmanager

import "google.golang.org/protobuf/reflect/protoreflect"

// numbers are enum values as Postgres takes them; never nil, which would be null there.
func numbers[E protoreflect.Enum](values []E) []int32 {
	out := make([]int32, 0, len(values))
	for _, v := range values {
		out = append(out, int32(v.Number()))
	}
	return out
}
