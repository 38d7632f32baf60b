package engine

import (
	"slices"
	"sort"

	"github.com/emberml/ember/graph"
)

// shareInPlace lets outputs take over the memory of an input that nobody needs
// afterwards, where the kernel can work in place.
func (pl *plan) shareInPlace() {
	at := pl.positions()
	for _, st := range pl.steps {
		i := at[st.node]
		for o, candidates := range st.inPlace {
			if o >= len(st.node.Out()) {
				break
			}
			out := st.node.Out()[o]
			s := pl.slots[out.ID()]
			for _, c := range candidates {
				v := st.node.In()[c]
				if v == nil {
					continue
				}
				from := pl.slots[v.ID()]
				if from.fixed != nil || s.fixed != nil || from.last != i || from.size != s.size || usedTwice(pl, st.node, from) {
					continue
				}
				from.last = s.last
				pl.replace(s, from)
				break
			}
		}
	}
}

// usedTwice tells whether a node reads the slot through more than one input:
// then overwriting one would change the other.
func usedTwice(pl *plan, n *graph.Node, s *slot) bool {
	count := 0
	for _, v := range n.In() {
		if v != nil && pl.slots[v.ID()] == s {
			count++
		}
	}
	for _, v := range n.Out() {
		if pl.slots[v.ID()] == s {
			count++
		}
	}
	return count > 1
}

func (pl *plan) replace(old, by *slot) {
	for id, s := range pl.slots {
		if s == old {
			pl.slots[id] = by
		}
	}
}

// updateInPlace lets the new value of a variable be computed in the variable's
// own memory where all other reads come before, and plans a copy elsewhere.
func (pl *plan) updateInPlace() {
	g := pl.program.graph
	at := pl.positions()
	byNode := map[*graph.Node]*step{}
	for i := range pl.steps {
		byNode[pl.steps[i].node] = &pl.steps[i]
	}
	wanted := map[*slot]int{}
	for _, u := range g.Updates() {
		wanted[pl.slots[u.New.ID()]]++
	}
	for _, v := range g.Outputs() {
		wanted[pl.slots[v.ID()]]++
	}
	for _, u := range g.Updates() {
		variable, value := pl.slots[u.Var.ID()], pl.slots[u.New.ID()]
		n := u.New.Node()
		if n == nil || byNode[n] == nil || value.fixed != nil || wanted[value] > 1 || value.first != at[n] {
			continue
		}
		if variable.last > at[n] || variable.last == at[n] && !pl.mayOverwrite(byNode[n], u) {
			continue
		}
		if soleValue(pl, value) {
			pl.slots[u.New.ID()] = variable
		}
	}
}

// soleValue tells whether exactly one value lives in the slot.
func soleValue(pl *plan, s *slot) bool {
	count := 0
	for _, other := range pl.slots {
		if other == s {
			count++
		}
	}
	return count == 1
}

// mayOverwrite tells whether the step that computes the update reads the
// variable's memory only as the one input that it may work in place on.
func (pl *plan) mayOverwrite(st *step, u graph.Update) bool {
	o := u.New.Index()
	if o >= len(st.inPlace) {
		return false
	}
	at := -1
	for i, v := range st.node.In() {
		if v == nil || pl.slots[v.ID()] != pl.slots[u.Var.ID()] {
			continue
		}
		if at >= 0 {
			return false
		}
		at = i
	}
	return slices.Contains(st.inPlace[o], at)
}

func (pl *plan) positions() map[*graph.Node]int {
	at := map[*graph.Node]int{}
	for i, n := range pl.program.graph.Nodes() {
		at[n] = i
	}
	return at
}

// place gives every slot its offset in the arena: the largest first, each at
// the lowest offset that no slot alive at the same time overlaps (greedy by
// size; Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
// Inference", 2020, section 5).
func (pl *plan) place() {
	var all []*slot
	seen := map[*slot]bool{}
	add := func(s *slot) {
		if s != nil && s.fixed == nil && !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	for _, s := range pl.slots {
		add(s)
	}
	for _, st := range pl.steps {
		add(st.scratch)
	}
	for _, t := range pl.snapshots {
		add(t.to.slot)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].size > all[j].size })
	var placed []*slot // by offset
	for _, s := range all {
		offset := 0
		for _, o := range placed {
			if o.last < s.first || s.last < o.first {
				continue
			}
			if o.offset-offset >= roundUp(s.size) {
				break
			}
			offset = max(offset, o.offset+roundUp(o.size))
		}
		s.offset = offset
		pl.arenaBytes = max(pl.arenaBytes, offset+roundUp(s.size))
		i := sort.Search(len(placed), func(i int) bool { return placed[i].offset > offset })
		placed = append(placed, nil)
		copy(placed[i+1:], placed[i:])
		placed[i] = s
	}
}
