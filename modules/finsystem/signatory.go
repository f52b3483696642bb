package finsystem

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/paper"
	"github.com/opencabinet/cabinet/kernel/store"
)

// signatoryService keeps who signs documents, and with which pictures.
type signatoryService struct {
	v1.UnimplementedSignatoryServiceServer
	*Module
}

var _ v1.SignatoryServiceServer = (*signatoryService)(nil)

// maxPicture is how large a picture may be once it is drawn anew, in bytes: ink of a million pixels is far less.
const maxPicture = 4 << 20

var (
	errNoPicture    = refuse(codes.InvalidArgument, "picture", "no_picture", "this is no picture that can be read: send a PNG, JPEG or WebP")
	errLargePicture = refuse(codes.InvalidArgument, "picture", "picture_large", "the picture has too many pixels: make it smaller, 4 megapixels at most")
	errBlankPicture = refuse(codes.InvalidArgument, "picture", "picture_blank", "nothing is drawn on the picture: send one with a transparent or a white background")
)

// signatoryRow is who signs, as it stands now.
type signatoryRow struct {
	Name, Position  string
	Signature, Seal *string
	ByHand          []string
	Updated         *time.Time
	Revision        int64
}

func (r signatoryRow) signatory(seller Seller) *v1.Signatory {
	s := &v1.Signatory{SignedBy: r.signedBy(seller), Name: r.Name, Position: r.Position, SignaturePath: picturePath(r.Signature), SealPath: picturePath(r.Seal), Revision: r.Revision}
	for _, kind := range r.ByHand {
		s.ByHandKinds = append(s.ByHandKinds, documentKinds.Of(kind))
	}
	if r.Updated != nil {
		s.UpdateTime = timestamppb.New(*r.Updated)
	}
	return s
}

func picturePath(hash *string) string {
	if hash == nil {
		return ""
	}
	return "/m/" + ID + "/signatory/" + *hash + ".png"
}

// signedBy is what stands below the line; the settings say it where nothing else was said.
func (r signatoryRow) signedBy(s Seller) string {
	if r.Name == "" && r.Position == "" {
		return s.SignedBy
	}
	return strings.TrimSpace(r.Position + " " + r.Name)
}

func findSignatory(ctx context.Context, q store.Querier, lock string) (signatoryRow, error) {
	return store.QueryOne(ctx, q, pgx.RowToStructByPos[signatoryRow],
		"select name, position, signature, seal, by_hand, update_time, revision from finsystem.signatory "+lock)
}

// GetSignatory says who signs.
func (s *signatoryService) GetSignatory(ctx context.Context, _ *v1.GetSignatoryRequest) (*v1.GetSignatoryResponse, error) {
	row, err := findSignatory(ctx, s.host.Store, "")
	return &v1.GetSignatoryResponse{Signatory: row.signatory(s.settings.Seller)}, err
}

// change changes the row, whoever may: it is nobody's of the clients'.
func (s *signatoryService) change(ctx context.Context, apply func(ctx context.Context, tx *store.Tx, row *signatoryRow) error) (*v1.Signatory, error) {
	var after signatoryRow
	err := s.host.Store.Tx(s.host.Self(ctx), func(ctx context.Context, tx *store.Tx) error {
		before, err := findSignatory(ctx, tx, "for update")
		if err != nil {
			return err
		}
		after = before
		if err := apply(ctx, tx, &after); err != nil {
			return err
		}
		now := s.host.Now()
		after.Updated, after.Revision = &now, before.Revision+1
		audit.Changed(tx, before.signatory(s.settings.Seller), after.signatory(s.settings.Seller))
		_, err = tx.Exec(ctx, "update finsystem.signatory set name = $1, position = $2, signature = $3, seal = $4, by_hand = $5, update_time = $6, revision = $7",
			after.Name, after.Position, after.Signature, after.Seal, after.ByHand, after.Updated, after.Revision)
		return err
	})
	if err != nil {
		return nil, err
	}
	return after.signatory(s.settings.Seller), nil
}

// UpdateSignatory changes the named fields.
func (s *signatoryService) UpdateSignatory(ctx context.Context, r *v1.UpdateSignatoryRequest) (*v1.UpdateSignatoryResponse, error) {
	known := func(field string) bool { return slices.Contains([]string{"name", "position", "by_hand_kinds"}, field) }
	fields, err := module.Named(r.GetUpdateMask(), known, ID+".refusal.nothing_named", ID+".refusal.no_field")
	if err != nil {
		return nil, err
	}
	said := proto.CloneOf(r.GetSignatory())
	if said == nil {
		said = &v1.Signatory{}
	}
	if err := module.Constrained("signatory", said, fields...); err != nil {
		return nil, err
	}
	out, err := s.change(ctx, func(_ context.Context, _ *store.Tx, row *signatoryRow) error {
		if said.GetRevision() != 0 && said.GetRevision() != row.Revision {
			return errMeanwhile
		}
		for _, field := range fields {
			switch field {
			case "name":
				row.Name = strings.Join(strings.Fields(said.GetName()), " ")
			case "position":
				row.Position = strings.Join(strings.Fields(said.GetPosition()), " ")
			case "by_hand_kinds":
				row.ByHand = documentKinds.Texts(said.GetByHandKinds())
			}
		}
		return nil
	})
	return &v1.UpdateSignatoryResponse{Signatory: out}, err
}

// SetSignature keeps a picture of the signature.
func (s *signatoryService) SetSignature(ctx context.Context, r *v1.SetSignatureRequest) (*v1.SetSignatureResponse, error) {
	out, err := s.picture(ctx, r.GetPicture(), func(row *signatoryRow, hash *string) { row.Signature = hash })
	return &v1.SetSignatureResponse{Signatory: out}, err
}

// RemoveSignature has nothing issued with it any more.
func (s *signatoryService) RemoveSignature(ctx context.Context, _ *v1.RemoveSignatureRequest) (*v1.RemoveSignatureResponse, error) {
	out, err := s.change(ctx, func(_ context.Context, _ *store.Tx, row *signatoryRow) error { row.Signature = nil; return nil })
	return &v1.RemoveSignatureResponse{Signatory: out}, err
}

// SetSeal keeps a picture of the seal.
func (s *signatoryService) SetSeal(ctx context.Context, r *v1.SetSealRequest) (*v1.SetSealResponse, error) {
	out, err := s.picture(ctx, r.GetPicture(), func(row *signatoryRow, hash *string) { row.Seal = hash })
	return &v1.SetSealResponse{Signatory: out}, err
}

// RemoveSeal has nothing issued with it any more.
func (s *signatoryService) RemoveSeal(ctx context.Context, _ *v1.RemoveSealRequest) (*v1.RemoveSealResponse, error) {
	out, err := s.change(ctx, func(_ context.Context, _ *store.Tx, row *signatoryRow) error { row.Seal = nil; return nil })
	return &v1.RemoveSealResponse{Signatory: out}, err
}

// picture draws what came anew, keeps it, and has the row name it.
func (s *signatoryService) picture(ctx context.Context, content []byte, set func(*signatoryRow, *string)) (*v1.Signatory, error) {
	ink, err := s.readInk(ctx, content)
	if err != nil {
		return nil, err
	}
	ref, err := s.host.Blobs.Put(ctx, bytes.NewReader(ink.PNG()), maxPicture)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, func(ctx context.Context, tx *store.Tx, row *signatoryRow) error {
		set(row, &ref.Hash)
		_, err := tx.Exec(ctx, "insert into finsystem.pictures (hash, create_time) values ($1, $2) on conflict do nothing", ref.Hash, s.host.Now())
		return err
	})
}

// readInk reads one picture at a time: it is the memory of each that counts.
func (m *Module) readInk(ctx context.Context, content []byte) (*paper.Picture, error) {
	select {
	case m.drawing <- struct{}{}:
		defer func() { <-m.drawing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ink, err := paper.ReadInk(content)
	switch {
	case errors.Is(err, paper.ErrPictureSize):
		return nil, errLargePicture
	case errors.Is(err, paper.ErrBlank):
		return nil, errBlankPicture
	case err != nil:
		return nil, errNoPicture
	}
	return ink, nil
}

// ink is a picture that is kept; nil for none.
func (m *Module) ink(ctx context.Context, hash *string) (*paper.Picture, error) {
	if hash == nil {
		return nil, nil
	}
	content, err := m.host.Blobs.Open(ctx, *hash)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	file, err := io.ReadAll(io.LimitReader(content, maxPicture))
	if err != nil {
		return nil, err
	}
	return paper.ReadPicture(file)
}

// servePicture answers with one of the pictures that are in use now, to whoever may see them.
func (m *Module) servePicture(w http.ResponseWriter, r *http.Request) {
	got, err := m.signatories.GetSignatory(r.Context(), &v1.GetSignatoryRequest{})
	if err != nil {
		module.Refuse(w, err)
		return
	}
	hash, isPicture := strings.CutSuffix(r.PathValue("file"), ".png")
	path := picturePath(&hash)
	if !isPicture || path != got.GetSignatory().GetSealPath() && path != got.GetSignatory().GetSignaturePath() {
		http.NotFound(w, r)
		return
	}
	content, err := m.host.Blobs.Open(r.Context(), hash)
	if err != nil {
		module.Refuse(w, err)
		return
	}
	defer content.Close()
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Cache-Control", "private, no-store")
	_, _ = io.Copy(w, content)
}
