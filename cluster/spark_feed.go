package cluster

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/emberml/ember/data"
	"github.com/emberml/ember/frame"
	"github.com/emberml/ember/spark/connect"
)

// feed is the rows of the job's queries, dealt to the workers.
//
// A row's place is the hash of its content. Which shard it belongs to, and its order
// within the shard, do then not depend on how Spark has come to the rows, and a
// further generation gets them in the order of the one before. Shards belong to
// workers as [data.RankOf] says.
func (l *sparkLauncher) feed(ctx context.Context) (*connect.DataFrame, error) {
	var all *connect.DataFrame
	for part, query := range l.o.Queries {
		if query == "" {
			continue
		}
		df, err := l.query(ctx, query)
		if err != nil {
			return nil, &Error{Rank: -1, Cause: err.Error()}
		}
		given, err := df.Schema(ctx)
		if err != nil {
			return nil, &Error{Rank: -1, Cause: err.Error()}
		}
		if err := checkColumns(query, given.Names()); err != nil {
			return nil, err
		}
		df = df.WithColumns(connect.Assignment{Name: data.PartColumn, SQL: fmt.Sprint(part)})
		if all == nil {
			all = df
		} else {
			all = all.Union(df)
		}
	}
	columns, err := all.Schema(ctx)
	if err != nil {
		return nil, &Error{Rank: -1, Cause: err.Error()}
	}
	if err := l.boundBatches(ctx, columns); err != nil {
		return nil, &Error{Rank: -1, Cause: err.Error()}
	}
	var names []string
	for _, name := range columns.Names() {
		names = append(names, "`"+strings.ReplaceAll(name, "`", "``")+"`")
	}
	parts := l.o.VirtualWorkers
	if parts == 0 {
		parts = l.n
	}
	shards := data.FeedShards(parts)
	keys := partitionKeys(l.n)
	owners := make([]string, shards)
	for s := range owners {
		owners[s] = fmt.Sprint(keys[data.RankOf(data.PartOf(s, shards, parts), parts, l.n)])
	}
	place := "xxhash64(" + strings.Join(names, ", ") + ")"
	return all.
		WithColumns(connect.Assignment{Name: data.RowColumn, SQL: place}).
		WithColumns(connect.Assignment{Name: data.ShardColumn, SQL: fmt.Sprintf("CAST(pmod(%s, %d) AS INT)", data.RowColumn, shards)}).
		RepartitionBy(l.n, fmt.Sprintf("element_at(array(%s), %s + 1)", strings.Join(owners, ", "), data.ShardColumn)), nil
}

// checkColumns refuses names of the columns that feeding adds: Spark would have these
// replace the query's own. It does not tell small letters from capitals.
func checkColumns(query string, names []string) error {
	for _, name := range names {
		for _, added := range []string{data.RowColumn, data.ShardColumn, data.PartColumn} {
			if strings.EqualFold(name, added) {
				return &Error{
					Rank: -1, Cause: fmt.Sprintf("the column %s of %s has a name that is Ember's own, of a column with which rows are fed", name, query),
					Hint: fmt.Sprintf("give it another: SELECT %s AS …", name),
				}
			}
		}
	}
	return nil
}

// What a batch of rows may hold on its way to a worker, where several copies of it
// are in memory at once. Spark's own bound of 10,000 rows is too much for images.
const (
	batchBytes = 16 << 20
	batchRows  = 256 // where Spark knows no bound in bytes: before 4.0
)

// boundBatches keeps the session's batches of such columns small enough for workers
// with little memory. Bounds that are tighter already stay.
func (l *sparkLauncher) boundBatches(ctx context.Context, columns frame.Schema) error {
	key, bound := "spark.sql.execution.arrow.maxBytesPerBatch", batchBytes
	if strings.HasPrefix(l.session.Version(), "3.") {
		if !slices.ContainsFunc(columns, func(f frame.Field) bool { return !f.Type.Kind.IsNumber() }) {
			return nil
		}
		key, bound = "spark.sql.execution.arrow.maxRecordsPerBatch", batchRows
	}
	now, _, err := l.session.Conf(ctx, key)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(strings.TrimSuffix(now, "b")); err == nil && n > 0 && n <= bound {
		return nil
	}
	return l.session.SetConf(ctx, key, strconv.Itoa(bound))
}

// query is a table, or the rows of a SQL query.
func (l *sparkLauncher) query(ctx context.Context, text string) (*connect.DataFrame, error) {
	text = strings.TrimSuffix(strings.TrimSpace(text), ";")
	if strings.ContainsAny(text, " \t\n(") {
		return l.session.SQL(ctx, text)
	}
	return l.session.Table(text), nil
}

// partitionKeys are numbers by which Spark's hash partitioning deals rows to n
// partitions: the key of rank r gets into partition r.
func partitionKeys(n int) []int32 {
	keys, found := make([]int32, n), make([]bool, n)
	for key, missing := int32(0), n; missing > 0; key++ {
		p := int(int32(murmur3(uint32(key), 42))) % n
		if p < 0 {
			p += n
		}
		if !found[p] {
			keys[p], found[p] = key, true
			missing--
		}
	}
	return keys
}

// murmur3 is the hash of a 32-bit number: Appleby's MurmurHash3_x86_32 of its four
// bytes, as Spark's Murmur3Hash has it.
func murmur3(x, seed uint32) uint32 {
	x *= 0xcc9e2d51
	x = bits.RotateLeft32(x, 15)
	x *= 0x1b873593
	h := seed ^ x
	h = bits.RotateLeft32(h, 13)
	h = h*5 + 0xe6546b64
	h ^= 4
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}
