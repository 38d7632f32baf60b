package commtest

import (
	"fmt"
	"io"

	"github.com/emberml/ember/comm"
)

// Network is a group of machines, and the messages between them. Nothing happens
// in it by itself, and what happens is written to its trace.
type Network struct {
	// Delay says how many ticks a message takes, at least those of the message
	// before it on the same link; nil: none, it is there at the next Deliver.
	Delay func(comm.Message) int

	limits   comm.Limits
	machines []*comm.Machine // nil: killed, or never started
	ready    []comm.Ready    // what each last showed
	stopped  []bool
	cut      map[[2]int]bool
	flying   []flight
	now      int
	trace    io.Writer
}

// flight is a message on its way.
type flight struct {
	message comm.Message
	due     int
}

// NewNetwork starts the machines of a group of size members, but those of the
// ranks that are missing.
func NewNetwork(size int, limits comm.Limits, trace io.Writer, missing ...int) *Network {
	n := &Network{
		limits: limits, machines: make([]*comm.Machine, size), ready: make([]comm.Ready, size),
		stopped: make([]bool, size), cut: map[[2]int]bool{}, trace: trace,
	}
	absent := map[int]bool{}
	for _, rank := range missing {
		absent[rank] = true
	}
	for rank := range n.machines {
		if !absent[rank] {
			n.machines[rank] = comm.NewMachine(rank, size, 1, limits)
			n.collect(rank)
		}
	}
	return n
}

// State is what a member last showed.
func (n *Network) State(rank int) comm.Ready { return n.ready[rank] }

// Running tells whether a member is neither killed nor stopped.
func (n *Network) Running(rank int) bool { return n.machines[rank] != nil && !n.stopped[rank] }

// On runs a member's next action and takes its messages.
func (n *Network) On(rank int, action func(m *comm.Machine)) {
	if n.Running(rank) {
		action(n.machines[rank])
		n.collect(rank)
	}
}

// Tick lets one unit of time pass for every member that runs, in the order of
// ranks.
func (n *Network) Tick() {
	n.now++
	for rank := range n.machines {
		n.On(rank, (*comm.Machine).Tick)
	}
}

// Deliver hands over the messages that are due, in the order of their sending,
// and reports whether there were any. Answers to them wait for the next time.
func (n *Network) Deliver() bool {
	var due, later []flight
	for _, f := range n.flying {
		if f.due <= n.now && !n.stopped[f.message.To] {
			due = append(due, f)
		} else {
			later = append(later, f)
		}
	}
	n.flying = later
	for _, f := range due {
		n.On(f.message.To, func(m *comm.Machine) { m.Step(f.message) })
	}
	return len(due) > 0
}

// Stabilize delivers until nothing is due.
func (n *Network) Stabilize() {
	for n.Deliver() {
	}
}

// Cut loses all messages from one member to another from now on, without either
// noticing; Heal ends that.
func (n *Network) Cut(from, to int) { n.cut[[2]int{from, to}] = true }

// Heal undoes Cut.
func (n *Network) Heal(from, to int) { delete(n.cut, [2]int{from, to}) }

// Stop freezes a member, as SIGSTOP does: its links stay, and it is silent.
func (n *Network) Stop(rank int) { n.stopped[rank] = true }

// Resume undoes Stop.
func (n *Network) Resume(rank int) { n.stopped[rank] = false }

// Kill ends a member as a crash does. The others' links to it break once what it
// had sent is delivered.
func (n *Network) Kill(rank int) {
	n.machines[rank], n.stopped[rank] = nil, false
	for to := range n.machines {
		if to != rank {
			n.fly(comm.Message{Kind: comm.Broken, From: rank, To: to, Generation: 1, Cause: "connection reset by peer"})
		}
	}
}

// collect takes a machine's messages and tells of its new state.
func (n *Network) collect(rank int) {
	r := n.machines[rank].Ready()
	for _, m := range r.Messages {
		lost := ""
		if n.cut[[2]int{m.From, m.To}] {
			lost = " (lost)"
		} else {
			n.fly(m)
		}
		n.printf("%d->%d %v%s%s\n", m.From, m.To, m.Kind, details(m), lost)
	}
	if before := n.ready[rank]; r.State != before.State {
		switch r.State {
		case comm.Failed:
			n.printf("%d failed: rank %d lost, found by %d: %s\n", rank, r.Loss.Rank, r.Loss.Reporter, r.Loss.Cause)
		default:
			n.printf("%d %v\n", rank, r.State)
		}
	}
	n.ready[rank] = r
}

func (n *Network) fly(m comm.Message) {
	due := n.now
	if n.Delay != nil {
		due += n.Delay(m)
	}
	for _, f := range n.flying { // links keep the order
		if f.message.From == m.From && f.message.To == m.To {
			due = max(due, f.due)
		}
	}
	n.flying = append(n.flying, flight{m, due})
}

func (n *Network) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(n.trace, format, args...) // to memory
}

// details are what a kind of message has beside its ends.
func details(m comm.Message) string {
	switch {
	case m.Kind == comm.Lost:
		return fmt.Sprintf(" %d: %s", m.Suspect, m.Cause)
	case m.Kind == comm.Beat && m.Progress > 0:
		return fmt.Sprintf(" %d", m.Progress)
	}
	return ""
}
