// Package localq keeps a queue.Log in one SQLite file.
//
// Each partition has a table of its own, in the order of its sequence numbers, so
// that appending always happens at the right end of a tree and retention removes
// from its left end; neither grows dearer with the number of entries. What was
// read and what was acknowledged are two cursors per partition: acknowledging in
// order moves a cursor, whatever the size of the batch. Entries that leave the
// order, delayed and dead ones, move to tables of their own.
//
// One goroutine writes. It commits all operations that wait in one transaction.
// A transaction with an append in it is synced to the disk before anybody is told;
// one that only moves cursors is not, since losing it to a power cut means that
// entries are read once more, which every reader must expect anyway.
//
// One process owns the file. Leases are therefore kept in memory: a process that
// died took its leases with it, and opening the file counts what it had read and
// not acknowledged as given back.
package localq
