package worker

// Spark 4.0 adds a profiler, which needs the number of the result.
var family40 = family{
	name: "4.0",
	context: func(w *wire, h *header) {
		barrierAlways(w, h)
		profiled(w, h)
	},
	udf:     positionalProfiled,
	timings: 3,
}

// profiled reads the confs of Spark 4.0 and 4.1: -1 as the result's number
// stands for none.
func profiled(w *wire, h *header) {
	if !h.ours(w) {
		return
	}
	w.pairs()
	if h.resultID = -1; w.bool() {
		w.skip() // the profiler's name
		h.resultID = 0
	}
}

func positionalProfiled(w *wire, h *header) {
	positional(w, h)
	if h.resultID >= 0 {
		h.resultID = w.int64()
	}
}
