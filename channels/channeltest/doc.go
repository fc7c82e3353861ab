// Package channeltest is the conformance suite of the channel drivers. A driver
// package calls it from two small tests:
//
//	func TestDriver(t *testing.T) { channeltest.Run(t, build) }
//	func FuzzDriver(f *testing.F) { channeltest.Fuzz(f, build) }
//
//	func build(env *channels.Env) channels.Driver { return line.New(env) }
//
// Run plays every case file under testdata (*.json, */*.json) and then the rules
// that hold for every driver. Options: With(build) fills the directory with the
// addresses of another driver (Instagram pages that are Facebook channels),
// Cases(glob, …) names the case files of this driver when several drivers share
// a folder.
//
// # Case files
//
// given.config are installation settings (channels.Env.Setting; FRONTEND_URL
// defaults to https://desk.example.test), given.inboxes the channels: each
// object is the settings of the channel (channels.Channel.Settings) and carries
// inbox_id, account_id and channel_type besides, optionally signature_mode and
// account_inactive. given.signature_mode is the installation's mode (enforce).
// Other keys of given are merged into the settings of the first inbox.
//
// request {method, path, query, headers, one of body | body_raw | form}: a JSON
// body is sent without insignificant white space, key order and escapes kept.
//
// expect.status and expect.response_body (text, or JSON compared as JSON) are
// the answer. expect.events are compared in order with the events of the
// verdict, in part: what is listed must match, null, "", [] and {} mean absent
// or empty, and a field that the event leaves out has its default (direction
// incoming, content_type text, auth none, thread type direct, forwarded none).
// Moments are RFC 3339. Lists have the same length. note is free text.
// external_error of an event is status.external_error, auth.result its proof. What
// the program says itself (placeholders, refusals) is compared in English.
//
//   - Events with a key that the same inbox already had in the request are left
//     out, as the store leaves them out.
//   - Events of kind ignored are compared where the case lists them; a driver
//     may produce more of them than a case lists.
//   - Events of kind test and ignored are compared even when no inbox has their
//     address.
//   - provider_calls of an inbound case are made by jobs after the event is
//     stored, never while it is decoded. For each event in turn, and as long as
//     calls are left, the message is enriched, an interaction acknowledged, the
//     attachments that only the provider can give are fetched, and the contact's
//     profile is asked for; what is found out is written into the event before
//     it is compared. contact.profile_lookup is "failed" after a refused
//     look-up and absent after one that succeeded. Each call has to be made.
//   - stored_messages, final, inbox, contact_inbox, conversation and message are
//     about stored state and are not looked at here.
//
// An outbound case has direction "outbound" and message {to, content,
// content_type, content_attributes {items, in_reply_to_external_id, …},
// attachments [{file_type, download_url, filename, mime, duration_ms}],
// additional_attributes {template_params}, conversation {additional_attributes},
// last_incoming_age_s, last_incoming_id, reply_token, reply_token_age_s,
// quote_token, contact_name, screen_name}. Without to, the recipient is read
// from the first expected provider call. Without last_incoming_age_s something
// came in ten minutes ago; null: nothing ever came in. reply_token_age_s is how
// long ago a token of one minute was given.
//
// provider_calls are answered in order by a stand-in; any other call fails the
// test. method, URL, query, headers, body (JSON) and form are compared in part.
// <job_id> stands for the job's id, <a:b> for base64 of the settings a and b,
// <a> for the setting a. A part that is throttled or may be retried is sent
// again while calls are left. expect {status sent | delivered | failed | retry,
// provider_ids, error_class, external_error} is compared with what the relay
// would have seen.
package channeltest
