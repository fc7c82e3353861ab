// Package route turns functions with typed input and output into HTTP routes.
//
// Routes are rows of data: method, path, policy, handler. One adaptor serves
// every row in the same order: who calls, which account, is it allowed, what
// was sent, run, answer or explain. Nothing of fasthttp leaves this package:
// every string that a handler sees is its own copy.
package route
