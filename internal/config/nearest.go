package config

import "strings"

// Nearest is the candidate that a misspelt word most probably means, or "" if
// none is near: the one at the least edit distance (insertions, deletions,
// replacements, swaps of neighbors; case and underscores do not count), which
// must be at most a third of the word's length, rounded up.
func Nearest(word string, candidates []string) string {
	plain := fold(word)
	limit := (len(plain) + 2) / 3
	best, bestDistance := "", limit+1
	for _, c := range candidates {
		if d := distance(plain, fold(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// didYouMean is a hint that names the nearest candidate, else all of a few.
func didYouMean(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return "did you mean \"" + near + "\"?"
	}
	if len(candidates) == 0 || len(candidates) > 40 {
		return ""
	}
	return "known: " + strings.Join(candidates, ", ")
}

func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
}

// distance is the optimal string alignment distance.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
