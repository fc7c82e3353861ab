// Command tributary is the whole program: webhook edge, workers, relay, API and
// scheduler, in one process or in as many as it takes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"tributary/app"
	"tributary/app/command"
)

func main() {
	app.SetUpProcess()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := command.Main(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
