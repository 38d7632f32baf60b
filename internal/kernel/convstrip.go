package kernel

// Strips of a convolution: neighbors in the result, whatever their rows, of
// which what each tap meets is packed side by side. All tiles but the last are
// full, and read from the first cache.

// convStripPixels is the number of pixels of a strip, those of a tile.
const convStripPixels = convLanes * convTileVectors

// convStripOffsets are where the rows of packed pixels begin.
var convStripOffsets = func() (o [convDepth]int) {
	for i := range o {
		o[i] = i * convStripPixels
	}
	return o
}()

// convStripLen is the scratch memory that a strip of k products a pixel needs:
// the last vector of the last row may go over its end.
func convStripLen(k int) int { return convStripPixels*min(k, convDepth) + convLanes }

// strips adds one block of the sum to n pixels of y from pixel at on.
func (p *convProduct[T]) strips(c *convBlock[T], x, y []T, at, n, worker int, packed []T) {
	c.most, c.bstep, c.cstep, c.reach = convLanes, convLanes, convLanes, (c.k-1)*convStripPixels
	for i := 0; i < n; {
		width := convWidth(n - i)
		p.t.gather(packed, convStripPixels, x, c.offsets, p.stripRuns(at+i, width, worker))
		c.vectors = (width + convLanes - 1) / convLanes
		c.last = width - (c.vectors-1)*convLanes
		p.t.convTile(c.convTile, c.weights, packed, convStripOffsets[:c.k], y[i:], c.from(i))
		i += width
	}
}

// stripRuns returns runs of up to convLanes of the pixels [at, at+n) of a plane
// of the result. They lie in the worker's own memory.
func (p *convProduct[T]) stripRuns(at, n, worker int) []convRun {
	runs := p.runs[worker*convStripPixels:][:0:convStripPixels]
	row, column, outRow, width := at/p.width, at%p.width, p.source.outRow, p.width
	if outRow == width {
		row, column, width = 0, at, at+n
	}
	for i := 0; i < n; {
		length := min(n-i, convLanes, width-column)
		runs = append(runs, convRun{i, length, row*outRow + column})
		i += length
		if column += length; column == width {
			row, column = row+1, 0
		}
	}
	return runs
}
