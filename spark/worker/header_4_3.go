package worker

// Spark 4.3 sends the header of 4.2 in a frame: -8, its length, its bytes.
// readHeader takes the frame off.
var family43 = family{
	name:    "4.3",
	context: contextInJSON,
	udf:     named,
	timings: 4,
}
