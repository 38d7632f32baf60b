// Package train trains networks: the learner of package learn for package nn.
//
//	net := nn.Sequential(nn.Dense{Units: 128, Activation: "relu"}, nn.Dense{Units: 10})
//	net.Input, net.Loss = []int{784}, nn.CrossEntropy{}
//	result, err := train.Fit(ctx, comm.Solo(), train.Job{
//		Net: net, Data: learn.Data{Train: digits}, Options: train.Options{Epochs: 3},
//	})
//
// # A step
//
// Two programs share one [engine.State]. The gradient program computes, for a
// batch or a part of one, the sum of the losses of its samples times a scale,
// and adds the gradients to variables called grad.<parameter>; the update
// program moves the parameters by the optimizer. The scale is one over the
// number of samples in the global batch, so parts of any size, partial last
// batches and several workers are all weighted correctly: what is minimized is
// the mean loss over the samples, plus the net's penalties.
//
// A batch is cut into parts, one for each virtual worker, and each real worker
// computes some of them, one after the other. What they give is added up in a
// fixed order: gradients, how far running statistics move, scores. Gradients lie
// in one piece of memory in the order in which they become ready, and travel in
// buckets while the backward pass goes on.
//
// # Exactness
//
// Shuffling, dropout and augmentation draw from counter-based random numbers
// keyed by seed, epoch or step, and sample; a checkpoint holds all variables and
// the place in the data. A run that is interrupted and resumed ends in the same
// bits as one that was not, for any number of threads and, where the number of
// virtual workers is given, of real ones.
package train
