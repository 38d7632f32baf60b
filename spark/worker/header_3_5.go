package worker

// Spark 3.5: the layout that the later ones grew from. The barrier's server is
// told for every task: port 0 and no secret where there is none.
var family35 = family{
	name: "3.5",
	context: func(w *wire, h *header) {
		barrierAlways(w, h)
		if h.ours(w) {
			w.pairs() // runner's conf
		}
	},
	udf:     positional,
	timings: 3,
}

// barrierAlways reads the context of Spark 3.5 and 4.0, up to the broadcasts.
func barrierAlways(w *wire, h *header) {
	h.Barrier = w.bool()
	h.port = w.integer()
	h.secret = w.text()
	h.flatContext(w)
	h.files(w)
	h.broadcasts(w, func(w *wire) {
		w.int32() // port
		w.skip()  // secret
	})
}
