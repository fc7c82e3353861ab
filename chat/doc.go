// Package chat holds the nouns of the desk: normalised inbound events, messages
// to be sent, the enums that clients see, and the errors that users are shown.
// It knows no database, no provider and no transport.
package chat
