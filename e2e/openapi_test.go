package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"sync"

	"tributary/api"
	"tributary/api/openapi/openapitest"
	"tributary/app"
)

// answers holds what the program answers in all tests against its description.
type answers struct {
	mu    sync.Mutex
	wrong map[string]bool
}

// checkAnswers begins to check what http.DefaultClient gets, by which the tests call.
func checkAnswers() (*answers, error) {
	rows := append(app.HookRows(), api.New(api.Deps{}).Rows()...)
	text, err := api.Describe(rows, true)
	if err != nil {
		return nil, err
	}
	checker, err := openapitest.New(rows, text)
	if err != nil {
		return nil, err
	}
	a := &answers{wrong: map[string]bool{}}
	http.DefaultClient.Transport = checker.Transport(http.DefaultTransport, func(err error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.wrong[err.Error()] = true
	})
	return a, nil
}

// status is how the tests end that ended with status.
func (a *answers) status(status int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	for text := range a.wrong {
		fmt.Fprintln(os.Stderr, "FAIL:", text)
		status = max(status, 1)
	}
	return status
}
