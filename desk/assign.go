package desk

import "context"

// choose gives a conversation that has nobody to somebody, where its inbox or its new
// team wants that.
func (e *Edit) choose(context.Context) error { return nil }
