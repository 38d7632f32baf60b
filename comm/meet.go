package comm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	// strangers is how many connections may be between accepting and proof.
	strangers = 64
	// helloTime is how long the other side may take over the handshake.
	helloTime = 10 * time.Second
	// redial is the pause before a peer that does not answer is dialed again.
	redial = 100 * time.Millisecond
)

// meeting is a member that waits for the others.
type meeting struct {
	TCP
	arrived chan arrival
	waiting chan struct{} // a place for each connection without proof

	lock     sync.Mutex
	failures map[candidate]error // of dialing
}

// candidate is an address at which a member may be.
type candidate struct {
	rank    int
	address string
}

// arrival is a connection whose other side has proved who it is.
type arrival struct {
	peer    int
	stream  Stream
	address string // that was dialed
	conn    net.Conn
	err     error // that ends the meeting
}

// failed notes why dialing fails. That time is over explains nothing.
func (m *meeting) failed(c candidate, err error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	timeout := net.Error(nil)
	if m.failures[c] == nil || !errors.As(err, &timeout) || !timeout.Timeout() {
		m.failures[c] = err
	}
}

// explain says what came of each address of the ranks that are missing.
func (m *meeting) explain(missing []int) string {
	m.lock.Lock()
	defer m.lock.Unlock()
	var ranks []string
	for _, rank := range missing {
		if rank > m.Rank {
			ranks = append(ranks, fmt.Sprintf("rank %d at %s did not come", rank, strings.Join(m.Addresses[rank], ", ")))
			continue
		}
		var tried []string
		for _, a := range m.Addresses[rank] {
			err := m.failures[candidate{rank, a}]
			if err == nil {
				err = errors.New("no answer")
			}
			tried = append(tried, fmt.Sprintf("at %s: %v", a, err))
		}
		ranks = append(ranks, fmt.Sprintf("rank %d was not reached (%s)", rank, strings.Join(tried, "; ")))
	}
	return strings.Join(ranks, "; ")
}

// arrive hands over a connection, unless the meeting is over.
func (m *meeting) arrive(ctx context.Context, a arrival) {
	select {
	case m.arrived <- a:
	case <-ctx.Done():
		if a.conn != nil {
			_ = a.conn.Close()
		}
	}
}

// accept lets higher ranks in.
func (m *meeting) accept(ctx context.Context, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
				m.arrive(ctx, arrival{err: fmt.Errorf("rank %d cannot accept connections: %w", m.Rank, err)})
			}
			return
		}
		select {
		case m.waiting <- struct{}{}:
		default: // strangers keep all places: this one comes again
			_ = conn.Close()
			continue
		}
		go func() {
			defer func() { <-m.waiting }()
			if m.wantsTLS(conn) {
				conn = tls.Server(conn, m.Identity.Server())
			} else {
				hold(conn)
			}
			over := context.AfterFunc(ctx, func() { _ = conn.Close() })
			h, err := m.greet(conn)
			if refused := (*refusal)(nil); errors.As(err, &refused) && refused.fatal {
				m.arrive(ctx, arrival{err: err})
			}
			if err != nil || !over() {
				_ = conn.Close()
				return
			}
			m.arrive(ctx, arrival{peer: int(h.from), stream: Stream(h.stream), conn: conn})
		}()
	}
}

// wantsTLS tells whether a connection leaves this host, or might.
func (m *meeting) wantsTLS(conn net.Conn) bool {
	_, within := conn.(*net.UnixConn)
	return m.Identity != nil && !within
}

// seek dials a lower rank at all of its addresses until it answers at one.
func (m *meeting) seek(ctx context.Context, rank int, s Stream) {
	ctx, found := context.WithCancel(ctx)
	defer found()
	var all sync.WaitGroup
	turn := make(chan struct{}, 1) // to prove, and so to be let in
	for _, address := range m.Addresses[rank] {
		all.Go(func() {
			for ctx.Err() == nil {
				conn, err := m.dial(ctx, turn, candidate{rank, address}, s)
				if refused := (*refusal)(nil); err == nil || errors.As(err, &refused) && refused.fatal {
					m.arrive(ctx, arrival{peer: rank, stream: s, address: address, conn: conn, err: err})
					found()
					return
				}
				m.failed(candidate{rank, address}, err)
				select {
				case <-time.After(redial):
				case <-ctx.Done():
				}
			}
		})
	}
	all.Wait()
}

// dial goes to a lower rank at one of its addresses. Only one of those who hear
// the right member there takes the turn and is let in.
func (m *meeting) dial(ctx context.Context, turn chan struct{}, to candidate, s Stream) (net.Conn, error) {
	conn, err := dialAddress(ctx, to.address)
	if err != nil {
		return nil, err
	}
	if m.wantsTLS(conn) {
		conn = tls.Client(conn, m.Identity.Client())
	} else {
		hold(conn)
	}
	over := context.AfterFunc(ctx, func() { _ = conn.Close() })
	said, err := m.introduce(conn, m.hello(to.rank, s))
	if err == nil {
		select {
		case turn <- struct{}{}:
			if err = m.enter(conn, said); err != nil {
				<-turn
			}
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if !over() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}
