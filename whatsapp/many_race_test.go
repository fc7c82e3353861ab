//go:build race

package whatsapp_test

// many is how many numbers TestManyNumbers has: the race detector makes everything
// ten times slower.
const many = 1_000
