// Package simulator stands in for every messaging provider that Tributary talks
// to: one plain HTTP listener on the loopback interface that answers their APIs
// under distinct path prefixes, signs webhooks exactly as they do and fails on
// demand. The demo, the end-to-end tests, the crash tests and the benchmarks
// run the real program against it; Settings names the addresses and secrets to
// start the program with.
//
// The shapes of requests and answers follow the providers' public references:
// Meta Graph API (Messenger, Instagram, WhatsApp Cloud), X Account Activity API
// v1.1, LINE Messaging API, Telegram Bot API, Bandwidth Messaging v2, Twilio
// Programmable Messaging 2010-04-01 and 360dialog WhatsApp Business API v1.
//
// WhatsApp numbers have a life: numbers.go adds them to business accounts, their
// state decides what Meta answers, number_move.go plays Meta's side, management.go
// tells the program, and number_journal.go says what the program did.
package simulator
