package comm

import (
	"fmt"
	"strings"
)

// Limits are the deadlines of a [Machine], in ticks.
type Limits struct {
	Join  int // until all have joined
	Beat  int // between heartbeats
	Lost  int // without a word until a peer counts as lost
	Grace int // for a better explanation than a broken link: the message that the peer itself was told of a loss
}

// State is where a member stands.
type State uint8

// The states, in the order of a member's life; the last two are ends.
const (
	Joining State = iota
	Joined
	Failed
	Left
)

// String names the state.
func (s State) String() string {
	return [...]string{"joining", "joined", "failed", "left"}[s]
}

// Loss says which member broke a group, and why.
type Loss struct {
	Rank     int
	Reporter int // who found out first
	Cause    string
}

// Machine decides who belongs to one generation of a group and whether all are
// alive. It has no goroutine, clock or socket: its owner gives it messages and
// ticks, and after each of them sends what Ready returns. The same inputs give
// the same outputs.
//
// A member joins when it has heard from all others. A peer is lost when nothing
// is heard from it for Limits.Lost ticks, or when its link breaks and nobody
// explains that within Limits.Grace. The first loss that a member knows of ends
// the group for it, and it tells all others: they name the same culprit, though
// their own links break in whatever order.
type Machine struct {
	rank       int
	generation uint64
	limits     Limits

	state    State
	now      int
	progress uint64
	peers    []peer // by rank; its own is unused
	loss     Loss
	out      []Message
}

// peer is what a member knows of another.
type peer struct {
	joined, left, broken bool
	heard, brokenAt      int // ticks
	cause                string
	progress             uint64
}

// NewMachine is the machine of one member of a group of size members.
func NewMachine(rank, size int, generation uint64, limits Limits) *Machine {
	m := &Machine{rank: rank, generation: generation, limits: limits, peers: make([]peer, size)}
	m.tell(Message{Kind: Join})
	m.joinedAll()
	return m
}

// Step takes a message of a peer, or one about the link to it from this side.
// Messages of another generation, and all after an end, are dropped.
func (m *Machine) Step(msg Message) {
	if m.ended() || msg.Generation != m.generation || msg.From == m.rank || msg.From < 0 || msg.From >= len(m.peers) {
		return
	}
	p := &m.peers[msg.From]
	switch msg.Kind {
	case Broken, Missed:
		m.broken(msg, p)
		return
	case Lost:
		if msg.Suspect >= 0 && msg.Suspect < len(m.peers) {
			m.fail(Loss{Rank: msg.Suspect, Reporter: msg.From, Cause: msg.Cause})
		}
		return
	case Leave:
		p.left = true
	case Join:
		if m.state == Joined { // it may have missed the first
			m.send(msg.From, Message{Kind: Beat, Progress: m.progress})
		}
	case Beat:
		p.progress = max(p.progress, msg.Progress)
	default:
		return
	}
	p.heard, p.joined = m.now, true
	m.joinedAll()
}

func (m *Machine) broken(msg Message, p *peer) {
	switch {
	case p.left && msg.Kind == Missed:
		m.fail(Loss{Rank: msg.From, Reporter: m.rank, Cause: "it left the group while others waited for it"})
	case !p.left && !p.broken:
		p.broken, p.brokenAt, p.cause = true, m.now, msg.Cause
	}
}

func (m *Machine) joinedAll() {
	if m.state != Joining {
		return
	}
	if len(m.missing()) == 0 {
		m.state = Joined
		m.tell(Message{Kind: Beat, Progress: m.progress})
	}
}

// missing lists the ranks that have not joined.
func (m *Machine) missing() []string {
	var ranks []string
	for rank, p := range m.peers {
		if rank != m.rank && !p.joined {
			ranks = append(ranks, fmt.Sprint(rank))
		}
	}
	return ranks
}

// Tick lets a unit of time pass.
func (m *Machine) Tick() {
	if m.ended() {
		return
	}
	m.now++
	for rank := range m.peers {
		if p := &m.peers[rank]; p.broken && m.now-p.brokenAt >= m.limits.Grace {
			m.fail(Loss{Rank: rank, Reporter: m.rank, Cause: p.cause})
			return
		}
	}
	if m.state == Joining {
		m.tickJoining()
		return
	}
	for rank := range m.peers {
		if p := &m.peers[rank]; rank != m.rank && !p.left && m.now-p.heard > m.limits.Lost {
			m.fail(Loss{Rank: rank, Reporter: m.rank, Cause: "nothing was heard from it within the deadline"})
			return
		}
	}
	if m.now%m.limits.Beat == 0 {
		m.tell(Message{Kind: Beat, Progress: m.progress})
	}
}

func (m *Machine) tickJoining() {
	if m.now > m.limits.Join {
		missing := m.missing()
		for rank, p := range m.peers {
			if rank != m.rank && !p.joined {
				m.fail(Loss{Rank: rank, Reporter: m.rank, Cause: "it did not join within the deadline (missing ranks: " + strings.Join(missing, ", ") + ")"})
				return
			}
		}
	}
	if m.now%m.limits.Beat == 0 {
		m.tell(Message{Kind: Join})
	}
}

// Progress notes how many collective operations this member has begun, for its
// heartbeats: whoever waits too long blames the member that has begun fewest.
func (m *Machine) Progress(operations uint64) { m.progress = operations }

// Stall ends the group because an operation took too long.
func (m *Machine) Stall() {
	slowest := -1
	for rank, p := range m.peers {
		if rank != m.rank && (slowest < 0 || p.progress < m.peers[slowest].progress) {
			slowest = rank
		}
	}
	if slowest >= 0 && !m.ended() {
		m.fail(Loss{Rank: slowest, Reporter: m.rank, Cause: fmt.Sprintf(
			"it is alive but has begun only %d operations where rank %d waits in number %d", m.peers[slowest].progress, m.rank, m.progress)})
	}
}

// Abort ends the group because of a failure of this member itself.
func (m *Machine) Abort(cause string) {
	if !m.ended() {
		m.fail(Loss{Rank: m.rank, Reporter: m.rank, Cause: cause})
	}
}

// Leave ends this member's part in peace.
func (m *Machine) Leave() {
	if !m.ended() {
		m.tell(Message{Kind: Leave})
		m.state = Left
	}
}

func (m *Machine) ended() bool { return m.state == Failed || m.state == Left }

func (m *Machine) fail(loss Loss) {
	m.state, m.loss = Failed, loss
	m.tell(Message{Kind: Lost, Suspect: loss.Rank, Cause: loss.Cause})
}

// tell sends a message to all who have not left.
func (m *Machine) tell(msg Message) {
	for rank, p := range m.peers {
		if rank != m.rank && !p.left {
			m.send(rank, msg)
		}
	}
}

func (m *Machine) send(to int, msg Message) {
	msg.From, msg.To, msg.Generation = m.rank, to, m.generation
	m.out = append(m.out, msg)
}

// Ready is what a machine wants after a step.
type Ready struct {
	State    State
	Loss     Loss      // if Failed
	Messages []Message // to send, in this order
}

// Ready returns the state and the messages since the last call.
func (m *Machine) Ready() Ready {
	r := Ready{State: m.state, Loss: m.loss, Messages: m.out}
	m.out = nil
	return r
}
