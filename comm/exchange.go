package comm

import (
	"context"
	"fmt"

	"github.com/emberml/ember/internal/kernel"
)

// ExchangeLimit is the most bytes that all members together give to [Exchange].
const ExchangeLimit = 64 << 20

// Exchange gives every member the messages of all, by rank: names, tables, small
// statistics, each of a length of its own. Where they are more than
// [ExchangeLimit] together, all members get the same error, and the group goes
// on. The messages returned lie at multiples of 8 bytes.
func Exchange(ctx context.Context, g *Group, message []byte) ([][]byte, error) {
	lengths := make([]int64, g.size)
	lengths[g.rank] = int64(len(message))
	if err := AllGather(ctx, g, lengths); err != nil {
		return nil, err
	}
	total := int64(0)
	for rank, n := range lengths {
		if n < 0 || n > ExchangeLimit || total+n > ExchangeLimit {
			return nil, fmt.Errorf("the messages of ranks 0 to %d have more than the %d MiB that members exchange at once; rank %d alone has %d bytes", rank, ExchangeLimit>>20, rank, n)
		}
		total += n
	}
	messages := make([][]byte, g.size)
	words := make([][]int64, g.size) // what travels is numbers
	for rank, n := range lengths {
		words[rank] = make([]int64, (n+7)/8)
		messages[rank] = kernel.View[byte](words[rank])[:n]
	}
	copy(messages[g.rank], message)
	if g.links == nil {
		return messages, nil
	}
	return messages, g.do(ctx, func(g *Group) error {
		for root := range g.size {
			if err := chain(g, &int64s, words[root], root); err != nil {
				return err
			}
		}
		return nil
	})
}
