package cluster

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/emberml/ember/spark/connect"
)

// tokenEnv is the environment variable with the token for Spark Connect.
const tokenEnv = "EMBER_TOKEN"

// remoteEnv is Spark's own variable with an address and, perhaps, a token.
const remoteEnv = "SPARK_REMOTE"

// ReadToken returns the token for Spark Connect that is in a file; without a file,
// that of the environment variable EMBER_TOKEN; empty if there is none. What is
// unsafe about the file is written to warnings.
func ReadToken(file string, warnings io.Writer) (string, error) {
	if file == "" {
		return os.Getenv(tokenEnv), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("the token for Spark Connect: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("the token for Spark Connect: %s is empty", file)
	}
	if info, err := os.Stat(file); err == nil && runtime.GOOS != "windows" && info.Mode()&0o077 != 0 {
		fmt.Fprintf(warnings, "warning: others on this machine can read the token in %s: chmod 600 %[1]s\n", file)
	}
	return token, nil
}

// WithoutToken is a command line without the tokens in its addresses of Spark, to be
// shown and passed on; there is a warning if it had one.
func WithoutToken(args []string, warnings io.Writer) []string {
	out := make([]string, len(args))
	told := false
	for i, arg := range args {
		out[i] = arg
		if _, value, _ := strings.Cut(arg, "="); !strings.HasPrefix(arg, sparkConnect) && !strings.HasPrefix(value, sparkConnect) {
			continue
		}
		if out[i] = connect.WithoutToken(arg); out[i] != arg && !told {
			told = true
			fmt.Fprintf(warnings, "warning: a token on the command line shows in the list of processes and in the shell's history: give it in the environment as %s, or by --token-file\n", tokenEnv)
		}
	}
	return out
}
