package onnx

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/emberml/ember/graph"
)

// What Ember writes.
const (
	Opset     = 21      // version of the ai.onnx operator set
	IRVersion = 10      // version of the file format
	Producer  = "ember" // producer_name
)

// domainVersions are the operator sets beside ai.onnx that a file may use.
var domainVersions = map[string]int64{"ai.onnx.ml": 5}

// Model is the content of an ONNX file.
type Model struct {
	Graph *graph.Graph
	// Metadata are the file's metadata_props. Checksums are kept out of it.
	Metadata map[string]string
	// Doc is text for people.
	Doc string
	// Producer and ProducerVersion say which program wrote the file. Encode
	// writes Ember's name and this version.
	Producer, ProducerVersion string
	// Opset is the version of ai.onnx that the file was written for.
	Opset int
}

// EncodeOptions say where large weights go.
type EncodeOptions struct {
	// ExternalName is the name, without directory, of the file beside the model
	// that holds the weights of a model over the limit. Without it such a model
	// is an error.
	ExternalName string
	// ExternalLimit is the number of bytes of weights over which they move to
	// the external file; 0 means 1.5 GiB.
	ExternalLimit int64
}

// Encode makes the file of a model, and the external file of its weights where
// they are over the limit, else nil. Both refer to the memory of the weights,
// which must not change until they are written. An operator that ONNX does not
// have is an [*UnsupportedError] that names the layer.
func Encode(m *Model, o EncodeOptions) (file, external *Encoded, err error) {
	g, domains, err := exportGraph(m.Graph)
	if err != nil {
		return nil, nil, err
	}
	p := &modelProto{
		irVersion: IRVersion, producer: Producer, producerVersion: m.ProducerVersion, doc: m.Doc,
		graph: g, opsets: []*opsetProto{{version: Opset}},
	}
	for _, domain := range slices.Sorted(maps.Keys(domains)) {
		p.opsets = append(p.opsets, &opsetProto{domain: domain, version: domains[domain]})
	}
	for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
		if key == ChecksumKey || key == DataChecksumKey {
			return nil, nil, fmt.Errorf("onnx: the metadata entry %s is written by Encode", key)
		}
		p.metadata = append(p.metadata, &entryProto{key: key, value: m.Metadata[key]})
	}
	limit := o.ExternalLimit
	if limit == 0 {
		limit = externalLimit
	}
	if external = moveOut(g, limit, o.ExternalName); external != nil {
		if o.ExternalName == "" {
			return nil, nil, fmt.Errorf("onnx: %d bytes of weights are over the limit of one file: name an external file", external.size)
		}
		p.metadata = append(p.metadata, &entryProto{key: DataChecksumKey, value: checksum(external.segments...)})
	}
	sum := &entryProto{key: ChecksumKey, value: noChecksum}
	p.metadata = append(p.metadata, sum)
	// The first layout, with zeros in place of the checksum, gives the checksum;
	// the second differs from it in nothing else.
	sum.value = checksum(layOut(p).segments...)
	return layOut(p), external, nil
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
