// Package feature turns samples into what a network takes: fitted steps, saved with
// the model.
//
//	p, err := feature.Auto(src.Schema(), net.Input) // pixels to 0…1, columns standardized, reshaped
//	err = p.Fit(ctx, src)                           // means and deviations from the training data
//	typ, err := p.InputType(graph.Sym("N"))         // raw: uint8[N 28 28]
//	x := p.Build(g.Input("input", typ))             // the steps are part of the graph
//
// There are two kinds of steps. A [GraphStep] is what ONNX can express: it is a
// piece of the graph before the network, the same in training, in scoring and in
// the saved model, which therefore takes raw values. A [HostStep] is what ONNX
// lacks, such as resizing an image as Pillow does: it changes each sample when it
// is read, and is saved as JSON in the model's metadata. Host steps come first.
//
// [Batches] reads a source in batches: shuffled by seed and epoch, sharded,
// prefetched, and resumed at any sample.
package feature
