// Package nn describes neural networks: layers, losses, initializers, and the
// net file that puts them together.
//
// A [Layer] is a plain struct of options whose zero value works and that builds
// its part of a graph; a [Net] is a list of them with a loss:
//
//	net := nn.Sequential(
//		nn.Conv2D{Filters: 20, Kernel: nn.Pair{5}, Activation: "relu"},
//		nn.MaxPool2D{},
//		nn.Flatten{},
//		nn.Dense{Units: 10},
//	)
//	net.Input = []int{1, 28, 28}
//	net.Loss = nn.CrossEntropy{}
//	if err := net.Check(); err != nil { … }
//
// The same network as a file, which [ParseNet] reads:
//
//	input: [1, 28, 28]
//	layers:
//	  - conv2d: {filters: 20, kernel: 5, activation: relu}
//	  - max_pool2d
//	  - flatten
//	  - dense: {units: 10}
//	loss: cross_entropy
//
// # Conventions
//
// The first axis of every value is the batch N. Images are channels first,
// [N, C, H, W]; sequences are [N, steps, features]. Parameters have PyTorch's
// names and layouts ([out, in] for dense, [out, in/groups, h, w] for
// convolutions), so that its state dicts map one to one, and are called
// "<layer>.weight", "<layer>.bias" and so on.
//
// A layer of one's own is any type with the method Build; [Builder] says what
// it may use there. A layer that is to have a key in net files is one line in
// [Layers].
//
// # Random numbers
//
// The first value of a parameter depends on the seed and on its name alone.
// Dropout depends on the seed, the training step, the layer's name and the
// sample's number in the data set, not on its place in a batch: see [KeyInput].
//
// Mistakes in shapes panic with a [*tensor.ShapeError] that names the layer;
// [Net.Check] turns it into an error.
package nn
