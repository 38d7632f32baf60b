package nn

import (
	"reflect"
	"strings"

	"github.com/emberml/ember/internal/config"
)

// Layers are the layers of net files by key. To add one is to write its type
// and a line here.
var Layers = map[string]Layer{
	"dense":                   Dense{},
	"conv1d":                  Conv1D{},
	"conv2d":                  Conv2D{},
	"conv3d":                  Conv3D{},
	"depthwise_conv2d":        DepthwiseConv2D{},
	"separable_conv2d":        SeparableConv2D{},
	"max_pool1d":              MaxPool1D{},
	"max_pool2d":              MaxPool2D{},
	"max_pool3d":              MaxPool3D{},
	"average_pool1d":          AveragePool1D{},
	"average_pool2d":          AveragePool2D{},
	"average_pool3d":          AveragePool3D{},
	"adaptive_average_pool2d": AdaptiveAveragePool2D{},
	"global_average_pool1d":   GlobalAveragePool1D{},
	"global_average_pool2d":   GlobalAveragePool2D{},
	"global_average_pool3d":   GlobalAveragePool3D{},
	"global_max_pool1d":       GlobalMaxPool1D{},
	"global_max_pool2d":       GlobalMaxPool2D{},
	"global_max_pool3d":       GlobalMaxPool3D{},
	"zero_pad":                ZeroPad{},
	"upsample":                Upsample{},
	"batch_norm":              BatchNorm{},
	"layer_norm":              LayerNorm{},
	"rms_norm":                RMSNorm{},
	"dropout":                 Dropout{},
	"embedding":               Embedding{},
	"attention":               Attention{},
	"multi_head_attention":    MultiHeadAttention{},
	"transformer_encoder":     TransformerEncoder{},
	"transformer_decoder":     TransformerDecoder{},
	"positional_encoding":     PositionalEncoding{},
	"positions":               Positions{},
	"rotary":                  Rotary{},
	"select":                  Select{},
	"simple_rnn":              SimpleRNN{},
	"lstm":                    LSTM{},
	"gru":                     GRU{},
	"flatten":                 Flatten{},
	"reshape":                 Reshape{},
	"permute":                 Permute{},
	"add":                     Add{},
	"multiply":                Multiply{},
	"concat":                  Concat{},
	"relu":                    Relu{},
	"relu6":                   Relu6{},
	"leaky_relu":              LeakyRelu{},
	"elu":                     Elu{},
	"sigmoid":                 Sigmoid{},
	"tanh":                    Tanh{},
	"softplus":                Softplus{},
	"gelu":                    Gelu{},
	"softmax":                 Softmax{},
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
