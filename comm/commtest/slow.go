package commtest

import (
	"time"

	"github.com/emberml/ember/comm"
)

// Slow is a transport whose member sends so many bytes of numbers a second: a
// network in place of this machine's memory. Messages go as fast as before.
func Slow(t comm.Transport, bytesPerSecond int) comm.Transport {
	return &slow{t, float64(time.Second) / float64(bytesPerSecond)}
}

type slow struct {
	comm.Transport
	perByte float64 // nanoseconds
}

// Send returns when the bytes would have left.
func (s *slow) Send(to int, stream comm.Stream, frame []byte) error {
	if stream == comm.Bulk {
		<-time.After(time.Duration(float64(len(frame)) * s.perByte))
	}
	return s.Transport.Send(to, stream, frame)
}
