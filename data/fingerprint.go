package data

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// fingerprintSamples bounds the samples that a fingerprint reads.
const fingerprintSamples = 256

// Fingerprint returns a checksum that tells one source from another: of its schema
// without the name, its length, all targets and evenly spread samples. A checkpoint
// keeps it, so that training does not go on with other data.
func Fingerprint(src Source) (string, error) {
	schema := *src.Schema()
	schema.Name = ""
	text, err := json.Marshal(schema)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %d\n", text, src.Len())
	y, err := Targets(src)
	if err != nil {
		return "", err
	}
	if y != nil {
		h.Write(y.Contiguous().Bytes())
	}
	sampler, varies := src.(Sampler)
	var b Batch
	n := min(src.Len(), fingerprintSamples)
	for i := range n {
		row := i * src.Len() / n
		if varies {
			x, err := sampler.Sample(row)
			if err != nil {
				return "", err
			}
			h.Write(x.Contiguous().Bytes())
			continue
		}
		if err := src.Read([]int{row}, &b); err != nil {
			return "", err
		}
		h.Write(b.X.Bytes())
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
