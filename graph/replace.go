package graph

// Replace is a new graph in which replace has built the outputs of each node for
// its new inputs; nil keeps the node. Dead code is left out.
func (g *Graph) Replace(replace func(n *Node, in []*Value) []*Value) (*Graph, error) {
	b, err := g.rewrite(g.live(), func(b *Graph, n *Node, in []*Value) ([]*Value, error) {
		if out := replace(n, in); out != nil {
			return out, nil
		}
		return keep(b, n, in)
	})
	if err != nil {
		return nil, err
	}
	return b.rewrite(b.live(), keep)
}
