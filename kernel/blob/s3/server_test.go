package s3_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencabinet/cabinet/kernel/blob/s3"
)

// server is as much of S3 as blobs need, with signatures checked as AWS describes them:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-streaming.html. It stands in where no real one
// is named by envServer.
type server struct {
	secret string
	mu     sync.Mutex
	held   map[string]object
}

type object struct {
	content []byte
	at      time.Time
}

func serve(t *testing.T) (*server, s3.Config) {
	t.Helper()
	s := &server{secret: "the secret key", held: map[string]object{}}
	at := httptest.NewServer(s)
	t.Cleanup(at.Close)
	return s, s3.Config{Endpoint: at.URL, Bucket: "papers", Region: "eu-1", AccessKey: "cabinet", SecretKey: s.secret}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	signed, err := s.signature(r)
	if err != nil {
		refuse(w, http.StatusForbidden, "SignatureDoesNotMatch")
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	held, found := s.held[key]
	switch {
	case bucket != "papers":
		refuse(w, http.StatusNotFound, "NoSuchBucket")
	case key == "" && r.Method == http.MethodHead:
	case key == "":
		s.list(w, r.URL.Query().Get("prefix"))
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		from, _ := url.PathUnescape(r.Header.Get("X-Amz-Copy-Source"))
		source, found := s.held[strings.TrimPrefix(strings.TrimPrefix(from, "/"), "papers/")]
		if !found {
			refuse(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		s.held[key] = object{source.content, time.Now()}
		_, _ = fmt.Fprintf(w, `<CopyObjectResult><ETag>"x"</ETag><LastModified>%s</LastModified></CopyObjectResult>`, time.Now().UTC().Format(time.RFC3339))
	case r.Method == http.MethodPut:
		content, err := signed.body(r)
		if err != nil {
			refuse(w, http.StatusBadRequest, "XAmzContentSHA256Mismatch")
			return
		}
		s.held[key] = object{content, time.Now()}
		w.Header().Set("ETag", `"x"`)
	case r.Method == http.MethodDelete:
		delete(s.held, key)
		w.WriteHeader(http.StatusNoContent)
	case !found:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("ETag", `"x"`)
		http.ServeContent(w, r, "", held.at, bytes.NewReader(held.content))
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
}

func (s *server) list(w io.Writer, prefix string) {
	type content struct {
		Key          string
		LastModified string
		Size         int
	}
	var result struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []content
	}
	for key, o := range s.held {
		if strings.HasPrefix(key, prefix) {
			result.Contents = append(result.Contents, content{key, o.at.UTC().Format("2006-01-02T15:04:05.000Z"), len(o.content)})
		}
	}
	_ = xml.NewEncoder(w).Encode(result)
}

// signature is what a request was signed with.
type signature struct {
	key               []byte
	date, scope, last string
}

var errSignature = errors.New("the signature is another")

func (s *server) signature(r *http.Request) (signature, error) {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	credential := strings.SplitN(parts["Credential"], "/", 2)
	if len(credential) != 2 || credential[0] != "cabinet" {
		return signature{}, errSignature
	}
	sig := signature{key: []byte("AWS4" + s.secret), date: r.Header.Get("X-Amz-Date"), scope: credential[1], last: parts["Signature"]}
	for part := range strings.SplitSeq(sig.scope, "/") {
		sig.key = mac(sig.key, part)
	}
	var headers strings.Builder
	for name := range strings.SplitSeq(parts["SignedHeaders"], ";") {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	canonical := strings.Join([]string{r.Method, r.URL.EscapedPath(), query, headers.String(), parts["SignedHeaders"], r.Header.Get("X-Amz-Content-Sha256")}, "\n")
	want := hex.EncodeToString(mac(sig.key, strings.Join([]string{"AWS4-HMAC-SHA256", sig.date, sig.scope, sum(canonical)}, "\n")))
	if want != sig.last {
		return signature{}, errSignature
	}
	return sig, nil
}

// body reads what was sent, whole or in chunks that are signed one after the other.
func (sig signature) body(r *http.Request) ([]byte, error) {
	if said := r.Header.Get("X-Amz-Content-Sha256"); said != "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" {
		content, err := io.ReadAll(r.Body)
		if err == nil && sum(string(content)) != said {
			err = errSignature
		}
		return content, err
	}
	in, content := bufio.NewReader(r.Body), []byte{}
	for {
		head, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, signed, _ := strings.Cut(strings.TrimSpace(head), ";chunk-signature=")
		n, err := strconv.ParseInt(size, 16, 32)
		if err != nil {
			return nil, err
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, err
		}
		chunk = chunk[:n]
		want := hex.EncodeToString(mac(sig.key, strings.Join([]string{"AWS4-HMAC-SHA256-PAYLOAD", sig.date, sig.scope, sig.last, sum(""), sum(string(chunk))}, "\n")))
		if want != signed {
			return nil, errSignature
		}
		if sig.last = signed; n == 0 {
			return content, nil
		}
		content = slices.Concat(content, chunk)
	}
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}
