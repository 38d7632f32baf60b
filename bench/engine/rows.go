package main

// row is a line of the table: works that one goal is set for.
type row struct {
	name  string // for -rows
	title string
	works []work
	goal  goal
	how   func(b *bench, w work) []result // nil is (*bench).pairs
}

// goal is what a row must show. Where ratio and share are both set and both is
// not, either is enough.
type goal struct {
	text  string
	ratio float64 // to the best peer
	mean  bool    // the geometric mean of the works' ratios is meant
	share float64 // of this machine's limit
	both  bool
}

// atLeast is the goal of a ratio to the best peer, or of three quarters of the
// machine's limit.
func atLeast(text string, ratio float64) goal { return goal{text: text, ratio: ratio, share: 0.75} }

// rows is the table of issue 6.
var rows = []row{
	{
		name: "gemm", title: "GEMM fp32, 512³ to 4096³",
		works: products("float32", layouts, []int{512, 512, 512}, []int{1024, 1024, 1024}, []int{2048, 2048, 2048}, []int{4096, 4096, 4096}),
		goal:  goal{text: "≥ 92 % of the FMA limit, ≥ 1.0", ratio: 1, share: 0.92, both: true},
	},
	{
		name: "gemm256", title: "GEMM fp32, 256³", works: products("float32", layouts, []int{256, 256, 256}),
		goal: goal{text: "≥ 85 % of the FMA limit, ≥ 1.0", ratio: 1, share: 0.85, both: true},
	},
	{
		name: "gemm-small", title: "GEMM small, skinny, batched",
		works: append(products("float32", []string{"nn"},
			[]int{64, 128, 784}, []int{64, 10, 128}, []int{64, 500, 800}, []int{1, 1000, 2048}, []int{1, 500, 800},
			[]int{64, 1024, 256}, []int{128, 256, 256}, []int{128, 64, 128, 16}, []int{16, 16, 16, 256}),
			products("float32", []string{"nt"}, []int{64, 784, 128}, []int{128, 128, 64, 16}, []int{1, 768, 768})...),
		goal: goal{text: "≥ 1.3, geometric mean", ratio: 1.3, mean: true},
	},
	{
		name: "gemm-bf16", title: "GEMM bf16", works: products("bfloat16", []string{"nn"}, []int{512, 512, 512}, []int{1024, 1024, 1024}),
		goal: goal{text: "≥ 1.0", ratio: 1},
	},
	{
		name: "gemm-int8", title: "GEMM int8", works: products("int8", []string{"nn"}, []int{512, 512, 512}, []int{1024, 1024, 1024}),
		goal: goal{text: "≥ 1.0", ratio: 1},
	},
	{
		name: "train-small", title: "training step, Adam: small nets", goal: atLeast("≥ 1.5 each", 1.5),
		works: []work{
			training("mlp", 64, 784), training("mlp", 256, 784), training("mlp2", 64, 784), training("mlp2", 256, 784),
			training("lenet", 64, 1, 28, 28), training("lenet", 256, 1, 28, 28),
		},
	},
	{
		name: "train-sequence", title: "training step, Adam: autoencoder, recurrent, transformer", goal: atLeast("≥ 1.3 each", 1.3),
		works: []work{
			{Kind: "train", Net: "autoencoder", Batch: 64, Input: []int{784}},
			loose(training("lstm", 64, 50, 128)), loose(training("gru", 64, 50, 128)), training("encoder", 16, 128, 256),
		},
	},
	{
		name: "train-image", title: "training step, Adam: image nets", goal: atLeast("≥ 1.1 each", 1.1),
		works: []work{
			image("resnet18", 32, 3, 32, 32), image("resnet18", 8, 3, 224, 224),
			image("vgg11", 16, 3, 64, 64), image("mobilenet_v2", 32, 3, 96, 96),
		},
	},
	{
		name: "infer-resnet50", title: "inference ResNet-50", goal: atLeast("≥ 1.0", 1),
		works: []work{inference("resnet50", 1, 3, 224, 224), inference("resnet50", 16, 3, 224, 224)},
	},
	{
		name: "infer", title: "inference MobileNetV2 and a BERT-size encoder", goal: atLeast("≥ 1.2", 1.2),
		works: []work{
			inference("mobilenet_v2", 1, 3, 224, 224), inference("mobilenet_v2", 16, 3, 224, 224),
			bert(1), bert(16),
		},
	},
	{
		name: "requests", title: "1,000 requests of 8 to 512 steps through the encoder",
		works: []work{{Kind: "requests", Net: "encoder-blocks", Input: []int{512, 256}, Classes: 10}},
		goal:  goal{text: "planning ≤ 2 % of the time"}, how: (*bench).planning,
	},
	{
		name: "ops", title: "operators in cache", works: operators(32, 1024, "softmax", "layernorm", "gelu", "adam", "chain"),
		goal: goal{text: "≥ 1.5", ratio: 1.5},
	},
	{
		name: "ops-memory", title: "operators out of cache",
		works: operators(16384, 1024, "softmax", "layernorm", "gelu", "adam", "chain"),
		goal:  goal{text: "≥ 80 % of a copy's bandwidth", share: 0.8},
	},
	{
		name: "memory", title: "peak memory of a training step", goal: goal{text: "≤ 0.8 × PyTorch", ratio: 1 / 0.8}, how: (*bench).memory,
		works: []work{training("mlp", 256, 784), training("lenet", 256, 1, 28, 28), image("resnet18", 32, 3, 32, 32)},
	},
	{
		name: "start", title: "process start to the first training step of lenet on MNIST",
		works: []work{{Kind: "start", Net: "lenet", Batch: 64}}, goal: goal{text: "≤ 0.1 × PyTorch", ratio: 10}, how: (*bench).start,
	},
}

var layouts = []string{"nn", "tn", "nt"}

func products(dtype string, trans []string, shapes ...[]int) []work {
	var all []work
	for _, shape := range shapes {
		for _, t := range trans {
			w := work{Kind: "gemm", Shape: shape, Trans: t, DType: dtype}
			if dtype != "float32" {
				w.tolerance = 0.03
			}
			all = append(all, w)
		}
	}
	return all
}

func training(net string, batch int, input ...int) work {
	return work{Kind: "train", Net: net, Batch: batch, Input: input, Classes: 10}
}

func inference(net string, batch int, input ...int) work {
	w := training(net, batch, input...)
	w.Kind, w.Classes, w.slowToCompile = "infer", 1000, true
	return w
}

// image is the training of a net that torch.compile takes minutes for.
func image(net string, batch int, input ...int) work {
	w := loose(training(net, batch, input...))
	w.slowToCompile = true
	return w
}

func bert(batch int) work {
	w := inference("bert", batch, 128)
	w.Vocabulary = 30522
	return w
}

// loose is a work whose losses differ more, as its steps are chaotic or another
// framework has one bias where there are two.
func loose(w work) work {
	w.tolerance = 0.1
	return w
}

func operators(rows, cols int, names ...string) []work {
	var all []work
	for _, name := range names {
		all = append(all, work{Kind: "op", Op: name, Shape: []int{rows, cols}})
	}
	return all
}
