package wire_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

func TestFramesArriveAsTheyWereSent(t *testing.T) {
	md := metadata.MD{"trace": {"a", "b"}, "raw-bin": {"\x00\xff"}}
	for _, size := range []int{0, 1, 4000, 4090, 4096, 5000, 64 << 10, 70 << 10, 16 << 20} {
		var line bytes.Buffer
		frames := wire.NewFrames(&line)
		sent := wrapperspb.Bytes(bytes.Repeat([]byte{7}, size))
		for range 2 { // one connection carries many
			require.NoError(t, frames.Write(&kernelv1.CallRequest{Method: "/a.B/C", TimeoutNanos: 5, Metadata: wire.Pairs(md)}, 6, sent))
			var got kernelv1.CallRequest
			require.NoError(t, frames.Read(&got))
			require.Equal(t, "/a.B/C", got.GetMethod())
			require.Equal(t, md, wire.FromPairs(got.GetMetadata()))
			var message wrapperspb.BytesValue
			require.NoError(t, proto.Unmarshal(got.GetMessage(), &message))
			require.Len(t, message.GetValue(), size)
		}
		require.ErrorIs(t, frames.Read(&kernelv1.CallRequest{}), io.EOF)
	}
}

func TestAFrameThatIsTooLarge(t *testing.T) {
	var line bytes.Buffer
	var large *wire.TooLargeError
	require.ErrorAs(t, wire.NewFrames(&line).Write(&kernelv1.CallRequest{}, 6, wrapperspb.Bytes(make([]byte, 17<<20))), &large)
	require.Zero(t, line.Len(), "nothing of it is sent")
	line.Write(binary.BigEndian.AppendUint32(nil, math.MaxUint32))
	require.ErrorAs(t, wire.NewFrames(&line).Read(&kernelv1.CallRequest{}), &large)
	require.Equal(t, math.MaxUint32, large.Bytes)
}

// Who says that much will come has to send it before room is made for it.
func TestRoomIsMadeForWhatComes(t *testing.T) {
	line := bytes.NewBuffer(binary.BigEndian.AppendUint32(nil, 16<<20))
	line.WriteString("that was all")
	frames := wire.NewFrames(struct {
		io.Reader
		io.Writer
	}{iotest.OneByteReader(line), io.Discard})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.ErrorIs(t, frames.Read(&kernelv1.CallRequest{}), io.ErrUnexpectedEOF)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func FuzzFrames(f *testing.F) {
	var line bytes.Buffer
	require.NoError(f, wire.NewFrames(&line).Write(&kernelv1.CallReply{Header: wire.Pairs(metadata.MD{"a": {"b"}})}, 4, wrapperspb.String("hello")))
	f.Add(line.Bytes())
	f.Add([]byte{0, 0, 0, 3, 0xff, 0xff, 0xff})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, sent []byte) {
		frames := wire.NewFrames(bytes.NewBuffer(sent))
		for {
			var reply kernelv1.CallReply
			if frames.Read(&reply) != nil {
				return
			}
			wire.FromPairs(reply.GetHeader())
		}
	})
}
