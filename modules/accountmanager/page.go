package accountmanager

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// pageSize is how many rows a list returns when its caller does not say.
func pageSize(asked int32) int {
	if asked <= 0 {
		return 50
	}
	return int(asked)
}

// fields are those of an update mask, all of them when it is empty.
func fields(mask, known []string) ([]string, error) {
	if len(mask) == 0 {
		return known, nil
	}
	for _, path := range mask {
		if !slices.Contains(known, path) {
			return nil, refuse(codes.InvalidArgument, "update_mask", "unknown_field", "there is no field "+path+" to change here")
		}
	}
	return mask, nil
}

// numbers are enum values as Postgres takes them; never nil, which would be null there.
func numbers[E protoreflect.Enum](values []E) []int32 {
	out := make([]int32, 0, len(values))
	for _, v := range values {
		out = append(out, int32(v.Number()))
	}
	return out
}
