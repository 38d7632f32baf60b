package comm_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/emberml/ember/comm"
)

// TestNaNsOfTwo wants the same bits of two members whose NaNs differ, which
// addition does not take in either order.
func TestNaNsOfTwo(t *testing.T) {
	got := make([][]float32, 2)
	errs := each(t, comm.Memory(2), comm.Options{}, func(g *comm.Group) error {
		got[g.Rank()] = make([]float32, 100)
		for i := range got[g.Rank()] {
			got[g.Rank()][i] = math.Float32frombits(0x7fc00000 + uint32(g.Rank()<<8+i))
		}
		return g.AllReduce(context.Background(), got[g.Rank()])
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if !sameBits(got[0], got[1]) {
		t.Error("the members have other bits")
	}
}
