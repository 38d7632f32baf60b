package worker

// Spark 4.1 has Unix sockets, and tells of the barrier's server only where
// there is one.
var family41 = family{
	name: "4.1",
	context: func(w *wire, h *header) {
		if h.Barrier = w.bool(); h.Barrier {
			h.connection = socketOrPort(w)
		}
		h.flatContext(w)
		h.files(w)
		h.broadcasts(w, func(w *wire) { socketOrPort(w) })
		profiled(w, h)
	},
	udf:     positionalProfiled,
	timings: 3,
}
