package screen

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// Whatever is typed into whatever field: it is taken, and then the message can be sent and kept; or it is refused with
// the field's name. What was taken is taken again as it was written down.
func FuzzFill(f *testing.F) {
	for _, text := range []string{
		"", " ", "Zerno Roastery", "12", "-0", "a\nb", "+380 (44) 555-01-42", "0\r(", "0\r\r\n0", "99999999999999999999", "true", "on", "CLIENT_STATUS_ACTIVE",
		"a,b,,a", "\x00", "\xff", "a\r\nb", "é\u0301", "CLIENT_STATUS_UNSPECIFIED", "0x10", "1e3", "NaN", "\u00a0", "<b>", "\u2028", "00",
	} {
		f.Add(text, text)
	}
	messages := []proto.Message{
		&clientmanagerv1.CreateClientRequest{}, &clientmanagerv1.UpdateClientRequest{}, &clientmanagerv1.ListClientsRequest{},
		&clientmanagerv1.CreateContactRequest{}, &accountmanagerv1.UpdateUserRequest{}, &accountmanagerv1.ListUsersRequest{},
		&accountmanagerv1.ChangePasswordRequest{}, &clientmanagerv1.CreateImportRequest{},
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		for _, message := range messages {
			for _, name := range allFields(message.ProtoReflect().Descriptor()) {
				m := message.ProtoReflect().New()
				path, err := findIn(m.Descriptor(), name)
				if err != nil {
					t.Fatal(err)
				}
				if err := fill(m, path, []string{one, two}); err != nil {
					if bad, ok := err.(*BadValueError); !ok || bad.Field != path.String() || bad.Wanted == "" { //nolint:errorlint // exactly this
						t.Fatalf("%s: %v", name, err)
					}
					continue
				}
				if _, err := proto.Marshal(m.Interface()); err != nil {
					t.Fatalf("%s = %q, %q cannot be sent: %v", name, one, two, err)
				}
				if path.last().Kind() == protoreflect.StringKind {
					for _, kept := range typed(m, path) {
						if strings.ContainsRune(kept, 0) || !utf8.ValidString(kept) {
							t.Fatalf("%s = %q cannot be kept", name, kept)
						}
					}
				}
				if meaning(path.last()).GetSecret() || path.last().HasPresence() { // "not said" has no words of its own
					continue
				}
				again := message.ProtoReflect().New()
				if written := typed(m, path); len(written) > 0 {
					if err := fill(again, path, written); err != nil || !proto.Equal(m.Interface(), again.Interface()) {
						t.Fatalf("%s = %q, %q: written as %q, it is read as %v, not %v (%v)", name, one, two, written, again, m, err)
					}
				}
			}
		}
	})
}

// allFields are the fields that a form could ask for.
func allFields(d protoreflect.MessageDescriptor) []string {
	var names []string
	if s := subject(d); s != nil {
		d = s.Message()
	}
	for i := range d.Fields().Len() {
		if f := d.Fields().Get(i); f.Message() == nil && f.Kind() != protoreflect.BytesKind {
			names = append(names, string(f.Name()))
		}
	}
	return names
}

// Whatever stands in a thing's fields, a link made of them stays in its place: no part grows into two, none leads away.
func FuzzExpand(f *testing.F) {
	for _, text := range []string{"", "a", "a/b", "..", ".", "%2f", "?x=1", "#", "{id}", "//evil.example", "\\", "\t", "é", "a b", "\xff", "&name=x", "+"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, id, name string) {
		value := func(field string) string { return map[string]string{"id": id, "name": name}[field] }
		to, ok := expand("/clients/{id}/invite?name={name}&role=x", value)
		if leads := id != "" && id != "." && id != ".."; ok != leads {
			t.Fatalf("%q leads somewhere: %t", id, ok)
		}
		if !ok {
			return
		}
		if strings.ContainsAny(to, "\\\t\r\n #") || strings.Count(to, "/") != 3 || strings.Count(to, "?") != 1 {
			t.Fatalf("%q became %q", id, to)
		}
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(u.EscapedPath(), "/")
		if got, err := url.PathUnescape(parts[2]); err != nil || got != id {
			t.Fatalf("%q came back as %q (%v)", id, got, err)
		}
		if got := u.Query(); got.Get("name") != name || got.Get("role") != "x" || len(got) != 2 {
			t.Fatalf("%q came back as %v", name, got)
		}
	})
}

// A path that a form brought back is one of this portal, as browsers read addresses.
func FuzzLocalPath(f *testing.F) {
	for _, path := range []string{"/clients", "//evil.example", "/\t/evil.example", "/\\evil.example", "https://evil.example", "/a?b=//c", "/\x00/x", "\n//x", "/é"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		kept := LocalPath(path)
		read := strings.Map(func(r rune) rune { // as browsers do before they look
			switch r {
			case '\t', '\n', '\r':
				return -1
			case '\\':
				return '/'
			}
			return r
		}, strings.TrimFunc(kept, func(r rune) bool { return r <= ' ' }))
		if !strings.HasPrefix(read, "/") || strings.HasPrefix(read, "//") {
			t.Fatalf("%q is kept as %q, which leads elsewhere", path, kept)
		}
		if utf8.ValidString(path) && kept != "/" && kept != path {
			t.Fatalf("%q became %q", path, kept)
		}
	})
}
