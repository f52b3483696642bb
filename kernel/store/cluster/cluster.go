//go:build unix

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Cluster is a running private cluster. Its methods may be called from many goroutines.
type Cluster struct {
	cfg    Config
	opt    options
	folder *folder
	server *server
	socket string
	dsn    string

	once    sync.Once
	stopErr error
}

// options are for this package alone.
type options struct {
	elsewhere string // in the place of the constant
	socket    string // the socket's folder; "": chosen
	throwaway bool   // the data is not worth a checkpoint, and goes when the portal goes
}

// Start starts the cluster in cfg.Dir, makes it first when there is none, and
// returns once it answers. When ctx ends before, everything started is stopped and the
// error is ctx's; the running cluster does not depend on ctx any more.
//
// The errors to tell apart are *NoProgramsError, *MajorError, *InUseError,
// *FolderError, *InitError and *ServerError.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	return start(ctx, cfg, options{elsewhere: elsewhere})
}

func start(ctx context.Context, cfg Config, opt options) (_ *Cluster, err error) {
	if cfg, err = cfg.validate(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f, err := openFolder(ctx, cfg.Dir, opt.elsewhere, cfg.Log)
	if err != nil {
		return nil, err
	}
	c := &Cluster{cfg: cfg, opt: opt, folder: f}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// start does the work of Start in the folder, which is locked by now.
func (c *Cluster) start(ctx context.Context) error {
	f, log := c.folder, c.cfg.Log
	major, err := dataMajor(f.data())
	if err != nil {
		return err
	}
	programs, err := FindPrograms(ctx, c.cfg.BinDir, major)
	var wrong *MajorError
	if errors.As(err, &wrong) {
		wrong.Data = f.data()
	}
	if err != nil {
		return err
	}
	var password string
	if major == 0 {
		if password, err = c.create(ctx, programs); err != nil {
			return err
		}
	} else {
		if err := takeOver(ctx, f, log); err != nil {
			return err
		}
		if password, err = readPassword(f.password()); err != nil {
			return err
		}
		if password == "" {
			if password, err = resetPassword(ctx, programs, f, log); err != nil {
				return err
			}
		}
	}
	if c.socket, err = socketDir(f, c.opt.socket); err != nil {
		return err
	}
	c.dsn = dsn(c.socket, password)
	if err := c.launch(ctx, programs); err != nil {
		return err
	}
	return c.ping(ctx)
}

// create makes the data of a new cluster and returns its superuser's password.
func (c *Cluster) create(ctx context.Context, p Programs) (string, error) {
	f := c.folder
	c.cfg.Log.InfoContext(ctx, "making a database cluster", "path", f.data(), "version", p.Version, "user", f.account.name)
	password := newPassword()
	err := stage(f.base, f.account, func(staging string) (err error) {
		if c.cfg.Template != "" {
			password, err = copyTemplate(ctx, c.cfg, p, f.account, staging)
			return err
		}
		return initdb(ctx, p, f.account, staging, password, c.cfg.Fast)
	}, func() error {
		return writeFile(f.password(), password+"\n")
	})
	return password, err
}

// launch starts the server and waits until it is ready. Processes of a server that was
// killed take a moment to notice and to let go of its shared memory.
func (c *Cluster) launch(ctx context.Context, p Programs) error {
	w := watch{signal: "INT", pidfile: filepath.Join(c.folder.data(), "postmaster.pid")}
	if c.opt.throwaway {
		w.signal, w.remove = "QUIT", c.folder.data()
	}
	limit, cancel := context.WithTimeout(ctx, immediateWait)
	defer cancel()
	return poll(ctx, func() (bool, error) {
		s, err := launch(ctx, p, c.folder, w, c.socket, c.cfg.Fast, c.cfg.Log)
		if err != nil {
			return false, err
		}
		c.server = s
		err = s.ready(ctx)
		var ended *ServerError
		if errors.As(err, &ended) && strings.Contains(ended.Output, "pre-existing shared memory block") && limit.Err() == nil {
			c.cfg.Log.InfoContext(ctx, "waiting for what is left of a killed server to end", "path", c.folder.data())
			return false, nil
		}
		return err == nil, err
	})
}

// ping sees that the password is right.
func (c *Cluster) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.dsn)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("the database was started but does not let the portal in: %w;"+
			" if %s is not its password, remove that file and start again: a new password is then set", err, c.folder.password())
	}
	return conn.Close(ctx)
}

// dsn returns the superuser's connection string.
func dsn(socket, password string) string {
	u := url.URL{
		Scheme: "postgres",
		User:   url.UserPassword("postgres", password),
		Path:   "/postgres",
		RawQuery: url.Values{
			"host": {socket}, "port": {strconv.Itoa(port)}, "sslmode": {"disable"},
		}.Encode(),
	}
	return u.String()
}

// DSN returns the superuser's connection string, a URL: role "postgres", database "postgres",
// over the unix socket. It holds the password: never log it.
func (c *Cluster) DSN() string { return c.dsn }

// Data returns the folder of the cluster's data.
func (c *Cluster) Data() string { return c.folder.data() }

// Done is closed when the server process has ended, stopped or not.
func (c *Cluster) Done() <-chan struct{} { return c.server.done }

// Err says why the server ended without having been stopped: a *ServerError. It is nil while it
// runs and after Stop.
func (c *Cluster) Err() error {
	select {
	case <-c.server.done:
	default:
		return nil
	}
	c.server.said.mu.Lock()
	stopping := c.server.said.stopping
	c.server.said.mu.Unlock()
	if stopping {
		return nil
	}
	return c.server.ended()
}

// Stop stops the server and lets go of the folder. Connections are closed and the data
// is written out; when that takes longer than ctx or 30 s the server is stopped
// at once, without loss: the next start recovers. Stopping twice, or after the
// server ended, is safe, and every call returns once it has ended.
func (c *Cluster) Stop(ctx context.Context) error {
	c.once.Do(func() { c.stopErr = c.stop(ctx) })
	return c.stopErr
}

func (c *Cluster) stop(ctx context.Context) error {
	if c.server != nil {
		first := syscall.SIGINT
		if c.opt.throwaway {
			first = syscall.SIGQUIT
		}
		if err := c.server.stop(ctx, first, c.cfg.Log); err != nil {
			return err // the lock stays: the server still runs
		}
	}
	var err error
	if c.socket != "" {
		err = os.RemoveAll(c.socket)
	}
	if c.opt.throwaway {
		err = errors.Join(err, os.RemoveAll(c.cfg.Dir))
	}
	c.folder.close()
	return err
}
