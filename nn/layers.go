package nn

import (
	"reflect"
	"strings"

	"github.com/emberml/ember/internal/config"
)

// Layers are the layers of net files by key. To add one is to write its type
// and a line here.
var Layers = map[string]Layer{
	"dense":                 Dense{},
	"conv2d":                Conv2D{},
	"max_pool2d":            MaxPool2D{},
	"average_pool2d":        AveragePool2D{},
	"global_average_pool2d": GlobalAveragePool2D{},
	"global_max_pool2d":     GlobalMaxPool2D{},
	"batch_norm":            BatchNorm{},
	"layer_norm":            LayerNorm{},
	"dropout":               Dropout{},
	"embedding":             Embedding{},
	"flatten":               Flatten{},
	"reshape":               Reshape{},
	"add":                   Add{},
	"multiply":              Multiply{},
	"concat":                Concat{},
	"relu":                  Relu{},
	"leaky_relu":            LeakyRelu{},
	"elu":                   Elu{},
	"sigmoid":               Sigmoid{},
	"tanh":                  Tanh{},
	"softplus":              Softplus{},
	"gelu":                  Gelu{},
	"softmax":               Softmax{},
}

// kindOf is the key of a layer or loss: its type's name in snake case.
func kindOf(v any) string {
	t := reflect.TypeOf(v)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Name() == "" {
		return "layer"
	}
	return config.Snake(t.Name())
}

// suggest is the end of a message about an unknown word.
func suggest(word string, known []string) string {
	if near := config.Nearest(word, known); near != "" {
		return "; did you mean \"" + near + "\"?"
	}
	if len(known) == 0 || len(known) > 40 {
		return ""
	}
	return "; known: " + strings.Join(known, ", ")
}
