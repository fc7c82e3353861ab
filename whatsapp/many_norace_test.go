//go:build !race

package whatsapp_test

// many is how many numbers TestManyNumbers has.
const many = 10_000
