package comm_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/emberml/ember/comm"
)

func TestExchange(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4} {
		members(t, n, comm.Options{}, func(g *comm.Group) error {
			for _, unit := range []string{"", "1234567", strings.Repeat("x", 508), strings.Repeat("words ", 60_000)} {
				got, err := comm.Exchange(context.Background(), g, []byte(strings.Repeat(unit, g.Rank())))
				if err != nil {
					return err
				}
				for rank, message := range got {
					if !bytes.Equal(message, []byte(strings.Repeat(unit, rank))) {
						return fmt.Errorf("rank %d has %d bytes of rank %d", g.Rank(), len(message), rank)
					}
				}
			}
			return nil
		})
	}
}

// TestExchangeTooMuch is an error of all, after which the group goes on.
func TestExchangeTooMuch(t *testing.T) {
	members(t, 3, comm.Options{}, func(g *comm.Group) error {
		_, err := comm.Exchange(context.Background(), g, make([]byte, g.Rank()*(comm.ExchangeLimit/2)))
		if !strings.Contains(fmt.Sprint(err), "more than the 64 MiB") {
			return fmt.Errorf("rank %d: %v", g.Rank(), err)
		}
		return g.Barrier(context.Background())
	})
}
