package kernel

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/opencabinet/cabinet/kernel/blob"
	"github.com/opencabinet/cabinet/kernel/blob/s3"
	"github.com/opencabinet/cabinet/kernel/config"
)

// openBlobs opens the place of blobs that portal.yaml names.
func openBlobs(ctx context.Context, c config.Blobs, now func() time.Time) (*blob.Store, error) {
	var place blob.Place
	var err error
	if c.S3.Endpoint != "" {
		place, err = s3.Open(ctx, s3.Config{
			Endpoint: c.S3.Endpoint, Bucket: c.S3.Bucket, Region: c.S3.Region, AccessKey: c.S3.AccessKey, SecretKey: c.S3.SecretKey.Reveal(),
		})
	} else {
		place, err = blob.OpenFolder(c.Folder)
	}
	if err != nil {
		return nil, fmt.Errorf("open what blobs in portal.yaml names: %w", err)
	}
	return blob.New(place, now), nil
}

// openBlobs opens blobs for the portal's process.
func (p *Portal) openBlobs(ctx context.Context) (err error) {
	if p.blobs, err = openBlobs(ctx, p.config.Blobs, p.options.Now); err != nil {
		return err
	}
	p.onStop("blobs", func(context.Context) error { return p.blobs.Close() })
	return nil
}

// sentBlobs opens blobs for the process of a module of this program, as the portal sent where they are.
func sentBlobs(ctx context.Context, sent []byte, now func() time.Time) (*blob.Store, error) {
	var c config.Blobs
	decoder := yaml.NewDecoder(bytes.NewReader(sent))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		return nil, err
	}
	return openBlobs(ctx, c, now)
}
