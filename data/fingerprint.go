package data

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"

	"github.com/emberml/ember/tensor"
)

// fingerprintSamples bounds the samples that a fingerprint reads.
const fingerprintSamples = 256

// Fingerprint returns a checksum that tells one source from another: of its schema
// without the name, its length, all targets and evenly spread samples. A checkpoint
// keeps it, so that training does not go on with other data. That of a [Spread] is
// the same for any number of workers.
func Fingerprint(src Source) (string, error) {
	schema := *src.Schema()
	schema.Name = ""
	text, err := json.Marshal(schema)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %d\n", text, src.Len())
	spread, ok := src.(Spread)
	if !ok {
		if err := hashTargets(src, func(int) hash.Hash { return h }); err != nil {
			return "", err
		}
		if err := hashSamples(src, 0, src.Len(), h); err != nil {
			return "", err
		}
		return hex.EncodeToString(h.Sum(nil)), nil
	}
	mine, err := hashShards(spread)
	all, err := Agree(src, mine, err)
	if err != nil {
		return "", err
	}
	for s := range spread.Shards() {
		for _, sums := range all {
			h.Write(sums[s]) // of one worker; the others have nothing for it
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// hashShards returns a checksum of each shard that is here.
func hashShards(src Spread) (map[int][]byte, error) {
	hashes := map[int]hash.Hash{}
	start := 0
	for i, s := range src.Shards() {
		if s.Here {
			hashes[i] = sha256.New()
			if err := hashSamples(src, start, start+s.Len, hashes[i]); err != nil {
				return nil, err
			}
		}
		start += s.Len
	}
	err := hashTargets(src, func(shard int) hash.Hash { return hashes[shard] })
	sums := map[int][]byte{}
	for i, h := range hashes {
		sums[i] = h.Sum(nil)
	}
	return sums, err
}

// hashTargets adds the targets that are here to the hash of their shard.
func hashTargets(src Source, of func(shard int) hash.Hash) error {
	if src.Schema().Target.Kind == NoTarget {
		return nil
	}
	return eachTarget(src, func(c chunk, y *tensor.Tensor) error {
		of(c.shard).Write(y.Contiguous().Bytes())
		return nil
	})
}

// hashSamples adds those samples of the rows from…to-1 to h that are among the
// evenly spread ones of src.
func hashSamples(src Source, from, to int, h hash.Hash) error {
	sampler, varies := src.(Sampler)
	var b Batch
	n := min(src.Len(), fingerprintSamples)
	for i := range n {
		row := i * src.Len() / n
		switch {
		case row < from || row >= to:
		case varies:
			x, err := sampler.Sample(row)
			if err != nil {
				return err
			}
			h.Write(x.Contiguous().Bytes())
		default:
			if err := src.Read([]int{row}, &b); err != nil {
				return err
			}
			h.Write(b.X.Bytes())
		}
	}
	return nil
}
