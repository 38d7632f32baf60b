package comm

import (
	"context"
	"fmt"

	"github.com/emberml/ember/internal/kernel"
)

// ExchangeLimit is the most bytes that all members together give to [Exchange].
const ExchangeLimit = 64 << 20

// slot is how many words of a short message travel with its length.
const slot = 127

// Exchange gives every member the messages of all, by rank: names, tables, small
// statistics, each of a length of its own. Where they are more than
// [ExchangeLimit] together, all members get the same error, and the group goes
// on. The messages returned lie at multiples of 8 bytes. Short messages, of up
// to a thousand bytes, take a single round. A group of one has no limit.
func Exchange(ctx context.Context, g *Group, message []byte) ([][]byte, error) {
	if g.links == nil {
		own := kernel.View[byte](make([]int64, (len(message)+7)/8))
		return [][]byte{own[:copy(own, message)]}, ctx.Err()
	}
	slots := make([]int64, g.size*(1+slot)) // of each member, its length and a short message
	own := slots[g.rank*(1+slot):][:1+slot]
	own[0] = int64(len(message))
	copy(kernel.View[byte](own[1:]), message)
	if err := AllGather(ctx, g, slots); err != nil {
		return nil, err
	}
	total, short := int64(0), true
	for rank := range g.size {
		n := slots[rank*(1+slot)]
		if n < 0 || n > ExchangeLimit || total+n > ExchangeLimit {
			return nil, fmt.Errorf("the messages of ranks 0 to %d have more than the %d MiB that members exchange at once; rank %d alone has %d bytes", rank, ExchangeLimit>>20, rank, n)
		}
		total += n
		short = short && n <= 8*slot
	}
	messages := make([][]byte, g.size)
	words := make([][]int64, g.size) // what travels is numbers
	for rank := range g.size {
		n := slots[rank*(1+slot)]
		words[rank] = slots[rank*(1+slot):][1:][:slot]
		if !short {
			words[rank] = make([]int64, (n+7)/8)
		}
		messages[rank] = kernel.View[byte](words[rank])[:n]
	}
	if short {
		return messages, nil
	}
	copy(messages[g.rank], message)
	return messages, g.do(ctx, func(g *Group) error {
		for root := range g.size {
			if err := chain(g, &int64s, words[root], root); err != nil {
				return err
			}
		}
		return nil
	})
}
