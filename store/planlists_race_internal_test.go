//go:build race

package store

// Under the race detector the embedded database is ten times slower, and its plans do
// not depend on the number of rows.
const manyRowsSQLite = manyRows / 5
