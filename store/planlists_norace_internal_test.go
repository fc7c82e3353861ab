//go:build !race

package store

const manyRowsSQLite = manyRows
