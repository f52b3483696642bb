package screen

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// acceptImages is what a form offers to choose among. Whether it is one, whoever receives it finds out.
const acceptImages = "image/jpeg,image/png,image/webp"

// isUpload tells whether a field is a file that somebody sends, a picture or another.
func isUpload(f protoreflect.FieldDescriptor) bool {
	return isPicture(f) || f.Kind() == protoreflect.BytesKind && !f.IsList() && meaning(f).GetKind() == kernelv1.Kind_KIND_FILE
}

func isPicture(f protoreflect.FieldDescriptor) bool {
	return f.Kind() == protoreflect.BytesKind && !f.IsList() && meaning(f).GetKind() == kernelv1.Kind_KIND_IMAGE
}

// Image is the address of a picture of this portal, as a contract gives it; empty for any other, so that no page has a
// reader's browser ask elsewhere.
func (e *Env) Image(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\"?#") {
		return ""
	}
	return e.href(path)
}

// photo is the picture of what a message is about: its first text that is one. Empty for none.
func (e *Env) photo(m protoreflect.Message) string {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); f.Kind() == protoreflect.StringKind && !f.IsList() && meaning(f).GetKind() == kernelv1.Kind_KIND_IMAGE {
			return e.Image(m.Get(f).String())
		}
	}
	return ""
}

// avatar stands for what a message is about. What can have a photo is a person, and round.
func (e *Env) avatar(m protoreflect.Message, name, size string, org bool) *ui.Avatar {
	_, pictured := imageField(m.Descriptor())
	return &ui.Avatar{Name: name, Org: org && !pictured, Size: size, Photo: e.photo(m)}
}

func imageField(d protoreflect.MessageDescriptor) (protoreflect.FieldDescriptor, bool) {
	f := byKind(d, kernelv1.Kind_KIND_IMAGE)
	return f, f != nil
}

// sendsFile tells whether a form has a file among its fields, so that it is sent in parts.
func (s *Screen) sendsFile() bool {
	for _, path := range s.fields {
		if isUpload(path.last()) {
			return true
		}
	}
	return false
}
