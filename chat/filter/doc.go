// Package filter is the language in which clients choose conversations and contacts: a list
// of conditions, each joined to the next by AND, which binds tighter, or OR. Parse reads what
// a client sent against a Grammar. The Query that comes of it is either compiled to SQL, which
// the store does, or held against one record, by Match; both agree.
package filter
