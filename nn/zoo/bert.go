package zoo

import (
	"slices"
	"strconv"

	"github.com/emberml/ember/nn"
)

// BERTConfig are the sizes of a BERT. Left out, those of bert-base.
type BERTConfig struct {
	Vocabulary int // different tokens; 30522
	Size       int // of a token's vector; 768
	Layers     int // blocks of the encoder; 12
	Heads      int // of attention; one for each 64 of Size
	Hidden     int // between the two layers of a feed-forward net; 4·Size
	Positions  int // the longest text; 512
	Dropout    float64
	// NoPooler leaves out the pooler, and with it the classifier: the net gives
	// a vector for each token.
	NoPooler bool
}

// The sizes of the published models of that name.
var (
	BERTMini  = BERTConfig{Size: 256, Layers: 4}
	BERTSmall = BERTConfig{Size: 512, Layers: 4}
	BERTBase  = BERTConfig{Size: 768, Layers: 12}
)

// net is the net of the sizes.
func (c BERTConfig) net(input []int, outputs int) *nn.Net { return BERT(c, input, outputs) }

func (c BERTConfig) complete() BERTConfig {
	or := func(n *int, other int) {
		if *n == 0 {
			*n = other
		}
	}
	or(&c.Vocabulary, 30522)
	or(&c.Size, 768)
	or(&c.Layers, 12)
	or(&c.Heads, max(1, c.Size/64))
	or(&c.Hidden, 4*c.Size)
	or(&c.Positions, 512)
	return c
}

// BERT is the encoder of Devlin and others (2019) for texts of a number of tokens,
// input [steps], or of two segments, input [2, steps]: the tokens, and for each the
// segment, 0 or 1. Token 0 is padding. With outputs it ends in a classifier of the
// pooled first token; with none it gives the pooled vector. Parameters have the names
// of Hugging Face's BertForSequenceClassification, or BertModel.
func BERT(c BERTConfig, input []int, outputs int) *nn.Net {
	c = c.complete()
	classify := outputs > 0 && !c.NoPooler
	b := &bert{c: c, tokens: nn.InputName}
	if classify {
		b.prefix = "bert."
	}
	var kinds nn.Layer = nn.Positions{Size: 2, Units: c.Size, Single: true}
	segments := nn.InputName
	if len(input) == 2 && input[0] == 2 {
		b.tokens = b.add("tokens", nn.Select{}, nn.InputName)
		segments = b.add("segments", nn.Select{Index: 1}, nn.InputName)
		kinds = nn.Embedding{Size: 2, Units: c.Size, Init: "normal(0, 0.02)"}
	}
	x := b.add("embeddings.word_embeddings", nn.Embedding{Size: c.Vocabulary, Units: c.Size, Init: "normal(0, 0.02)"}, b.tokens)
	positions := b.add("embeddings.position_embeddings", nn.Positions{Size: c.Positions, Units: c.Size}, b.tokens)
	segment := b.add("embeddings.token_type_embeddings", kinds, segments)
	b.add("embeddings.sum", nn.Add{}, x, positions, segment)
	x = b.norm("embeddings.LayerNorm")
	x = b.dropout("embeddings.dropout", x)
	for i := range c.Layers {
		x = b.block("encoder.layer."+strconv.Itoa(i)+".", x)
	}
	if !c.NoPooler {
		b.add("first", nn.Select{})
		x = b.add("pooler.dense", b.dense(c.Size, "tanh"))
	}
	if classify {
		b.prefix = ""
		b.dropout("dropout", x)
		b.add("classifier", b.dense(outputs, ""))
	}
	net := &nn.Net{Layers: b.items}
	return classifier(net, "bert", slices.Clone(input), "{adam: {lr: 0.00005}}", "{epochs: 3, batch: 16, seed: 1}")
}

// bert adds the layers of a net.
type bert struct {
	c      BERTConfig
	prefix string // of names
	tokens string // the layer that gives them
	items  []nn.Item
}

// add returns the layer's full name.
func (b *bert) add(name string, l nn.Layer, inputs ...string) string {
	name = b.prefix + name
	b.items = append(b.items, nn.Item{Name: name, Layer: l, Inputs: inputs})
	return name
}

func (b *bert) dense(units int, activation nn.Activation) nn.Dense {
	return nn.Dense{Units: units, Activation: activation, Init: "normal(0, 0.02)", BiasInit: "zeros"}
}

func (b *bert) norm(name string) string { return b.add(name, nn.LayerNorm{Epsilon: 1e-12}) }

// dropout is x itself where there is none.
func (b *bert) dropout(name, x string) string {
	if b.c.Dropout == 0 {
		return x
	}
	return b.add(name, nn.Dropout{Rate: b.c.Dropout}, x)
}

// block is attention and a feed-forward net, each added to its input and
// normalized.
func (b *bert) block(name, x string) string {
	c := b.c
	q := b.add(name+"attention.self.query", b.dense(c.Size, ""), x)
	k := b.add(name+"attention.self.key", b.dense(c.Size, ""), x)
	v := b.add(name+"attention.self.value", b.dense(c.Size, ""), x)
	b.add(name+"attention.self", nn.Attention{Heads: c.Heads, Dropout: c.Dropout}, q, k, v, b.tokens)
	y := b.add(name+"attention.output.dense", b.dense(c.Size, ""))
	y = b.dropout(name+"attention.output.dropout", y)
	b.add(name+"attention.output.sum", nn.Add{}, y, x)
	x = b.norm(name + "attention.output.LayerNorm")
	b.add(name+"intermediate.dense", b.dense(c.Hidden, "gelu"))
	y = b.add(name+"output.dense", b.dense(c.Size, ""))
	y = b.dropout(name+"output.dropout", y)
	b.add(name+"output.sum", nn.Add{}, y, x)
	return b.norm(name + "output.LayerNorm")
}
