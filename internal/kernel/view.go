package kernel

import "unsafe"

// View is the memory of x as numbers of another type, in the machine's byte
// order: no copy. It panics if x does not start where a T may, or does not end
// with a whole one.
func View[T, S Number](x []S) []T {
	size := len(x) * int(unsafe.Sizeof(*new(S)))
	start := unsafe.Pointer(unsafe.SliceData(x))
	if size == 0 {
		return nil
	}
	if width := int(unsafe.Sizeof(*new(T))); size%width != 0 || uintptr(start)%unsafe.Alignof(*new(T)) != 0 {
		panic("kernel: a view of misaligned memory")
	}
	return unsafe.Slice((*T)(start), size/int(unsafe.Sizeof(*new(T))))
}
