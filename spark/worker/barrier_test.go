package worker

import (
	"bytes"
	"io"
	"testing"
)

// FuzzReply: whatever a server for barriers answers is as many messages as asked
// for, or an error.
func FuzzReply(f *testing.F) {
	f.Add(newWriter().put("ok", 2, "a", "b").Bytes(), "secret")
	f.Add(newWriter().put(2, "a", "b").Bytes(), "")
	f.Add(newWriter().put("the stage was aborted").Bytes(), "")
	f.Add(newWriter().put(2, "a", -1).Bytes(), "")
	f.Fuzz(func(t *testing.T, answer []byte, secret string) {
		b := barrierServer{connection: connection{secret: secret}}
		if secret == "" {
			b.path = "/socket"
		}
		server := struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(answer), io.Discard}
		if messages, err := b.exchange(server, 2, func(s sender) { s.int32(allGatherRequest) }); err == nil && len(messages) != 2 {
			t.Errorf("%d messages", len(messages))
		}
	})
}
