package desk

import (
	"context"
	"strconv"
)

// steps carries out actions from a step on; state is the job's payload once it has come to
// a step.
func (d *Desk) steps(ctx context.Context, at *progress, list []Action, from int, p performance, key string, state func(step int) any) error {
	noted := func() {}
	err := d.each(ctx, list, from, func(step int) *performance {
		noted() // the step before was marked
		next := p
		next.key = key + ":" + strconv.Itoa(step)
		next.mark, noted = at.marks(state(step + 1))
		return &next
	})
	if err == nil {
		noted()
	}
	return err
}
