// Package wording says in the reader's language what the program itself has to
// say: the text in place of a message that was taken back, why a message could not
// be sent, what somebody is called whose name nobody told.
//
// Whoever has something to say makes a Text, which is a key of the catalogue and
// its arguments; whoever knows the reader turns it into words with Locale.Say.
// Drivers and events carry texts, so that they need not know for whom.
//
//	text := wording.PlaceholderStoryMention.With("name", "tomas.bakes")
//	locale.Say(text) // "tomas.bakes mencionou você no story"
//
// Words of others (a provider's error, a contact's name) are no business of the
// catalogue.
//
// The catalogue is locales/<code>.json, one file for each language that an account
// can have, grouped by area. {name} stands for an argument. A text about a number
// has a form for each way in which its language counts (the plural categories of
// the CLDR), and is made with Count.
//
// To add a text: a constant in keys.go, and the text in every file. The tests name
// what is missing, and calls that pass other arguments than the text has.
package wording
