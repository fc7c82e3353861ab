package wording

// What stands in the place of content that a provider did not give or took away.
const (
	PlaceholderDeleted       Key = "placeholder.deleted"       // the contact took the message back
	PlaceholderStoryGone     Key = "placeholder.story_gone"    // the story that mentioned us is not there any more
	PlaceholderStoryMention  Key = "placeholder.story_mention" // name
	PlaceholderNoPhoneNumber Key = "placeholder.no_phone_number"
)

// What contacts are called whom the provider tells nothing about.
const (
	ContactUser             Key = "contact.user" // channel, id
	ContactUnknownInstagram Key = "contact.unknown_instagram"
)

// Activity messages, which agents read between the messages of a conversation.
const (
	ActivityResolvedBy   Key = "activity.resolved_by"   // name
	ActivityReopenedBy   Key = "activity.reopened_by"   // name
	ActivityPendingBy    Key = "activity.pending_by"    // name
	ActivitySnoozedBy    Key = "activity.snoozed_by"    // name
	ActivityResolvedIdle Key = "activity.resolved_idle" // period, see the three that follow

	PeriodDays    Key = "period.days"    // count
	PeriodHours   Key = "period.hours"   // count
	PeriodMinutes Key = "period.minutes" // count

	ActivityPrioritySet     Key = "activity.priority_set"     // name, priority
	ActivityPriorityChanged Key = "activity.priority_changed" // name, from, to
	ActivityPriorityRemoved Key = "activity.priority_removed" // name

	PriorityLow    Key = "priority.low"
	PriorityMedium Key = "priority.medium"
	PriorityHigh   Key = "priority.high"
	PriorityUrgent Key = "priority.urgent"

	ActivityLabelsAdded   Key = "activity.labels_added"   // name, labels
	ActivityLabelsRemoved Key = "activity.labels_removed" // name, labels

	ActivityAssigned     Key = "activity.assigned"      // name, assignee
	ActivitySelfAssigned Key = "activity.self_assigned" // name
	ActivityUnassigned   Key = "activity.unassigned"    // name

	ActivityTeamAssigned       Key = "activity.team_assigned"        // name, team
	ActivityTeamMemberAssigned Key = "activity.team_member_assigned" // name, assignee, team
	ActivityTeamRemoved        Key = "activity.team_removed"         // name

	ActivityMuted   Key = "activity.muted"   // name
	ActivityUnmuted Key = "activity.unmuted" // name

	ActivitySurveyHeld   Key = "activity.survey_held"
	ActivityFarewellHeld Key = "activity.farewell_held"
	// ActivityReopenedByMessage: the system did, since the contact wrote.
	ActivityReopenedByMessage Key = "activity.reopened_by_message"

	// Who does what nobody does in person.
	AuthorAutomation Key = "author.automation" // an automation rule
	AuthorSystem     Key = "author.system"     // the program itself
)

// What is sent to customers.
const (
	// CustomerChooseItem opens a list of choices; WhatsApp shows 20 characters.
	CustomerChooseItem Key = "customer.choose_item"
	// CustomerPreChat stands above the form that a website's visitor fills in first.
	CustomerPreChat Key = "customer.pre_chat"
	// CustomerRate asks how a conversation went; a link may follow.
	CustomerRate Key = "customer.rate"
	// CustomerReachYou and CustomerEmail ask a website's visitor for an address.
	CustomerReachYou Key = "customer.reach_you"
	CustomerEmail    Key = "customer.email"
)

// Why a message could not be sent, in our own words: content_attributes.external_error.
const (
	FailureInternal        Key = "failure.internal"
	FailureCannotSend      Key = "failure.cannot_send"
	FailureTooLate         Key = "failure.too_late"
	FailureSettingMissing  Key = "failure.setting_missing" // setting
	FailureTokenExpired    Key = "failure.token_expired"
	FailureProviderAddress Key = "failure.provider_address"
	FailureUnreachable     Key = "failure.unreachable"
	FailureTimeout         Key = "failure.timeout"
	FailureUnreadable      Key = "failure.unreadable" // the provider's answer
	FailureStatus          Key = "failure.status"     // provider, status
	FailureRateLimit       Key = "failure.rate_limit"
	FailureEmpty           Key = "failure.empty"
	FailureNoAddress       Key = "failure.no_address"
	FailureWindowClosed    Key = "failure.window_closed"
	FailureWindowTemplate  Key = "failure.window_template"

	FailureTemplateInvalid   Key = "failure.template_invalid"
	FailureTemplateUnknown   Key = "failure.template_unknown"
	FailureTemplateParameter Key = "failure.template_parameter"
	FailureTemplateMediaURL  Key = "failure.template_media_url"
	FailureTemplateMediaType Key = "failure.template_media_type"
	FailureCouponTooLong     Key = "failure.coupon_too_long" // limit

	FailureAttachmentUnreadable Key = "failure.attachment_unreadable"
	FailureAttachmentAddress    Key = "failure.attachment_address"
	FailureAttachmentTooLarge   Key = "failure.attachment_too_large" // limit, in MB
	FailureAttachmentType       Key = "failure.attachment_type"      // provider
	FailureAttachmentRefused    Key = "failure.attachment_refused"   // provider, reason
	FailureAttachmentPending    Key = "failure.attachment_pending"   // provider

	FailureWebhookURL         Key = "failure.webhook_url"
	FailureWebhookUnreachable Key = "failure.webhook_unreachable"
	FailureWebhookForbidden   Key = "failure.webhook_forbidden"
	FailureWebhookRedirects   Key = "failure.webhook_redirects"
	FailureWebhookTimeout     Key = "failure.webhook_timeout"

	// A WhatsApp number that Meta lets send nothing.
	FailureNumberBanned     Key = "failure.number_banned"
	FailureNumberDeleted    Key = "failure.number_deleted"
	FailureNumberMigrated   Key = "failure.number_migrated"
	FailureNumberBlocked    Key = "failure.number_blocked"
	FailureNumberOffboarded Key = "failure.number_offboarded"
)

// What mails tell administrators about a WhatsApp number: what happened, the subject
// and headline of the mail.
const (
	NoticeNameDeclined  Key = "notice.name_declined"
	NoticeNameExpired   Key = "notice.name_expired"
	NoticeVerify        Key = "notice.verify"
	NoticePIN           Key = "notice.pin"
	NoticeBusyElsewhere Key = "notice.busy_elsewhere"
	NoticeGone          Key = "notice.gone"
	NoticeRestricted    Key = "notice.restricted"
	NoticeOnPremise     Key = "notice.on_premise"
	NoticeStuck         Key = "notice.stuck"
	NoticeRateLimited   Key = "notice.rate_limited"
	NoticeAbandoned     Key = "notice.abandoned"
	NoticeAuthError     Key = "notice.auth_error"
	NoticeWaiting       Key = "notice.waiting" // count, of days
	NoticeLive          Key = "notice.live"
	NoticeCallback      Key = "notice.callback"
	NoticeMismatch      Key = "notice.mismatch"
	NoticeOpenApp       Key = "notice.open_app"
	NoticeQualityMedium Key = "notice.quality_medium"
	NoticeQualityLow    Key = "notice.quality_low"
	NoticeFlagged       Key = "notice.flagged"
	NoticeLimited       Key = "notice.limited"
	NoticeTierLower     Key = "notice.tier_lower"
	NoticeBanScheduled  Key = "notice.ban_scheduled"
	NoticeMetaAlert     Key = "notice.meta_alert" // type, Meta's word
	NoticeRecovered     Key = "notice.recovered"  // what, one of the above
)

// What administrators have to do about it.
const (
	NoticeDoName          Key = "notice.do_name"
	NoticeDoVerify        Key = "notice.do_verify"
	NoticeDoPIN           Key = "notice.do_pin"
	NoticeDoBusyElsewhere Key = "notice.do_busy_elsewhere"
	NoticeDoReconnect     Key = "notice.do_reconnect"
	NoticeDoAppeal        Key = "notice.do_appeal"
	NoticeDoMigrate       Key = "notice.do_migrate"
	NoticeDoSupport       Key = "notice.do_support"
	NoticeDoWait          Key = "notice.do_wait"
	NoticeDoAbandoned     Key = "notice.do_abandoned"
	NoticeDoLive          Key = "notice.do_live"
	NoticeDoCallback      Key = "notice.do_callback"
	NoticeDoMismatch      Key = "notice.do_mismatch"
	NoticeDoApp           Key = "notice.do_app"
	NoticeDoQuality       Key = "notice.do_quality"
	NoticeDoCheck         Key = "notice.do_check"
)

// What surrounds it in the mail.
const (
	NoticeMetaSays  Key = "notice.meta_says"
	NoticeUntil     Key = "notice.until" // time
	NoticeOpenInbox Key = "notice.open_inbox"
	NoticeFooter    Key = "notice.footer" // account
)

// What a notification to a member says happened: its title. number is the
// conversation's.
const (
	NotificationCreation      Key = "notification.creation"      // number, inbox
	NotificationAssignment    Key = "notification.assignment"    // number
	NotificationNewMessage    Key = "notification.new_message"   // number, of a conversation that is theirs
	NotificationMention       Key = "notification.mention"       // number
	NotificationParticipating Key = "notification.participating" // number, of a conversation that they follow
)

// What stands in a notification, and in the mail about it.
const (
	NotificationAttachment Key = "notification.attachment" // a message without words
	NotificationNoContent  Key = "notification.no_content" // an empty message
	NotificationOpen       Key = "notification.open"       // the button
	NotificationFooter     Key = "notification.footer"     // account
)

// What mails about automation rules say.
const (
	RuleOffSubject  Key = "rule.off_subject" // rule
	RuleOffBody     Key = "rule.off_body"    // rule, account
	RuleOpenRules   Key = "rule.open_rules"
	RuleMailSubject Key = "rule.mail_subject" // number, of the conversation
)

// What mails to users say: one thing to do, and what it is about.
const (
	MailHello          Key = "mail.hello"    // name
	MailGreeting       Key = "mail.greeting" // of somebody without a name
	MailConfirm        Key = "mail.confirm"
	MailConfirmBody    Key = "mail.confirm_body" // email
	MailChangeBody     Key = "mail.change_body"  // email
	MailInvited        Key = "mail.invited"      // account
	MailInviteBody     Key = "mail.invite_body"  // inviter, account
	MailChoosePassword Key = "mail.choose_password"
	MailSSOBody        Key = "mail.sso_body" // inviter, account
	MailSignIn         Key = "mail.sign_in"
	MailReset          Key = "mail.reset"
	MailResetBody      Key = "mail.reset_body"
	MailValidUntil     Key = "mail.valid_until" // time
	MailPaste          Key = "mail.paste"
	MailIgnore         Key = "mail.ignore"
)

// Mails about imports and exports of contacts, and the notice that one is under way.
const (
	ContactsImported         Key = "contacts.imported"
	ContactsImportedBody     Key = "contacts.imported_body" // account, imported, failed
	ContactsImportFailed     Key = "contacts.import_failed"
	ContactsImportFailedBody Key = "contacts.import_failed_body" // account
	ContactsExported         Key = "contacts.exported"           // account
	ContactsDownload         Key = "contacts.download"
	ContactsOpen             Key = "contacts.open"
	ContactsExportOrdered    Key = "contacts.export_ordered"
)
