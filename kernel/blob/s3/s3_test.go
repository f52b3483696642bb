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

// envServer names a server to test against: http://ACCESS_KEY:SECRET_KEY@host:port/BUCKET. The bucket is the test's alone.
const envServer = "CABINET_TEST_S3"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(t *testing.T) s3.Config {
	t.Helper()
	at, err := url.Parse(os.Getenv(envServer))
	require.NoError(t, err)
	if at.Host == "" {
		t.Skip("set " + envServer + " to http://ACCESS_KEY:SECRET_KEY@host:port/BUCKET, such as of a versitygw or minio on this machine")
	}
	secret, _ := at.User.Password()
	return s3.Config{Endpoint: at.Scheme + "://" + at.Host, Bucket: strings.Trim(at.Path, "/"), Region: "us-east-1", AccessKey: at.User.Username(), SecretKey: secret}
}

func TestBlobsInABucket(t *testing.T) {
	place, err := s3.Open(t.Context(), config(t))
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

	contents := map[string]blob.Ref{"": {}, "Рахунок № 17": {}, strings.Repeat("0123456789", 2_000_000): {}} // the last in parts
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

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, endpoint := range []string{"", "s3.example.com", "ftp://s3.example.com", "https://s3.example.com/path"} {
		_, err := s3.Open(t.Context(), s3.Config{Endpoint: endpoint, Bucket: "b"})
		require.ErrorContains(t, err, "no address of a server", endpoint)
	}
	c := config(t)
	wrong := c
	wrong.SecretKey += "x"
	_, err := s3.Open(t.Context(), wrong)
	require.ErrorContains(t, err, "see endpoint, region and keys")
	require.NotContains(t, err.Error(), wrong.SecretKey)
	wrong = c
	wrong.Bucket += "-nowhere"
	_, err = s3.Open(t.Context(), wrong)
	require.ErrorContains(t, err, "there is no bucket")
}
