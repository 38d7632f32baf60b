package tensor_test

import (
	"bytes"
	"fmt"

	"github.com/emberml/ember/tensor"
)

func Example() {
	x := tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	mean := tensor.Mean(x, []int{0}, true)
	fmt.Println(tensor.Sub(x, mean))
	fmt.Println(tensor.MatMul(x, x.Transpose()))
	// Output:
	// [[-1.5 -1.5 -1.5]
	//  [ 1.5  1.5  1.5]]
	// [[14. 32.]
	//  [32. 77.]]
}

func ExampleTensor_Slice() {
	x := tensor.Arange[int64](0, 10, 1)
	fmt.Println(x.Slice(0, 2, 8, 3))
	fmt.Println(x.Slice(0, -1, -4, -1))
	// Output:
	// [2 5]
	// [9 8 7]
}

func ExampleBroadcast() {
	shape, err := tensor.Broadcast(tensor.Shape{5, 1, 3}, tensor.Shape{4, 1})
	fmt.Println(shape, err)
	_, err = tensor.Broadcast(tensor.Shape{2, 3}, tensor.Shape{4})
	fmt.Println(err)
	// Output:
	// [5 4 3] <nil>
	// broadcast [2 3] [4]: extents 3 and 4 of axis 1 differ and neither is 1
}

func ExampleGather() {
	embedding := tensor.Of([]float32{0, 0, 1, 1, 2, 2}, 3, 2)
	rows, err := tensor.Gather(embedding, 0, tensor.Of([]int64{2, -1, 0}))
	fmt.Println(rows, err)
	_, err = tensor.Gather(embedding, 0, tensor.Of([]int64{3}))
	fmt.Println(err)
	// Output:
	// [[2. 2.]
	//  [2. 2.]
	//  [0. 0.]] <nil>
	// gather: index 3 is outside axis 0 of extent 3
}

func ExampleUnique() {
	labels := tensor.Of([]string{"dog", "cat", "dog"})
	classes := tensor.Unique(labels)
	fmt.Println(classes.Values, classes.Inverse, classes.Counts)
	// Output: ['cat' 'dog'] [1 0 1] [1 2]
}

func ExamplePromote() {
	fmt.Println(tensor.Promote(tensor.Uint8, tensor.Int8))
	fmt.Println(tensor.Promote(tensor.Int32, tensor.Float32))
	// Output:
	// int16
	// float64
}

func ExampleRandStream() {
	// Sample 1234 of epoch 5 is augmented alike on any worker.
	flip := tensor.RandStream(42, "flip").At(5).At(1234)
	fmt.Println(flip.Float64() < 0.5)
	// Output: false
}

func ExampleWriteNPZ() {
	var file bytes.Buffer
	err := tensor.WriteNPZ(&file, []string{"w"}, map[string]*tensor.Tensor{"w": tensor.Eye(tensor.Float32, 2)})
	if err != nil {
		fmt.Println(err)
		return
	}
	names, tensors, err := tensor.ReadNPZ(bytes.NewReader(file.Bytes()), int64(file.Len()))
	fmt.Println(names, tensors["w"], err)
	// Output:
	// [w] [[1. 0.]
	//  [0. 1.]] <nil>
}
