package train

import (
	"github.com/emberml/ember/comm"
	"github.com/emberml/ember/engine"
	"github.com/emberml/ember/graph"
	"github.com/emberml/ember/tensor"
)

// Memory is what training the job takes on one worker: parameters, gradients, the optimizer's
// memory, and the intermediate results of a step on the job's Batch. Nothing is
// read or trained. The job is one that [Fit] accepts; its Pipeline is required.
func Memory(job Job) (engine.Memory, error) {
	err := job.share(1)
	if err == nil {
		err = job.prepare()
	}
	if err != nil {
		return engine.Memory{}, err
	}
	if job.close != nil {
		defer job.close()
	}
	p, err := compile(&job, job.Pipeline, job.Data.Train.Schema())
	if err != nil {
		return engine.Memory{}, err
	}
	batch := (job.Batch + job.parts - 1) / job.parts
	var total engine.Memory
	for _, program := range []*engine.Program{p.first, p.update} {
		var shapes []tensor.Shape
		for _, v := range program.Graph().Inputs() {
			shapes = append(shapes, shapeAt(v.Shape(), batch))
		}
		m, err := program.Memory(shapes)
		if err != nil {
			return engine.Memory{}, err
		}
		// The programs share arena and state.
		total.Arena, total.Variables = max(total.Arena, m.Arena), m.Variables
		total.Constants += m.Constants
	}
	sum := newSummation(comm.Solo(), p.gradients, &job)
	total.Variables += 4 * len(sum.kept) * len(p.gradients.all)
	return total, nil
}

// shapeAt is a shape with the batch for every symbol.
func shapeAt(s graph.Shape, batch int) tensor.Shape {
	out := make(tensor.Shape, len(s))
	for i, d := range s {
		size, known := d.Size()
		if !known {
			size = batch
		}
		out[i] = size
	}
	return out
}
