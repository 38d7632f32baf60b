package worker

// Spark 4.2 sends the context as JSON, a second conf, and arguments that may
// have names.
var family42 = family{
	name:    "4.2",
	context: contextInJSON,
	udf:     named,
	timings: 4,
}

func contextInJSON(w *wire, h *header) {
	h.jsonContext(w)
	h.files(w)
	h.broadcasts(w, func(w *wire) { socketOrPort(w) })
	if h.ours(w) {
		w.pairs() // runner's conf
		w.pairs() // conf of the kind of function
	}
}
