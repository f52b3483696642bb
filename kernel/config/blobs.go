package config

import (
	"path/filepath"

	"github.com/opencabinet/cabinet/kernel/secret"
)

// Blobs says where bytes are that are too big for rows: see kernel/blob. They are backed up after the database.
type Blobs struct {
	// Folder they are in, when they are not in S3; absolute after Load. A relative path starts at portal.yaml's folder. Default: blobs in
	// the data folder.
	Folder string `yaml:"folder"`

	// S3 is a bucket in the place of the folder.
	S3 S3 `yaml:"s3"`
}

// S3 is a bucket of a server that speaks S3. It is there already, and this portal's alone.
type S3 struct {
	// Endpoint is the server's address, such as https://s3.example.com. Default: empty, which keeps blobs in the folder.
	Endpoint string `yaml:"endpoint"`

	// Bucket by its name.
	Bucket string `yaml:"bucket"`

	// Region as the server calls it. Default: what the server says.
	Region string `yaml:"region"`

	// AccessKey signs in together with SecretKey, and may get, put, delete and list objects in the bucket.
	AccessKey string `yaml:"access_key"`

	// SecretKey is best a reference: ${env:S3_SECRET_KEY} or ${file:/run/secrets/s3}.
	SecretKey secret.Text `yaml:"secret_key"`
}

// follow makes the folder what it is by default.
func (b *Blobs) follow(data string, absolute func(key, path string) string) {
	switch {
	case b.Folder != "":
		b.Folder = absolute("blobs.folder", b.Folder)
	case data != "":
		b.Folder = filepath.Join(data, "blobs")
	}
}

func validateBlobs(cfg *Config, bad badFunc) {
	b := cfg.Blobs
	if b.S3.Endpoint == "" {
		if b.S3.Bucket != "" || b.S3.AccessKey != "" || !b.S3.SecretKey.IsZero() {
			bad("blobs.s3.endpoint", "write the address of the server, such as https://s3.example.com, or remove blobs.s3")
		}
		return
	}
	if u, err := parseURL(b.S3.Endpoint); err != nil {
		bad("blobs.s3.endpoint", "%s; write one such as https://s3.example.com", err)
	} else if u.Path != "" {
		bad("blobs.s3.endpoint", "an endpoint ends behind the host; the bucket stands in blobs.s3.bucket")
	}
	if cfg.Origin("blobs.folder") != originDefault {
		bad("blobs.folder", "blobs are in S3; remove this line, or blobs.s3")
	}
	if b.S3.Bucket == "" {
		bad("blobs.s3.bucket", "name the bucket")
	}
	if b.S3.AccessKey == "" {
		bad("blobs.s3.access_key", "write the key by which the portal signs in to the server")
	}
	if b.S3.SecretKey.IsZero() {
		bad("blobs.s3.secret_key", "write a reference to the secret key, such as ${env:S3_SECRET_KEY}")
	}
}
