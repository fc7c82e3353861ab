package command

import (
	"tributary/whatsapp"
	"tributary/whatsapp/rules"
)

// advice says what has to be done, by required action. What administrators read in
// the dashboard is theirs; this is for whoever looks after the installation.
var advice = map[rules.Action]string{
	rules.WaitForDisplayName: "nothing: Meta reviews the display name, and the number is registered as soon as it is approved. " +
		"Editing the name meanwhile starts the review anew.",
	rules.EditDisplayName:     "an administrator edits the display name in WhatsApp Manager; registration follows its approval",
	rules.ResubmitDisplayName: "an administrator submits the display name again in WhatsApp Manager; registration follows its approval",
	rules.VerifyPhoneNumber:   "an administrator verifies the number by SMS or call, here or in WhatsApp Manager; registration follows",
	rules.EnterPIN:            "an administrator enters the number's two-step PIN, or has it replaced (reset_pin)",
	rules.DetachFromApp:       "the number's owner deletes its other WhatsApp account; then an administrator completes the registration",
	rules.Reconnect:           "an administrator signs in to Meta again from the inbox's settings",
	rules.AppealRestriction:   "the business appeals in WhatsApp Manager; registration goes on once Meta lifts the restriction",
	rules.WaitRateLimit:       "nothing: Meta takes no registration of this number until the next attempt",
	rules.MigrateFromOnPrem:   "the business moves the number from the on-premise API to the Cloud API",
	rules.ContactMeta:         "ask Meta's support, with the trace of the last error; then make an attempt with --register",
	rules.FixCallbackURL: "Meta cannot reach our webhook, or delivers elsewhere: see that FRONTEND_URL is public and no firewall stops Meta; " +
		"then set the webhook up again (register_webhook)",
}

// byState says what to do where no action is required.
var byState = map[rules.State]string{
	rules.Registered:  "nothing: the number is live",
	rules.NotNeeded:   "nothing: this number is not registered by us",
	rules.Registering: "nothing: Meta accepted the registration or is about to answer; the next looks confirm it",
	rules.Waiting:     "nothing: it is tried again by itself",
	rules.RateLimited: advice[rules.WaitRateLimit],
	rules.AuthError:   "an administrator signs in to Meta again, or enters a new API key where the inbox was connected by hand",
	rules.Abandoned:   advice[rules.ContactMeta],
	rules.NeedsAdmin:  "an administrator looks at the last error, then completes the registration",
}

func whatToDo(r whatsapp.Registration) string {
	if r.RequiredAction != nil {
		if text, known := advice[rules.Action(*r.RequiredAction)]; known {
			return text
		}
	}
	if text, known := byState[rules.State(r.State)]; known {
		return text
	}
	return "nothing yet: Meta has told nothing that allows a decision, and is asked again"
}

func stateTone(state string) string {
	switch rules.State(state) {
	case rules.Registered:
		return toneGood
	case rules.NeedsAdmin, rules.AuthError, rules.Abandoned:
		return toneBad
	case rules.Waiting, rules.RateLimited, rules.Registering:
		return toneWarning
	}
	return ""
}
