// Package validate holds what is below deploy to its word, offline: Kubernetes'
// own types decode every object, rules of ours check what types cannot, and the
// program itself is asked which variables, routes and metrics it has. It is a
// module of its own, so that the program does not depend on Kubernetes' libraries.
package validate
