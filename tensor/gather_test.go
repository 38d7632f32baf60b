package tensor

import (
	"errors"
	"slices"
	"testing"
)

func TestScatterAdd(t *testing.T) {
	x := Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	idx := Of([]int64{0, 0, -1, 0, 1, 0}, 2, 3)
	got, err := ScatterAdd(x, 1, idx, Of([]float32{10, 20, 30, 40, 50, 60}, 2, 3))
	if want := Of([]float32{31, 2, 33, 104, 55, 6}, 2, 3); err != nil || !Same(got, want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
	// Each update returns to where GatherElements reads.
	zero := New(Int16, 4, 5)
	idx = NewRand(1).Randint(Int64, -4, 4, 3, 5)
	up := NewRand(2).Randint(Int16, 0, 9, 3, 5)
	sum, err := ScatterAdd(zero, 0, idx, up)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := Sum(sum, nil, false), Sum(up, nil, false); !Same(a, b) {
		t.Errorf("%v arrived, want %v", a, b)
	}
}

func TestIndexAdd(t *testing.T) {
	table := New(Float64, 4, 2)
	rows := Of([]int32{3, 0, -1}, 3)
	got, err := IndexAdd(table, 0, rows, Of([]float64{1, 2, 3, 4, 5, 6}, 3, 2))
	if want := Of([]float64{3, 4, 0, 0, 0, 0, 6, 8}, 4, 2); err != nil || !Same(got, want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
	got, err = IndexAdd(table, 1, Scalar[int64](1), Of([]float64{1, 2, 3, 4}, 4))
	if want := Of([]float64{0, 1, 0, 2, 0, 3, 0, 4}, 4, 2); err != nil || !Same(got, want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
}

func TestIndexOutOfRange(t *testing.T) {
	x := New(Float32, 5)
	bad := Of([]int64{1, 5})
	_, gather := Gather(x, 0, bad)
	_, elements := GatherElements(x, 0, Of([]int64{-6}))
	_, scatter := ScatterAdd(x, 0, bad, New(Float32, 2))
	_, index := IndexAdd(x, 0, bad, New(Float32, 2))
	for err, want := range map[error]string{
		gather:   "gather: index 5 is outside axis 0 of extent 5",
		elements: "gather elements: index -6 is outside axis 0 of extent 5",
		scatter:  "scatter add: index 5 is outside axis 0 of extent 5",
		index:    "index add: index 5 is outside axis 0 of extent 5",
	} {
		var e *IndexError
		if !errors.As(err, &e) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestGatherStrings(t *testing.T) {
	words := Of([]string{"a", "b", "c"})
	got, err := Gather(words, 0, Of([]int64{2, 0}, 2, 1))
	if err != nil || !Same(got, Of([]string{"c", "a"}, 2, 1)) {
		t.Errorf("got %v (%v)", got, err)
	}
}

func TestOneHot(t *testing.T) {
	idx := Of([]int64{1, -1, 3}, 3)
	if got, want := OneHot(Int8, idx, 3, -1), Of([]int8{0, 1, 0, 0, 0, 1, 0, 0, 0}, 3, 3); !Same(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := OneHot(Int8, idx, 3, 0); !Same(got, OneHot(Int8, idx, 3, 1).Transpose()) {
		t.Errorf("got %v", got)
	}
}

func TestPadValueAndCrop(t *testing.T) {
	x := Of([]int32{1, 2, 3})
	if got, want := Pad(x, []int{-1}, []int{2}, PadConstant, Scalar[int32](9)), Of([]int32{2, 3, 9, 9}); !Same(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := Pad(x, []int{2}, []int{-2}, PadEdge, nil), Of([]int32{1, 1, 1}); !Same(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Pad(x, []int{0}, []int{0}, PadWrap, nil); MayShareMemory(got, x) {
		t.Error("the result shares memory")
	}
}

func TestSortDescendingIsStable(t *testing.T) {
	x := Of([]float32{1, 2, 1, 2, 0})
	if got, want := Ints(ArgSort(x, 0, true)), []int{1, 3, 0, 2, 4}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	values, indices := TopK(x, 3, 0, true)
	if !slices.Equal(Float64s(values), []float64{2, 2, 1}) || !slices.Equal(Ints(indices), []int{1, 3, 0}) {
		t.Errorf("got %v at %v", values, indices)
	}
}
