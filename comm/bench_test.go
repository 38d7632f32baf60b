package comm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/emberml/ember/comm"
)

// BenchmarkAllReduce sums 16 MB among two members; MB/s are of the slice. Each
// member sends and receives as many bytes as the slice has.
func BenchmarkAllReduce(b *testing.B) {
	const numbers = 4 << 20
	sum := func(b *testing.B, links []comm.Transport, o comm.Options) {
		b.SetBytes(4 * numbers)
		done := make(chan error, len(links))
		for _, link := range links {
			go func() {
				g, err := comm.Connect(context.Background(), link, o)
				if err != nil {
					done <- err
					return
				}
				x := make([]float32, numbers)
				for range b.N {
					if err == nil {
						err = g.AllReduce(context.Background(), x)
					}
				}
				done <- errors.Join(err, g.Close())
			}()
		}
		for range links {
			if err := <-done; err != nil {
				b.Error(err)
			}
		}
	}
	b.Run("memory", func(b *testing.B) { sum(b, comm.Memory(2), comm.Options{}) })
	for _, encrypted := range []bool{false, true} {
		for _, wire := range []comm.Wire{comm.Float32, comm.BFloat16} {
			b.Run(fmt.Sprintf("tcp/tls=%v/wire=%d", encrypted, wire), func(b *testing.B) {
				links, errs := meet(b, town(b, 2, encrypted))
				if err := errors.Join(errs...); err != nil {
					b.Fatal(err)
				}
				sum(b, links, comm.Options{Generation: 7, Wire: wire})
			})
		}
	}
}

// BenchmarkTCPCopy sends a slice of 16 MB in both directions of one connection at
// once, into another: what a sum among two members can reach at most.
func BenchmarkTCPCopy(b *testing.B) {
	const size = 16 << 20
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer far.Close()
	b.SetBytes(size)
	done := make(chan error, 4)
	for _, conn := range []net.Conn{near, far} {
		go func() {
			slice := make([]byte, size)
			for range b.N {
				for block := range slices.Chunk(slice, 256<<10) {
					if _, err := conn.Write(block); err != nil {
						done <- err
						return
					}
				}
			}
			done <- nil
		}()
		go func() {
			slice := make([]byte, size)
			for range b.N {
				for block := range slices.Chunk(slice, 256<<10) {
					if _, err := io.ReadFull(conn, block); err != nil {
						done <- err
						return
					}
				}
			}
			done <- nil
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}
