// Package s3 keeps blobs in a bucket of a server that speaks S3. A module's own program links kernel/blob and not this, nor the
// client of S3 that comes with it.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/opencabinet/cabinet/kernel/blob"
)

// Config is a bucket and who signs in to it. All of it is required but Region.
type Config struct {
	// Endpoint is the server's address, without a path: https://s3.example.com.
	Endpoint string
	// Bucket is there already, and one portal's alone.
	Bucket string
	// Region as the server calls it; asked of the server when it is empty.
	Region string
	// AccessKey and SecretKey sign in. They may get, put, delete and list objects in the bucket.
	AccessKey, SecretKey string
}

// bucket keeps blobs under there/ and those put aside under aside/. A server that speaks S3 shows an object once it is whole,
// and at once.
type bucket struct {
	client    *minio.Client
	transport *http.Transport
	name      string
}

var _ blob.Place = (*bucket)(nil)

const (
	there = "there/"
	aside = "aside/"
)

// Open looks whether the bucket is there and may be used.
func Open(ctx context.Context, c Config) (_ blob.Place, err error) {
	at, err := url.Parse(c.Endpoint)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || strings.Trim(at.Path, "/") != "" {
		return nil, errors.New("s3: the endpoint is no address of a server: write one such as https://s3.example.com")
	}
	transport, err := minio.DefaultTransport(at.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	client, err := minio.New(at.Host, &minio.Options{
		Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Secure: at.Scheme == "https", Region: c.Region,
		Transport: transport, MaxRetries: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	b := &bucket{client, transport, c.Bucket}
	defer func() {
		if err != nil {
			transport.CloseIdleConnections()
		}
	}()
	found, err := client.BucketExists(ctx, c.Bucket)
	switch {
	case err != nil:
		err = fmt.Errorf("s3: the bucket %s at %s cannot be used, see endpoint, region and keys: %w", c.Bucket, c.Endpoint, err)
		return nil, err
	case !found:
		err = fmt.Errorf("s3: there is no bucket %s at %s: make it", c.Bucket, c.Endpoint)
		return nil, err
	}
	return b, nil
}

func (b *bucket) Incoming() (*os.File, error) {
	file, err := os.CreateTemp("", "cabinet-blob-")
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name()) // it is gone when it is closed, also after a kill
}

func (b *bucket) Drop(file *os.File) { _ = file.Close() }

// Put sends the file, with its hash signed, so that the server refuses what was changed on the way.
func (b *bucket) Put(ctx context.Context, file *os.File, ref blob.Ref, _ time.Time) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := b.client.PutObject(ctx, b.name, there+ref.Hash, file, ref.Size, minio.PutObjectOptions{ContentType: "application/octet-stream"})
	return errors.Join(err, file.Close())
}

func (b *bucket) Open(ctx context.Context, hash string) (io.ReadSeekCloser, int64, error) {
	// What is aside may be put back between the first and the second look.
	for _, in := range []string{there, aside, there} {
		object, err := b.client.GetObject(ctx, b.name, in+hash, minio.GetObjectOptions{})
		if err != nil {
			return nil, 0, err
		}
		info, err := object.Stat()
		if err == nil {
			return object, info.Size, nil
		}
		if err := errors.Join(gone(err), object.Close()); err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, blob.ErrNotFound
}

// gone is an error that is not about an object's being gone.
func gone(err error) error {
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil
	}
	return err
}

func (b *bucket) List(ctx context.Context, isAside bool, each func(hash string, since time.Time) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing
	in := there
	if isAside {
		in = aside
	}
	for object := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: in, Recursive: true}) {
		if object.Err != nil {
			return object.Err
		}
		if hash := strings.TrimPrefix(object.Key, in); blob.IsHash(hash) {
			if err := each(hash, object.LastModified); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// move is a copy and a deletion: for a while the object is in both places, which Open and List do not mind.
func (b *bucket) move(ctx context.Context, hash, from, to string) error {
	_, err := b.client.CopyObject(ctx, minio.CopyDestOptions{Bucket: b.name, Object: to + hash}, minio.CopySrcOptions{Bucket: b.name, Object: from + hash})
	if err != nil {
		return gone(err)
	}
	return gone(b.client.RemoveObject(ctx, b.name, from+hash, minio.RemoveObjectOptions{}))
}

func (b *bucket) PutAside(ctx context.Context, hash string, _ time.Time) error {
	return b.move(ctx, hash, there, aside)
}

func (b *bucket) PutBack(ctx context.Context, hash string) error {
	return b.move(ctx, hash, aside, there)
}

func (b *bucket) Remove(ctx context.Context, hash string) error {
	return gone(b.client.RemoveObject(ctx, b.name, aside+hash, minio.RemoveObjectOptions{}))
}

// Tidy has nothing to do: what is written lies in files without names, and what was sent by halves the server never shows.
func (b *bucket) Tidy(context.Context, time.Time) error { return nil }

// Close ends connections that nobody uses.
func (b *bucket) Close() error {
	b.transport.CloseIdleConnections()
	return nil
}
