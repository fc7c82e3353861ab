// Package arch holds no code: its tests hold the shape of the module. Which
// package may import which, who may use which library, how long a file may be,
// where state may live. A rule that changes is changed here, in data, with its
// reason.
package arch
