package accountmanager_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// halves is a picture, its left half red and its right half blue.
func halves(width, height int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetRGBA(x, y, color.RGBA{R: map[bool]uint8{true: 255}[x < width/2], B: map[bool]uint8{true: 255}[x >= width/2], A: 255})
		}
	}
	return m
}

func asPNG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

// asJPEG is a JPEG with an Exif header that says how the camera was held, and where.
func asJPEG(t testing.TB, m image.Image, orientation uint16) []byte {
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	exif = binary.BigEndian.AppendUint16(exif, orientation)
	exif = append(exif, "\x00\x00\x00\x00\x00\x00GPS 50.4501 N"...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))...)
	return append(append(out, exif...), b.Bytes()[2:]...)
}

// enormous is the beginning of a PNG that says it has so many pixels, and a body of nothing.
func enormous(width, height uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), width), height)
	head = append(head, 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

// Who may see the card of somebody sees the photo, and nobody else; whatever came, what is served is a small JPEG.
func TestPhotos(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head, olha, petro := p.Head(t), p.Staff(t, "manager"), p.Staff(t, "manager")
	served, foreign := p.Client(t, "Served"), p.Client(t, "Foreign")
	p.Serve(t, olha, served)
	p.Serve(t, petro, foreign)
	hers, his := p.Contact(t, served, "client.director"), p.Contact(t, foreign, "client.director")
	photos := v1.NewPhotoServiceClient(olha.Conn)

	file := append(asPNG(t, halves(400, 500)), "<html><script>alert(1)</script>"...)
	set, err := photos.SetMyPhoto(t.Context(), &v1.SetMyPhotoRequest{Photo: file})
	require.NoError(t, err)
	address := set.GetMe().GetPhotoUrl()
	require.Regexp(t, `^/m/accountmanager/photo/[0-9a-f]{64}\.jpg$`, address)
	again, err := photos.SetMyPhoto(t.Context(), &v1.SetMyPhotoRequest{Photo: file})
	require.NoError(t, err)
	require.Equal(t, address, again.GetMe().GetPhotoUrl(), "the same picture has the same address")

	get := func(who *kerneltest.User, address string) (*http.Response, []byte) {
		response, err := who.HTTP.Get(p.URL() + address)
		require.NoError(t, err)
		defer response.Body.Close() //nolint:errcheck // it was only read
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response, body
	}
	for _, who := range []*kerneltest.User{olha, petro, head, hers} {
		for query, side := range map[string]int{"": 320, "?w=96": 96, "?w=5000": 320} {
			response, body := get(who, address+query)
			require.Equal(t, http.StatusOK, response.StatusCode, "%s", who.Name)
			require.Equal(t, "image/jpeg", response.Header.Get("Content-Type"))
			require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
			require.Equal(t, "private, max-age=31536000, immutable", response.Header.Get("Cache-Control"))
			require.NotContains(t, string(body), "script")
			m, err := jpeg.Decode(bytes.NewReader(body))
			require.NoError(t, err)
			require.Equal(t, image.Pt(side, side), m.Bounds().Size())
		}
	}
	response, _ := get(his, address)
	require.Equal(t, http.StatusNotFound, response.StatusCode, "a contact of a client whom somebody else serves")
	response, _ = get(p.Anonymous(t), address)
	require.NotEqual(t, http.StatusOK, response.StatusCode)
	response, _ = get(olha, strings.Replace(address, "/photo/", "/photo/0", 1))
	require.Equal(t, http.StatusNotFound, response.StatusCode)

	// The client sees it on the card, and on the page; once somebody else serves it, no more.
	card, err := clientmanagerv1.NewProfileServiceClient(hers.Conn).GetManagerCard(t.Context(), &clientmanagerv1.GetManagerCardRequest{})
	require.NoError(t, err)
	require.Equal(t, address, card.GetPhotoUrl())
	_, page := get(hers, "/")
	require.Contains(t, string(page), `src="`+address+`"`)
	_, page = get(olha, "/")
	require.Contains(t, string(page), `src="`+address+`?w=96"`)
	p.Serve(t, petro, served)
	response, _ = get(hers, address)
	require.Equal(t, http.StatusNotFound, response.StatusCode)

	// Of others: heads alone.
	_, err = photos.SetUserPhoto(t.Context(), &v1.SetUserPhotoRequest{UserId: petro.ID, Photo: file})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = v1.NewPhotoServiceClient(hers.Conn).SetUserPhoto(t.Context(), &v1.SetUserPhotoRequest{UserId: olha.ID, Photo: file})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	other, err := v1.NewPhotoServiceClient(head.Conn).SetUserPhoto(t.Context(), &v1.SetUserPhotoRequest{UserId: petro.ID, Photo: asPNG(t, halves(100, 50))})
	require.NoError(t, err)
	require.NotEmpty(t, other.GetUser().GetPhotoUrl())
	_, err = v1.NewPhotoServiceClient(head.Conn).SetUserPhoto(t.Context(), &v1.SetUserPhotoRequest{UserId: store.NewID(), Photo: file})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = v1.NewPhotoServiceClient(head.Conn).RemoveUserPhoto(t.Context(), &v1.RemoveUserPhotoRequest{UserId: petro.ID})
	require.NoError(t, err)

	// What a camera says besides stays out, but for how it was held.
	for orientation, left := range map[uint16]bool{1: true, 2: false, 3: false, 4: true} {
		set, err := photos.SetMyPhoto(t.Context(), &v1.SetMyPhotoRequest{Photo: asJPEG(t, halves(200, 200), orientation)})
		require.NoError(t, err)
		_, body := get(olha, set.GetMe().GetPhotoUrl())
		require.NotContains(t, string(body), "GPS")
		m, err := jpeg.Decode(bytes.NewReader(body))
		require.NoError(t, err)
		red, _, _, _ := m.At(40, 160).RGBA()
		require.Equal(t, left, red > 0x8000, "orientation %d", orientation)
	}
	response, _ = get(olha, address)
	require.Equal(t, http.StatusNotFound, response.StatusCode, "the former photo is gone")

	var moving bytes.Buffer
	require.NoError(t, gif.Encode(&moving, halves(10, 10), nil))
	whole := asPNG(t, halves(300, 300))
	for name, forged := range map[string][]byte{
		"no_picture svg":                []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		"no_picture gif":                moving.Bytes(),
		"no_picture half a PNG":         whole[:len(whole)/2],
		"no_picture a beginning":        []byte("\xff\xd8\xff"),
		"no_picture webp of nothing":    []byte("RIFF\x00\x00\x00\x00WEBPVP8 "),
		"no_picture a page":             []byte("<html>\x89PNG\r\n\x1a\n"),
		"picture_large a bomb":          enormous(60_000, 60_000),
		"picture_large a long bomb":     enormous(1_000_000_000, 1),
		"picture_large just over":       enormous(6_001, 4_000),
		"no_picture no pixels":          enormous(0, 100),
		"no_picture a promise not kept": enormous(6_000, 4_000),
	} {
		_, err := photos.SetMyPhoto(t.Context(), &v1.SetMyPhotoRequest{Photo: forged})
		reason, _, _ := strings.Cut(name, " ")
		require.Equal(t, codes.InvalidArgument, status.Code(err), name)
		at := module.Violations(err)
		require.Len(t, at, 1)
		require.Equal(t, []string{"photo", "accountmanager.errors." + reason}, []string{at[0].GetField(), at[0].GetReason()}, name)
	}
	for _, size := range []int{0, 5<<20 + 1} {
		_, err = photos.SetMyPhoto(t.Context(), &v1.SetMyPhotoRequest{Photo: make([]byte, size)})
		require.Equal(t, codes.InvalidArgument, status.Code(err))
	}
	gone, err := photos.RemoveMyPhoto(t.Context(), &v1.RemoveMyPhotoRequest{})
	require.NoError(t, err)
	require.Empty(t, gone.GetMe().GetPhotoUrl())
}
