package locale

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// ModuleOf is the module whose texts name the parts of a contract: "cabinet.clientmanager.v1.Client" → clientmanager.
func ModuleOf(name protoreflect.FullName) string {
	parts := strings.Split(string(name), ".")
	for i := len(parts) - 1; i > 0; i-- {
		if len(parts[i]) > 1 && parts[i][0] == 'v' && parts[i][1] >= '0' && parts[i][1] <= '9' {
			return parts[i-1]
		}
	}
	return parts[0]
}

// FieldKeys are the keys of what a field of a message is called: the message's own word for it, then the module's.
func FieldKeys(message protoreflect.MessageDescriptor, field string) []string {
	prefix := ModuleOf(message.FullName()) + ".fields."
	return []string{prefix + string(message.Name()) + "." + field, prefix + field}
}

// EnumKey is the key of what a value of an enum, by its name, means to a reader.
func EnumKey(enum protoreflect.EnumDescriptor, value string) string {
	return ModuleOf(enum.FullName()) + ".enums." + value
}
