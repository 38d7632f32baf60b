//go:build amd64 && !purego

package kernel

func runMaxTile(n int, b []float32, offsets []int, deltas []int32, y []float32, index []int64, start, step int) {
	k := len(offsets)
	_, _, _ = deltas[k-1], y[n-1], index[n-1]
	_ = b[reach(offsets)+max(n, convLanes)-1]
	if n < convLanes {
		var best [convLanes]float32
		var at [convLanes]int64
		maxTileAVX2(k, &b[0], &offsets[0], &deltas[0], &best[0], &at[0], start, step)
		copy(y, best[:n])
		copy(index, at[:n])
		return
	}
	for j := 0; j < n; j += convLanes {
		j = min(j, n-convLanes) // the last one overlaps
		maxTileAVX2(k, &b[j], &offsets[0], &deltas[0], &y[j], &index[j], start+j*step, step)
	}
}

func runMaxPairs(y []float32, index []int64, top, bottom []float32, start, width int) {
	n := len(y)
	if n < convLanes {
		goMaxPairs(y, index, top, bottom, start, width)
		return
	}
	_, _, _ = index[n-1], top[2*n-1], bottom[2*n-1]
	maxPairsAVX2(&y[0], &index[0], &top[0], &bottom[0], start, width, n)
}
