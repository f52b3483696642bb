package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/control"
)

// errNotTaken: the portal that runs has no module of that name from a program.
var errNotTaken = errors.New("portal.yaml does not name it, at modules.NAME.path")

// errEnded: the portal ended, and that was said already.
var errEnded = errors.New("the portal has ended")

// dataFolder asks the portal's program where it keeps its data, which is where one that runs can be found.
func dataFolder(ctx context.Context, r Repository, args []string) (string, error) {
	var errs bytes.Buffer
	command := exec.CommandContext(ctx, r.Main().Path, append([]string{"config", "--json"}, args...)...)
	command.Dir, command.Stderr = r.Portal, &errs
	out, err := command.Output()
	var said struct {
		Values []struct {
			Key   string `json:"key"`
			Value any    `json:"value"`
		} `json:"values"`
	}
	if jsonErr := json.Unmarshal(out, &said); jsonErr != nil {
		return "", fmt.Errorf("ask the portal where its data is: %w\n%s", errors.Join(err, jsonErr), errs.String())
	}
	for _, v := range said.Values {
		if folder, ok := v.Value.(string); ok && v.Key == "data" {
			return folder, nil
		}
	}
	return "", fmt.Errorf("ask the portal where its data is: it does not say; see portal config")
}

// dial connects to the portal once it is open.
func dial(ctx context.Context, folder string, p *portal) (*control.Conn, error) {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := control.Dial(ctx, folder)
		switch {
		case err == nil && conn.Place.PID == p.command.Process.Pid:
			return conn, nil
		case err == nil:
			_ = conn.Close() // another portal's
		case !errors.Is(err, control.ErrNotRunning):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-p.ended:
			return nil, errEnded
		case <-again.C:
		}
	}
}

// swap has the portal put the program that stands at the plugin's path now into the place of the one that runs, and tells
// for how long calls waited at most.
func swap(ctx context.Context, conn *control.Conn, id string) (pause time.Duration, err error) {
	response, err := kernelv1.NewModuleServiceClient(conn).SwapModule(ctx, &kernelv1.SwapModuleRequest{Id: id})
	switch {
	case status.Code(err) == codes.NotFound:
		return 0, errNotTaken
	case err != nil:
		return 0, errors.New(status.Convert(err).Message())
	}
	return time.Duration(response.GetPauseMs() * float64(time.Millisecond)), nil
}
