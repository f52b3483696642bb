package finsystem_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// inked is a PNG of what a function says of each point, from 0 for clear to 1, with wide margins.
func inked(t testing.TB, w, h int, c color.NRGBA, at func(x, y float64) float64) []byte {
	p := image.NewNRGBA(image.Rect(0, 0, w+200, h+200))
	for y := range h {
		for x := range w {
			c.A = uint8(255 * max(0, min(1, at(float64(x), float64(y)))))
			p.SetNRGBA(x+100, y+100, c)
		}
	}
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, p))
	return out.Bytes()
}

func signaturePicture(t testing.TB) []byte {
	return inked(t, 460, 170, color.NRGBA{0x1a, 0x2a, 0x7a, 255}, func(x, y float64) float64 {
		return 3.2 - math.Abs(y-(85+55*math.Sin(x/31)*math.Exp(-x/320)+14*math.Sin(x/9)))/2.2
	})
}

func sealPicture(t testing.TB, c color.NRGBA) []byte {
	return inked(t, 400, 400, c, func(x, y float64) float64 {
		r, a := math.Hypot(x-200, y-200), math.Atan2(y-200, x-200)
		switch {
		case r > 184 && r < 194, r > 120 && r < 126:
			return 0.75
		case r > 138 && r < 170 && math.Remainder(a, 0.21) > 0.02:
			return 0.6
		case r < 60 && math.Abs(math.Remainder(a, math.Pi/4))*r < 12:
			return 0.6
		}
		return 0
	})
}

// promised is the beginning of a PNG that says it has so many pixels, and has none.
func promised(width, height uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), width), height)
	head = append(head, 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

func (d *desk) signatory() v1.SignatoryServiceClient {
	return v1.NewSignatoryServiceClient(d.user.Conn)
}

// filed waits for a document's file, and returns it.
func (o *office) filed(id string) (hash string, pdf []byte) {
	o.t.Helper()
	require.Eventually(o.t, func() bool { return o.head.document(id).GetFileSha256() != "" }, 20*time.Second, 20*time.Millisecond)
	d := o.head.document(id)
	page := o.head.user.Get(o.t, d.GetFilePath())
	require.Equal(o.t, http.StatusOK, page.Status)
	return d.GetFileSha256(), []byte(page.Body)
}

// shot keeps a file for whoever looks at it.
func shot(t *testing.T, name string, content []byte) {
	if folder := os.Getenv("CABINET_SHOTS"); folder != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
}

// pictures is how many pictures a PDF has; each that lets the page through is one and its mask.
func pictures(pdf []byte) int { return bytes.Count(pdf, []byte("/Subtype /Image")) }

// What is issued is signed and sealed with what there is on that day, and stays so.
func TestIssuedDocumentsAreSignedAndSealed(t *testing.T) {
	o := newOffice(t)
	head := o.head.signatory()
	blue, red := color.NRGBA{0x24, 0x3f, 0xa0, 255}, color.NRGBA{0xb0, 0x20, 0x30, 255}
	before := o.manager.issued(o.zerno, nil)
	hash0, pdf0 := o.filed(before.GetId())
	require.Zero(t, pictures(pdf0))

	_, err := head.UpdateSignatory(t.Context(), &v1.UpdateSignatoryRequest{Signatory: &v1.Signatory{Position: "Director ", Name: "O.  Lysenko"}, UpdateMask: mask("position", "name")})
	require.NoError(t, err)
	_, err = head.SetSignature(t.Context(), &v1.SetSignatureRequest{Picture: signaturePicture(t)})
	require.NoError(t, err)
	set, err := head.SetSeal(t.Context(), &v1.SetSealRequest{Picture: append(sealPicture(t, blue), "<script>alert(1)</script>"...)})
	require.NoError(t, err)
	require.Equal(t, []string{"Director", "O. Lysenko"}, []string{set.GetSignatory().GetPosition(), set.GetSignatory().GetName()})

	agreements := clientmanagerv1.NewAgreementServiceClient(o.head.user.Conn)
	made, err := agreements.CreateAgreement(t.Context(), &clientmanagerv1.CreateAgreementRequest{RequestId: store.NewID(), Agreement: &clientmanagerv1.Agreement{
		ClientId: o.zerno, Number: "24/118", Kind: clientmanagerv1.AgreementKind_AGREEMENT_KIND_SERVICE, StartDate: "2026-03-01", CurrencyCode: "UAH",
	}})
	require.NoError(t, err)
	agreement := made.GetAgreement().GetId()
	goesBy := func(d *v1.Document) { d.AgreementId = agreement }
	_, err = o.manager.draft(o.zerno, goesBy)
	refusedFor(t, err, codes.FailedPrecondition, "document.agreement_id", "agreement_draft")
	_, err = agreements.ActivateAgreement(t.Context(), &clientmanagerv1.ActivateAgreementRequest{Id: agreement})
	require.NoError(t, err)
	_, err = o.head.draft(o.other, goesBy)
	refusedFor(t, err, codes.InvalidArgument, "document.agreement_id", "no_agreement")
	plain, err := o.head.draft(o.other, nil)
	require.NoError(t, err)
	_, err = o.head.documents.UpdateDocument(t.Context(), &v1.UpdateDocumentRequest{Document: &v1.Document{Id: plain.GetId(), AgreementId: agreement}, UpdateMask: mask("agreement_id")})
	refusedFor(t, err, codes.InvalidArgument, "document.agreement_id", "no_agreement")

	act := o.manager.issued(o.zerno, func(d *v1.Document) { goesBy(d); d.Kind = v1.DocumentKind_DOCUMENT_KIND_INVOICE; d.PaymentDays = 0 })
	hash, pdf := o.filed(act.GetId())
	require.Equal(t, 4, pictures(pdf))
	shot(t, "sealed.pdf", pdf)
	byAgreement, err := o.director.documents.ListDocuments(t.Context(), &v1.ListDocumentsRequest{AgreementId: agreement})
	require.NoError(t, err)
	require.Len(t, byAgreement.GetDocuments(), 1)

	// A draft is signed by nobody, and what goes by hand neither.
	draft, err := o.manager.draft(o.zerno, goesBy)
	require.NoError(t, err)
	require.Zero(t, pictures([]byte(o.manager.user.Get(t, draft.GetFilePath()).Body)))
	byHand := o.manager.issued(o.zerno, func(d *v1.Document) { d.OriginalByHand = true })
	_, pdf = o.filed(byHand.GetId())
	require.Zero(t, pictures(pdf))
	shot(t, "by-hand.pdf", pdf)
	_, err = head.UpdateSignatory(t.Context(), &v1.UpdateSignatoryRequest{
		Signatory: &v1.Signatory{ByHandKinds: []v1.DocumentKind{v1.DocumentKind_DOCUMENT_KIND_ANNEX}}, UpdateMask: mask("by_hand_kinds"),
	})
	require.NoError(t, err)
	annex := o.manager.issued(o.zerno, func(d *v1.Document) { d.Kind = v1.DocumentKind_DOCUMENT_KIND_ANNEX })
	require.True(t, annex.GetOriginalByHand())
	_, pdf = o.filed(annex.GetId())
	require.Zero(t, pictures(pdf))

	// What is changed later changes nothing that was issued.
	again, err := head.SetSeal(t.Context(), &v1.SetSealRequest{Picture: sealPicture(t, red)})
	require.NoError(t, err)
	require.NotEqual(t, set.GetSignatory().GetSealPath(), again.GetSignatory().GetSealPath())
	for id, want := range map[string]string{before.GetId(): hash0, act.GetId(): hash} {
		got, _ := o.filed(id)
		require.Equal(t, want, got)
	}
	other := o.manager.issued(o.zerno, func(d *v1.Document) {
		d.Kind = v1.DocumentKind_DOCUMENT_KIND_DELIVERY_NOTE
		d.BasedOnId = act.GetId()
		d.Lines = d.Lines[:1]
		d.Lines[0].Price = "0"
	})
	_, pdf = o.filed(other.GetId())
	require.Equal(t, 4, pictures(pdf))
	shot(t, "sealed-anew.pdf", pdf)
	require.Equal(t, []string{"t"}, o.query("select (signature is not null and seal is not null and signed_by = 'Director O. Lysenko')::text::char from finsystem.documents where id = $1::uuid", other.GetId()))

	// The pictures are the head's alone, and only those of now.
	for path, want := range map[string]int{again.GetSignatory().GetSealPath(): http.StatusOK, set.GetSignatory().GetSealPath(): http.StatusNotFound, "/m/finsystem/signatory/x.png": http.StatusNotFound} {
		page := o.head.user.Get(t, path)
		require.Equal(t, want, page.Status, path)
		require.NotContains(t, page.Body, "script>alert")
	}
	for _, d := range []*desk{o.manager, o.director} {
		require.NotEqual(t, http.StatusOK, d.user.Get(t, again.GetSignatory().GetSealPath()).Status)
		_, err := d.signatory().SetSeal(t.Context(), &v1.SetSealRequest{Picture: sealPicture(t, red)})
		require.Equal(t, codes.PermissionDenied, status.Code(err))
	}
	page := o.head.user.Get(t, "/signatory")
	require.Contains(t, page.Body, again.GetSignatory().GetSealPath())
	for _, path := range []string{"/signatory/edit", "/signatory/seal", "/signatory/signature"} {
		require.Equal(t, http.StatusOK, o.head.user.Get(t, path).Status, path)
	}
	gone, err := head.RemoveSeal(t.Context(), &v1.RemoveSealRequest{})
	require.NoError(t, err)
	require.Empty(t, gone.GetSignatory().GetSealPath())
	gone2, err := head.RemoveSignature(t.Context(), &v1.RemoveSignatureRequest{})
	require.NoError(t, err)
	require.Empty(t, gone2.GetSignatory().GetSignaturePath())

	var moving, white bytes.Buffer
	require.NoError(t, gif.Encode(&moving, image.NewGray(image.Rect(0, 0, 10, 10)), nil))
	blank := image.NewGray(image.Rect(0, 0, 40, 40))
	for i := range blank.Pix {
		blank.Pix[i] = 255
	}
	require.NoError(t, png.Encode(&white, blank))
	whole := sealPicture(t, blue)
	for name, hostile := range map[string][]byte{
		"no_picture svg":            []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		"no_picture a page":         []byte("<html>\x89PNG\r\n\x1a\n"),
		"no_picture gif":            moving.Bytes(),
		"no_picture half a PNG":     whole[:len(whole)/2],
		"no_picture a beginning":    []byte("\xff\xd8\xff"),
		"no_picture an empty webp":  []byte("RIFF\x00\x00\x00\x00WEBPVP8 "),
		"no_picture nothing inside": promised(1000, 1000),
		"picture_large a bomb":      promised(60_000, 60_000),
		"picture_large a long one":  promised(1_000_000_000, 1),
		"picture_blank white":       white.Bytes(),
	} {
		_, err := head.SetSeal(t.Context(), &v1.SetSealRequest{Picture: hostile})
		reason, _, _ := strings.Cut(name, " ")
		refusedFor(t, err, codes.InvalidArgument, "picture", reason)
	}
	_, err = head.SetSeal(t.Context(), &v1.SetSealRequest{Picture: make([]byte, 2<<20+1)})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}
