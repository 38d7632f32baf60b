package data

// Spread is a source whose samples are spread over the workers of a group. On one
// worker alone all of them are here, in the same order.
//
// All workers hold a Spread of the same samples and make the same calls of this
// package and of package feature with it, in the same order, because these agree
// by Exchange; except for Read, which is each worker's own.
type Spread interface {
	// Source's rows number the samples of all workers, shard by shard, and Len
	// counts them all. Read takes rows of shards that are here; others are an
	// error.
	Source
	// Shards returns the shards in the order of their rows, the same on all
	// workers but for Here. The caller must not change them.
	Shards() []Shard
	// Exchange hands msg to all workers and returns the messages of all of
	// them, by rank. A worker that is gone is an error.
	Exchange(msg []byte) ([][]byte, error)
}

// Shard is a run of samples of a [Spread] that one worker holds.
type Shard struct {
	Len  int  // samples
	Part int  // the virtual worker that they belong to
	Here bool // this worker holds them
}

// Owned returns which of the virtual workers, lo…hi-1, a real one of a group of the
// given size stands for.
func Owned(parts, rank, ranks int) (lo, hi int) {
	return parts * rank / ranks, parts * (rank + 1) / ranks
}

// PartOf returns the virtual worker of a shard, where shards are as many for each.
func PartOf(shard, shards, parts int) int { return shard * parts / shards }

// RankOf returns the real worker that stands for a virtual one; it is the inverse
// of [Owned].
func RankOf(part, parts, ranks int) int { return ((part+1)*ranks - 1) / parts }
