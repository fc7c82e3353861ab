//go:build !race

package store

// listRows is how many contacts, conversations and inboxes the lists are read among.
const listRows = 100_000
