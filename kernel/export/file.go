package export

import (
	"bufio"
	"errors"
	"io"
	"os"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/web/screen"
)

// part is how many bytes of a file go in one message.
const part = 256 << 10

// table is a file being written.
type table interface {
	screen.Sheet
	close() error
}

// file is where an export is written before it is sent: a file of the system's that has no name any more, so that it is
// gone when the export or the portal ends.
type file struct {
	*os.File
	buffer *bufio.Writer
	table  table
	// ending and contentType are those of the format.
	ending, contentType string
}

func newFile(format kernelv1.ExportFormat, language string) (*file, error) {
	opened, err := os.CreateTemp("", "cabinet-export-*")
	if err != nil {
		return nil, err
	}
	f := &file{File: opened, buffer: bufio.NewWriterSize(opened, 64<<10)}
	err = os.Remove(opened.Name())
	if format == kernelv1.ExportFormat_EXPORT_FORMAT_XLSX {
		f.ending, f.contentType = ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		f.table, err = orFirst(newXLSX(f.buffer))(err)
	} else {
		f.ending, f.contentType = ".csv", "text/csv; charset=utf-8"
		f.table, err = orFirst(newCSV(f.buffer, separatorOf(language)))(err)
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return f, nil
}

// orFirst joins an error with one that came before.
func orFirst[T table](t T, err error) func(error) (table, error) {
	return func(before error) (table, error) { return t, errors.Join(before, err) }
}

// complete ends the table and goes back to the file's beginning.
func (f *file) complete() error {
	if err := errors.Join(f.table.close(), f.buffer.Flush()); err != nil {
		return err
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}
