package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

const (
	// maxDirect is the largest frame of a direct call, in bytes: its message, and what stands beside it.
	maxDirect = MaxFrame + 64<<10
	// keptBuffer is the largest buffer that a connection keeps between calls, in bytes.
	keptBuffer = 64 << 10
	lengthSize = 4
)

// TooLargeError is a frame that is larger than any may be.
type TooLargeError struct{ Bytes int }

var _ error = (*TooLargeError)(nil)

// Error says by how much.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("a frame of %d bytes is larger than the limit of %d bytes", e.Bytes, maxDirect)
}

// UnreadableError is a frame that came whole and is no message.
type UnreadableError struct{ Cause error }

var _ error = (*UnreadableError)(nil)

// Error says what is wrong with it.
func (e *UnreadableError) Error() string { return "a frame cannot be read: " + e.Cause.Error() }

// Unwrap gives the cause.
func (e *UnreadableError) Unwrap() error { return e.Cause }

// Frames reads and writes the frames of direct calls on one connection: see CallRequest in contracts/kernel/v1. It is
// for one goroutine.
type Frames struct {
	conn    io.ReadWriter
	in      *bufio.Reader
	body    bytes.Buffer
	out     []byte
	marshal proto.MarshalOptions
}

// NewFrames returns the frames of a connection.
func NewFrames(conn io.ReadWriter) *Frames {
	return &Frames{conn: conn, in: bufio.NewReader(conn)}
}

// Write writes an envelope, a CallRequest or a CallReply without its message, and the message, which is that of the
// field of this number. Nothing is written when they are too large.
func (f *Frames) Write(envelope proto.Message, number protowire.Number, message proto.Message) (err error) {
	buf := append(f.out[:0], make([]byte, lengthSize)...)
	if buf, err = f.marshal.MarshalAppend(buf, envelope); err != nil {
		return err
	}
	if message != nil {
		buf = protowire.AppendTag(buf, number, protowire.BytesType)
		buf = protowire.AppendVarint(buf, uint64(f.marshal.Size(message))) //nolint:gosec // never negative
		if buf, err = f.marshal.MarshalAppend(buf, message); err != nil {
			return err
		}
	}
	if f.out = buf; cap(buf) > keptBuffer {
		f.out = nil
	}
	length := len(buf) - lengthSize
	if length > maxDirect {
		return &TooLargeError{length}
	}
	binary.BigEndian.PutUint32(buf, uint32(length)) //nolint:gosec // below the limit
	_, err = f.conn.Write(buf)
	return err
}

// Read fills envelope with the next frame. io.EOF means that there is none; any other error that the connection is of no
// more use.
func (f *Frames) Read(envelope proto.Message) error {
	head, err := f.in.Peek(lengthSize)
	if err != nil {
		if len(head) > 0 {
			return errors.Join(io.ErrUnexpectedEOF, err)
		}
		return err
	}
	length := int64(binary.BigEndian.Uint32(head))
	if length > maxDirect {
		return &TooLargeError{int(length)}
	}
	_, _ = f.in.Discard(lengthSize)
	if length <= int64(f.in.Size()) {
		body, err := f.in.Peek(int(length))
		if err != nil {
			return errors.Join(io.ErrUnexpectedEOF, err)
		}
		err = unmarshal(body, envelope)
		_, _ = f.in.Discard(int(length))
		return err
	}
	if f.body.Cap() > keptBuffer {
		f.body = bytes.Buffer{}
	}
	f.body.Reset()
	// It grows with what comes, not with what the other side says will come.
	if _, err := io.CopyN(&f.body, f.in, length); err != nil {
		return errors.Join(io.ErrUnexpectedEOF, err)
	}
	return unmarshal(f.body.Bytes(), envelope)
}

func unmarshal(body []byte, envelope proto.Message) error {
	if err := proto.Unmarshal(body, envelope); err != nil {
		return &UnreadableError{err}
	}
	return nil
}

// Wait returns when there is something to read, with nil, or when the connection ends or its deadline passes. Nothing
// else may be done with the frames meanwhile.
func (f *Frames) Wait() error {
	_, err := f.in.Peek(1)
	return err
}

// Pairs writes metadata down.
func Pairs(md metadata.MD) []*kernelv1.Metadata {
	if len(md) == 0 {
		return nil
	}
	out := make([]*kernelv1.Metadata, 0, len(md))
	for key, values := range md {
		one := &kernelv1.Metadata{Key: key}
		for _, v := range values {
			one.Values = append(one.Values, []byte(v))
		}
		out = append(out, one)
	}
	return out
}

// FromPairs is the other direction; nil for none.
func FromPairs(pairs []*kernelv1.Metadata) metadata.MD {
	if len(pairs) == 0 {
		return nil
	}
	out := make(metadata.MD, len(pairs))
	for _, p := range pairs {
		for _, v := range p.GetValues() {
			out.Append(p.GetKey(), string(v))
		}
	}
	return out
}
