package simulator

import "context"

// Failures of calls about one number or one account, whatever their state.

// faultSet are the failures in force, by edge.
type faultSet map[string]*armed

// armed is a failure that the next calls meet.
type armed struct {
	Fault

	left   int // calls that still meet it; -1: all
	healed chan struct{}
}

// wait hangs until the failure is healed (true) or the caller is gone.
func (a *armed) wait(ctx context.Context) bool {
	select {
	case <-a.healed:
		return true
	case <-ctx.Done():
		return false
	}
}

func (f *faultSet) arm(edge string, fault Fault, times int) {
	if *f == nil {
		*f = faultSet{}
	}
	f.heal(edge)
	if times == 0 {
		times = -1
	}
	(*f)[edge] = &armed{Fault: fault, left: times, healed: make(chan struct{})}
}

func (f *faultSet) heal(edge string) {
	if a := (*f)[edge]; a != nil {
		close(a.healed)
		delete(*f, edge)
	}
}

func (f *faultSet) healAll() {
	for edge := range *f {
		f.heal(edge)
	}
}

// take returns the failure that a call meets, nil for none. One that is used up
// stays, so that a call which hangs in it can be healed.
func (f *faultSet) take(edge string) *armed {
	a := (*f)[edge]
	if a == nil || a.left == 0 {
		return nil
	}
	if a.left > 0 {
		a.left--
	}
	return a
}

// meet plays a failure of a call other than register. It returns true when the
// call is to be answered as usual after all.
func (c *call) meet(a *armed) bool {
	switch {
	case a == nil:
		return true
	case !a.Hang:
		c.fault(&a.Fault)
		return false
	case a.wait(c.r.Context()):
		return true
	}
	abandon()
	return false
}

// Fail makes calls about the number fail. edge is what follows its id in the path
// ("register", "messages", …); of the number itself "read" and "update". times 0:
// until Heal. It replaces an earlier failure of the edge.
func (n *Number) Fail(edge string, f Fault, times int) {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	n.faults.arm(edge, f, times)
}

// Heal ends the failures of the number and lets hanging calls go on.
func (n *Number) Heal() {
	n.waba.mu.Lock()
	defer n.waba.mu.Unlock()
	n.faults.healAll()
}

// Fail makes calls about the account fail; see Number.Fail.
func (w *WABA) Fail(edge string, f Fault, times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults.arm(edge, f, times)
}

// Heal ends the failures of the account.
func (w *WABA) Heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults.healAll()
}
