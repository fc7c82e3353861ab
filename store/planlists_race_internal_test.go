//go:build race

package store

// listRows is how many contacts, conversations and inboxes the lists are read among:
// under the race detector the embedded database is ten times slower, and its plans do
// not depend on the number.
const listRows = 20_000
