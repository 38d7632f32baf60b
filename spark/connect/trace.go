package connect

import "strings"

// trimTrace takes from the message of a failed job what does not tell: Java's stack frames, the frames of Python inside
// Spark, and the list of the driver's frames; what the user's code said remains.
func trimTrace(message string) string {
	message, _, _ = strings.Cut(message, "\nDriver stacktrace:")
	lines := strings.Split(message, "\n")
	kept := lines[:0]
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		text := strings.TrimSpace(line)
		switch {
		case javaFrame(text):
		case strings.HasPrefix(text, `File "`) && strings.Contains(text, "/pyspark/"):
			// Below it stand the line of code and the marks under it, further to the right.
			for i+1 < len(lines) && indent(lines[i+1]) > indent(line) {
				i++
			}
		default:
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		return message
	}
	return strings.TrimRight(strings.Join(kept, "\n"), "\n ")
}

// javaFrame reports whether the line is a frame of Java: "at org.apache.spark.…(File.scala:12)" or "... 12 more".
func javaFrame(s string) bool {
	return strings.HasPrefix(s, "at ") && strings.HasSuffix(s, ")") && strings.Contains(s, "(") ||
		strings.HasPrefix(s, "... ") && strings.HasSuffix(s, " more")
}

func indent(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }
