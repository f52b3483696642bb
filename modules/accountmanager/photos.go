package accountmanager

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// photoService keeps photos of people, in the database beside them.
type photoService struct {
	accountmanagerv1.UnimplementedPhotoServiceServer
	*Module
}

var _ accountmanagerv1.PhotoServiceServer = (*photoService)(nil)

// photoURL is where the photo of a hash is served; empty for none.
func photoURL(hash string) string {
	if hash == "" {
		return ""
	}
	return "/m/" + ID + "/photo/" + hash + ".jpg"
}

// SetMyPhoto keeps a photo of the caller.
func (s *photoService) SetMyPhoto(ctx context.Context, r *accountmanagerv1.SetMyPhotoRequest) (*accountmanagerv1.SetMyPhotoResponse, error) {
	got, err := s.mine(ctx, r.GetPhoto())
	return &accountmanagerv1.SetMyPhotoResponse{Me: got}, err
}

// RemoveMyPhoto forgets it.
func (s *photoService) RemoveMyPhoto(ctx context.Context, _ *accountmanagerv1.RemoveMyPhotoRequest) (*accountmanagerv1.RemoveMyPhotoResponse, error) {
	got, err := s.mine(ctx, nil)
	return &accountmanagerv1.RemoveMyPhotoResponse{Me: got}, err
}

func (s *photoService) mine(ctx context.Context, content []byte) (*accountmanagerv1.Me, error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	p, err := picture(ctx, content)
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := firstOf(holdMe(ctx, tx, who.UserID))
		if err != nil || row.ID == "" {
			return orElse(err, errNoUser)
		}
		after := row
		after.Photo = p.hash
		audit.Changed(tx, row.proto(), after.proto())
		return s.keepPhoto(ctx, tx, who.UserID, p)
	})
	if err != nil {
		return nil, err
	}
	got, err := (&meService{Module: s.Module}).GetMe(ctx, &accountmanagerv1.GetMeRequest{})
	return got.GetMe(), err
}

// SetUserPhoto keeps a photo of somebody else.
func (s *photoService) SetUserPhoto(ctx context.Context, r *accountmanagerv1.SetUserPhotoRequest) (*accountmanagerv1.SetUserPhotoResponse, error) {
	got, err := s.others(ctx, r.GetUserId(), r.GetPhoto())
	return &accountmanagerv1.SetUserPhotoResponse{User: got}, err
}

// RemoveUserPhoto forgets it.
func (s *photoService) RemoveUserPhoto(ctx context.Context, r *accountmanagerv1.RemoveUserPhotoRequest) (*accountmanagerv1.RemoveUserPhotoResponse, error) {
	got, err := s.others(ctx, r.GetUserId(), nil)
	return &accountmanagerv1.RemoveUserPhotoResponse{User: got}, err
}

// others changes the photo of somebody whom the caller may change: whose roles they could give.
func (s *photoService) others(ctx context.Context, userID string, content []byte) (*accountmanagerv1.User, error) {
	p, err := picture(ctx, content)
	if err != nil {
		return nil, err
	}
	err = s.host.Store.Tx(s.host.Self(ctx), func(ctx2 context.Context, tx *store.Tx) error {
		row, err := firstOf(holdUserRow(ctx2, tx, userID))
		if err != nil || row.ID == "" {
			return orElse(err, errNoUser)
		}
		if err := s.mayActUpon(access.From(ctx), row.Roles); err != nil {
			return err
		}
		after := row
		after.Photo = p.hash
		audit.Changed(tx, row.proto(), after.proto())
		return s.keepPhoto(ctx2, tx, userID, p)
	})
	if err != nil {
		return nil, err
	}
	row, err := firstOf(s.findUser(s.host.Self(ctx), s.host.Store, userID))
	return row.proto(), err
}

// photo is one as it is kept; the zero photo is none.
type photo struct {
	hash         string
	large, small []byte
}

// picture draws what came anew.
func picture(ctx context.Context, content []byte) (photo, error) {
	if len(content) == 0 {
		return photo{}, nil
	}
	large, small, err := squares(ctx, content)
	if err != nil {
		return photo{}, err
	}
	sum := sha256.Sum256(large)
	return photo{hash: hex.EncodeToString(sum[:]), large: large, small: small}, nil
}

// keepPhoto writes a held user's photo, or that there is none.
func (m *Module) keepPhoto(ctx context.Context, tx *store.Tx, userID string, p photo) error {
	if p.hash == "" {
		if _, err := tx.Exec(ctx, `delete from accountmanager.photos where user_id = $1`, userID); err != nil {
			return err
		}
	} else if _, err := tx.Exec(ctx, `
		insert into accountmanager.photos (user_id, hash, large, small, create_time) values ($1, $2, $3, $4, $5)
		on conflict (user_id) do update set hash = excluded.hash, large = excluded.large, small = excluded.small, create_time = excluded.create_time`,
		userID, p.hash, p.large, p.small, m.host.Now()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `update accountmanager.users set photo = $2, revision = revision + 1 where user_id = $1 and photo <> $2`, userID, p.hash)
	return err
}

var photoPath = regexp.MustCompile(`^/photo/([0-9a-f]{64})\.jpg$`)

// Routes serves photos, each to who may see the card of whom it shows.
func (m *Module) Routes() http.Handler { return http.HandlerFunc(m.servePhoto) }

func (m *Module) servePhoto(w http.ResponseWriter, r *http.Request) {
	found := photoPath.FindStringSubmatch(r.URL.Path)
	if found == nil || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	ctx := r.Context()
	column := "large"
	if r.URL.Query().Get("w") == strconv.Itoa(smallSide) {
		column = "small"
	}
	type row struct {
		UserID  string
		Staff   bool
		Content []byte
	}
	// Two people can have the same picture.
	rows, err := store.Query(m.host.Self(ctx), m.host.Store, pgx.RowToStructByPos[row], `
		select p.user_id::text, u.staff, p.`+column+` from accountmanager.photos p join accountmanager.users u using (user_id) where p.hash = $1 order by 1`, found[1])
	if err != nil {
		module.Refuse(w, err)
		return
	}
	for _, row := range rows {
		if !m.maySee(ctx, row.UserID, row.Staff) {
			continue
		}
		h := w.Header()
		h.Set("Content-Type", "image/jpeg")
		h.Set("Content-Length", strconv.Itoa(len(row.Content)))
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
		h.Set("Etag", `"`+found[1]+column+`"`)
		_, _ = w.Write(row.Content)
		return
	}
	http.NotFound(w, r)
}

// maySee tells whether the reader may see somebody's photo: their own; staff that of any colleague, and of a contact those who
// look after people; a contact that of who serves the client they act for.
func (m *Module) maySee(ctx context.Context, userID string, staff bool) bool {
	who := access.From(ctx)
	switch {
	case !who.IsUser():
		return false
	case who.UserID == userID:
		return true
	case who.Kind == access.Staff:
		permission := mayReadUsers
		if staff {
			permission = mayReadStaff
		}
		reach, _ := m.host.Policy.Reach(who.Roles, permission)
		return reach != access.None
	case !staff || who.ActingFor == "":
		return false
	}
	client, err := m.clients.GetClient(ctx, &clientmanagerv1.GetClientRequest{Id: who.ActingFor})
	return err == nil && client.GetClient().GetManagerId() == userID
}

var errNoPicture = refuse(codes.InvalidArgument, "photo", "no_picture", "this is no picture that can be read: send a JPEG, PNG or WebP")
