// Package e2e_test runs the whole program, over real HTTP, against the provider
// simulator, on the embedded back end and on PostgreSQL with Redis.
package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"tributary/app"
	"tributary/app/command"
	"tributary/store/storetest"
)

// childMode makes the test binary the program itself: crash tests start it as a
// process of its own and kill it.
const childMode = "E2E_RUN_PROGRAM"

func TestMain(m *testing.M) {
	app.SetUpProcess()
	if os.Getenv(childMode) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		status := command.Main(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
		stop()
		os.Exit(status)
	}
	answers, err := checkAnswers()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(answers.status(storetest.Prepared.Around(m).Run()))
}
