package kernel

import (
	"slices"
	"testing"
)

func TestGatherElements(t *testing.T) {
	src := []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11} // [2, 3, 2]
	index := []int64{2, 0, -1, 1}                          // [2, 1, 2]
	dst := make([]float32, 4)
	if err := GatherElements(dst, src, index, 3, 1, 2); err != nil {
		t.Fatal(err)
	}
	if want := []float32{4, 1, 10, 9}; !slices.Equal(dst, want) {
		t.Errorf("gathered %v, want %v", dst, want)
	}
	back := make([]float32, len(src))
	for range 2 {
		if err := ScatterAddElements(back, dst, index, 3, 1, 2); err != nil {
			t.Fatal(err)
		}
	}
	if want := []float32{0, 2, 0, 0, 8, 0, 0, 0, 0, 18, 20, 0}; !slices.Equal(back, want) {
		t.Errorf("scattered %v, want %v", back, want)
	}
	for _, bad := range []int64{3, -4} {
		if err := GatherElements(dst, src, []int64{bad}, 3, 1, 1); err == nil {
			t.Errorf("index %d was taken", bad)
		}
		if err := ScatterAddElements(back, dst, []int64{bad}, 3, 1, 1); err == nil {
			t.Errorf("index %d was written", bad)
		}
	}
}
