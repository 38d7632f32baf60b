package connect

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"google.golang.org/grpc"

	pb "github.com/emberml/ember/spark/connect/internal/sparkpb"
)

// chunkSize is how much of a file goes into one message.
const chunkSize = 32 << 10

// AddArtifact ships size bytes to every executor that runs the session's functions: "files/NAME" lies in their working
// folder, "archives/NAME.tgz#FOLDER" is unpacked there. What the session has already of this client is not sent again.
// A name is for ever: other content under it is Spark's error ARTIFACT_ALREADY_EXISTS, so let the name have a hash in it, or
// begin a new session. Content is read twice, and again when the connection is lost.
func (s *Session) AddArtifact(ctx context.Context, name string, content io.ReaderAt, size int64) error {
	what := "ship " + name
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(content, 0, size)); err != nil {
		return fmt.Errorf("spark connect: %s: %w", what, err)
	}
	sum := [sha256.Size]byte(hash.Sum(nil))
	if s.has(name, sum) {
		return nil
	}
	var resp *pb.AddArtifactsResponse
	err := s.retry(ctx, what, func(ctx context.Context) (err error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // a stream that is given up
		stream, err := s.rpc.AddArtifacts(ctx)
		if err != nil {
			return err
		}
		if err := s.upload(stream, name, io.NewSectionReader(content, 0, size)); err != nil {
			return err
		}
		if resp, err = stream.CloseAndRecv(); err != nil {
			return err
		}
		return s.observe(resp.GetServerSideSessionId())
	})
	if err != nil {
		return err
	}
	for _, a := range resp.GetArtifacts() {
		if a.GetName() == name && a.GetIsCrcSuccessful() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.shipped[name] = sum
			return nil
		}
	}
	return &Error{Op: what, Message: "what arrived is not what was sent (its checksum differs)", Remedy: "try it again"}
}

// has reports whether the artifact was shipped before. The server is no help: it tells of cached blocks, not of files.
func (s *Session) has(name string, sum [sha256.Size]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.shipped[name]
	return ok && old == sum
}

// upload sends the messages of one file: a small one must go in one Batch, another one in chunks.
func (s *Session) upload(stream grpc.ClientStreamingClient[pb.AddArtifactsRequest, pb.AddArtifactsResponse], name string, content *io.SectionReader) error {
	size := content.Size()
	chunks := max(1, (size+chunkSize-1)/chunkSize)
	buf := make([]byte, min(size, chunkSize))
	for i := range chunks {
		data := buf[:min(chunkSize, size-i*chunkSize)]
		if _, err := io.ReadFull(content, data); err != nil {
			return fmt.Errorf("read what to ship: %w", err)
		}
		chunk := &pb.AddArtifactsRequest_ArtifactChunk{Data: data, Crc: int64(crc32.ChecksumIEEE(data))}
		req := &pb.AddArtifactsRequest{SessionId: s.id, ClientObservedServerSideSessionId: s.observed(), UserContext: s.user(), ClientType: s.agent()}
		switch {
		case chunks == 1:
			req.Payload = &pb.AddArtifactsRequest_Batch_{Batch: &pb.AddArtifactsRequest_Batch{
				Artifacts: []*pb.AddArtifactsRequest_SingleChunkArtifact{{Name: name, Data: chunk}},
			}}
		case i == 0:
			req.Payload = &pb.AddArtifactsRequest_BeginChunk{BeginChunk: &pb.AddArtifactsRequest_BeginChunkedArtifact{
				Name: name, TotalBytes: size, NumChunks: chunks, InitialChunk: chunk,
			}}
		default:
			req.Payload = &pb.AddArtifactsRequest_Chunk{Chunk: chunk}
		}
		if err := stream.Send(req); errors.Is(err, io.EOF) {
			return nil // the server ended the stream: the receiver hears why
		} else if err != nil {
			return err
		}
	}
	return nil
}
