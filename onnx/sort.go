package onnx

import "fmt"

// sorted are the nodes in an order in which each follows what it depends on:
// that of the file, if it is one. Each node moves up to right behind the last
// node it waits for. A value that nothing computes, that two nodes compute, or
// that depends on itself is an error.
func sorted(g *graphProto) ([]*nodeProto, error) {
	computed := map[string]*nodeProto{}
	for _, n := range g.nodes {
		for _, name := range n.outputs {
			if name == "" {
				continue
			}
			if computed[name] != nil {
				return nil, n.errorf("the value %s is computed by %s already", name, computed[name].title())
			}
			computed[name] = n
		}
	}
	given := map[string]bool{}
	for _, v := range g.inputs {
		given[v.name] = true
	}
	for _, t := range g.initializers {
		given[t.name] = true
	}

	waits := make(map[*nodeProto]int, len(g.nodes)) // for how many inputs
	waiting := map[string][]*nodeProto{}            // by the value
	done := map[string]bool{}
	order := make([]*nodeProto, 0, len(g.nodes))
	for _, n := range g.nodes {
		for _, name := range n.inputs {
			if name == "" || given[name] || done[name] {
				continue
			}
			if computed[name] == nil {
				return nil, n.errorf("it uses the value %s, which nothing computes", name)
			}
			waits[n]++
			waiting[name] = append(waiting[name], n)
		}
		if waits[n] > 0 {
			continue
		}
		for ready := []*nodeProto{n}; len(ready) > 0; {
			next := ready[0]
			ready = ready[1:]
			order = append(order, next)
			for _, name := range next.outputs {
				done[name] = true
				for _, w := range waiting[name] {
					if waits[w]--; waits[w] == 0 {
						ready = append(ready, w)
					}
				}
				delete(waiting, name)
			}
		}
	}
	if len(order) == len(g.nodes) {
		return order, nil
	}
	for _, n := range g.nodes {
		if waits[n] > 0 {
			return nil, n.errorf("it depends on itself, through %s", firstUndone(n, done, given))
		}
	}
	return nil, fmt.Errorf("onnx: %d nodes in a circle", len(g.nodes)-len(order))
}

func firstUndone(n *nodeProto, done, given map[string]bool) string {
	for _, name := range n.inputs {
		if name != "" && !done[name] && !given[name] {
			return name
		}
	}
	return ""
}
