package kernel

import (
	"encoding/binary"
	"math"
	"testing"
)

func TestView(t *testing.T) {
	x := View[float32](make([]int64, 2))[:3] // begins where an int64 may
	copy(x, []float32{1, -2, 3})
	bytes := View[uint8](x)
	if len(bytes) != 12 || binary.NativeEndian.Uint32(bytes[4:]) != math.Float32bits(-2) {
		t.Fatalf("the bytes are %v", bytes)
	}
	back := View[float32](bytes)
	if back[2] = 5; x[2] != 5 {
		t.Error("a view is a copy")
	}
	if View[uint8]([]int64{}) != nil {
		t.Error("no memory has a view")
	}
	for _, misaligned := range []func(){
		func() { View[int64](x[1:]) },
		func() { View[float32](bytes[1:5]) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("misaligned memory has a view")
				}
			}()
			misaligned()
		}()
	}
}
