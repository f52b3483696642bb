package s3_test

import (
	"context"
	"io"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opencabinet/cabinet/kernel/blob"
	"github.com/opencabinet/cabinet/kernel/blob/s3"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// envServer names a real server to test against besides: http://ACCESS_KEY:SECRET_KEY@host:port/BUCKET, such as a versitygw or minio on
// this machine. The bucket is the test's alone, and emptied.
const envServer = "CABINET_TEST_S3"

// configs are the servers to test against.
func configs(t *testing.T) map[string]s3.Config {
	t.Helper()
	_, standIn := serve(t)
	all := map[string]s3.Config{"stand-in": standIn}
	if os.Getenv(envServer) != "" {
		at, err := url.Parse(os.Getenv(envServer))
		require.NoError(t, err)
		secret, _ := at.User.Password()
		all["real"] = s3.Config{
			Endpoint: at.Scheme + "://" + at.Host, Bucket: strings.Trim(at.Path, "/"), Region: "us-east-1", AccessKey: at.User.Username(), SecretKey: secret,
		}
	}
	return all
}

func TestBlobsInABucket(t *testing.T) {
	for name, config := range configs(t) {
		t.Run(name, func(t *testing.T) {
			large := 100_000
			if name == "real" {
				large = 20_000_000 // in parts
			}
			testBucket(t, config, large)
		})
	}
}

func testBucket(t *testing.T, config s3.Config, large int) {
	place, err := s3.Open(t.Context(), config)
	require.NoError(t, err)
	now := time.Now()
	s := blob.New(place, func() time.Time { return now })
	t.Cleanup(func() { require.NoError(t, s.Close()) })

	none := func(context.Context, []string) ([]string, error) { return nil, nil }
	now = now.Add(3 * blob.Grace)
	for range 2 { // what an earlier run left
		_, err := s.Sweep(t.Context(), none)
		require.NoError(t, err)
	}
	now = time.Now()

	contents := map[string]blob.Ref{"": {}, "Рахунок № 17": {}, strings.Repeat("0123456789", large/10): {}}
	for content := range contents {
		ref, err := s.Put(t.Context(), strings.NewReader(content), 1<<30)
		require.NoError(t, err)
		require.EqualValues(t, len(content), ref.Size)
		contents[content] = ref
		c, err := s.Open(t.Context(), ref.Hash)
		require.NoError(t, err)
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Equal(t, content, string(got))
		require.NoError(t, c.Close())
	}
	_, err = s.Put(t.Context(), strings.NewReader("0123456789"), 9)
	require.ErrorIs(t, err, blob.ErrTooLarge)
	_, err = s.Open(t.Context(), strings.Repeat("0", 64))
	require.ErrorIs(t, err, blob.ErrNotFound)

	invoice := contents["Рахунок № 17"]
	c, err := s.Open(t.Context(), invoice.Hash)
	require.NoError(t, err)
	require.NoError(t, iotest.TestReader(c, []byte("Рахунок № 17")))
	require.NoError(t, c.Close())

	// By the server's clock nothing is old for the next day; then all goes aside, and what a row names by then comes back.
	swept, err := s.Sweep(t.Context(), none)
	require.NoError(t, err)
	require.Zero(t, swept)
	now = now.Add(blob.Grace + time.Minute)
	swept, err = s.Sweep(t.Context(), none)
	require.NoError(t, err)
	require.Equal(t, blob.Swept{Aside: 3}, swept)
	c, err = s.Open(t.Context(), invoice.Hash)
	require.NoError(t, err, "what is aside can be read")
	require.NoError(t, c.Close())
	now = now.Add(blob.Grace)
	swept, err = s.Sweep(t.Context(), func(context.Context, []string) ([]string, error) { return []string{invoice.Hash}, nil })
	require.NoError(t, err)
	require.Equal(t, blob.Swept{Deleted: 2, Back: 1}, swept)
	c, err = s.Open(t.Context(), invoice.Hash)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	_, err = s.Open(t.Context(), contents[""].Hash)
	require.ErrorIs(t, err, blob.ErrNotFound)
}

// What the server gives is not what was put.
func TestDamageInABucketIsNoticed(t *testing.T) {
	server, config := serve(t)
	place, err := s3.Open(t.Context(), config)
	require.NoError(t, err)
	s := blob.New(place, time.Now)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	ref, err := s.Put(t.Context(), strings.NewReader("the act of November"), 1<<20)
	require.NoError(t, err)
	server.mu.Lock()
	server.held["there/"+ref.Hash].content[4] ^= 1
	server.mu.Unlock()
	c, err := s.Open(t.Context(), ref.Hash)
	require.NoError(t, err)
	_, err = io.ReadAll(c)
	require.ErrorIs(t, err, blob.ErrDamaged)
	require.NoError(t, c.Close())
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, endpoint := range []string{"", "s3.example.com", "ftp://s3.example.com", "https://s3.example.com/path"} {
		_, err := s3.Open(t.Context(), s3.Config{Endpoint: endpoint, Bucket: "b"})
		require.ErrorContains(t, err, "no address of a server", endpoint)
	}
	for name, config := range configs(t) {
		t.Run(name, func(t *testing.T) {
			wrong := config
			wrong.SecretKey += "x"
			_, err := s3.Open(t.Context(), wrong)
			require.ErrorContains(t, err, "see endpoint, region and keys")
			require.NotContains(t, err.Error(), wrong.SecretKey)
			wrong = config
			wrong.Bucket += "-nowhere"
			_, err = s3.Open(t.Context(), wrong)
			require.ErrorContains(t, err, "there is no bucket")
		})
	}
}
