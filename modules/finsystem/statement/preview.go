package statement

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// Preview is the first rows of a table, for who makes a [Mapping] of it. Of the options only the encoding, the limits and the
// mapping's delimiter count.
func Preview(ctx context.Context, r io.Reader, o Options, rows int) ([][]string, error) {
	o.Limits.defaults()
	rd := &reading{Options: o, ctx: ctx}
	file := bufio.NewReaderSize(&counted{r: r, ctx: ctx, left: o.Limits.Bytes, most: o.Limits.Bytes}, headSize)
	text, err := decoded(file, o.Encoding, "")
	if err != nil {
		return nil, err
	}
	delimiter := ""
	if o.Mapping != nil {
		delimiter = o.Mapping.Delimiter
	}
	table, err := rd.openRows(text, delimiter, nil)
	if err != nil {
		return nil, err
	}
	var all [][]string
	for len(all) < rows {
		row, err := table.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}
