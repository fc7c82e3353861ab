package whatsapp

import (
	"strings"
	"time"

	"tributary/whatsapp/rules"
	"tributary/wording"
)

// saying is how a piece of news is told: what happened and what to do.
type saying struct {
	what, do wording.Text
	// atMeta says that WhatsApp Manager shows more, or is where it is done.
	atMeta bool
	// quote is Meta's own text.
	quote string
}

// sayingOf is how a notice is told. Text is Meta's.
func sayingOf(n notice, text string) saying {
	if n.Kind == noticeAlert || n.Kind == noticeRecovery {
		return alertSaying(strings.ToLower(n.Detail), text)
	}
	s := stateSaying(n)
	s.quote = text
	if n.Kind == noticeLive {
		s.quote = ""
	}
	return s
}

// days is the age of a wait.
func days(name string) int64 {
	for _, a := range ages {
		if a.name == name {
			return int64(a.age / (24 * time.Hour))
		}
	}
	return 0
}

func stateSaying(n notice) saying {
	switch n.Kind {
	case string(rules.RateLimited):
		return saying{what: wording.NoticeRateLimited.Text(), do: wording.NoticeDoWait.Text()}
	case string(rules.Abandoned):
		return saying{what: wording.NoticeAbandoned.Text(), do: wording.NoticeDoAbandoned.Text(), atMeta: true}
	case string(rules.AuthError):
		return saying{what: wording.NoticeAuthError.Text(), do: wording.NoticeDoReconnect.Text()}
	case string(rules.NotNeeded):
		return saying{what: wording.NoticeOpenApp.Text(), do: wording.NoticeDoApp.Text()}
	case string(rules.FixCallbackURL):
		return actions[rules.FixCallbackURL]
	case noticeWaiting:
		return saying{what: wording.NoticeWaiting.Count(days(n.Detail)), do: wording.NoticeDoWait.Text(), atMeta: true}
	case noticeLive:
		return saying{what: wording.NoticeLive.Text(), do: wording.NoticeDoLive.Text()}
	}
	if s, ok := actions[rules.Action(n.Detail)]; ok {
		return s
	}
	return actions[rules.ContactMeta]
}

// actions are what an administrator has to do before the number can go live.
var actions = map[rules.Action]saying{
	rules.EditDisplayName:     {what: wording.NoticeNameDeclined.Text(), do: wording.NoticeDoName.Text(), atMeta: true},
	rules.ResubmitDisplayName: {what: wording.NoticeNameExpired.Text(), do: wording.NoticeDoName.Text(), atMeta: true},
	rules.VerifyPhoneNumber:   {what: wording.NoticeVerify.Text(), do: wording.NoticeDoVerify.Text(), atMeta: true},
	rules.EnterPIN:            {what: wording.NoticePIN.Text(), do: wording.NoticeDoPIN.Text(), atMeta: true},
	rules.DetachFromApp:       {what: wording.NoticeBusyElsewhere.Text(), do: wording.NoticeDoBusyElsewhere.Text()},
	rules.Reconnect:           {what: wording.NoticeGone.Text(), do: wording.NoticeDoReconnect.Text()},
	rules.AppealRestriction:   {what: wording.NoticeRestricted.Text(), do: wording.NoticeDoAppeal.Text(), atMeta: true},
	rules.MigrateFromOnPrem:   {what: wording.NoticeOnPremise.Text(), do: wording.NoticeDoMigrate.Text(), atMeta: true},
	rules.ContactMeta:         {what: wording.NoticeStuck.Text(), do: wording.NoticeDoSupport.Text(), atMeta: true},
	rules.FixCallbackURL:      {what: wording.NoticeCallback.Text(), do: wording.NoticeDoCallback.Text()},
}

// alertSaying is how an alert is told: one of the health's, or one of Meta's, whose
// ids are in lower case here.
func alertSaying(id, text string) saying {
	s := saying{do: wording.NoticeDoCheck.Text(), atMeta: true, quote: text}
	switch {
	case id == "quality_yellow":
		s.what, s.do = wording.NoticeQualityMedium.Text(), wording.NoticeDoQuality.Text()
	case id == "quality_red":
		s.what, s.do = wording.NoticeQualityLow.Text(), wording.NoticeDoQuality.Text()
	case id == "status_flagged", id == "flagged":
		s.what, s.do = wording.NoticeFlagged.Text(), wording.NoticeDoQuality.Text()
	case id == "tier_lower", id == "downgrade":
		s.what, s.do = wording.NoticeTierLower.Text(), wording.NoticeDoQuality.Text()
	case id == "status_restricted", id == "status_rate_limited", id == "can_send_limited", strings.HasPrefix(id, "restricted_"):
		s.what = wording.NoticeLimited.Text()
	case id == "can_send_blocked":
		s.what = wording.FailureNumberBlocked.Text()
	case id == "status_disconnected":
		s.what = wording.FailureNumberOffboarded.Text()
	case id == "status_banned":
		s.what, s.do = wording.FailureNumberBanned.Text(), wording.NoticeDoAppeal.Text()
	case id == "disabled_update" && strings.HasPrefix(text, scheduledBan):
		s.what, s.do = wording.NoticeBanScheduled.Text(), wording.NoticeDoAppeal.Text()
		s.quote = strings.TrimPrefix(text, scheduledBan)
	case id == "disabled_update":
		s.what, s.do, s.quote = wording.FailureNumberBanned.Text(), wording.NoticeDoAppeal.Text(), ""
	case id == "status_deleted", id == "account_deleted":
		s.what, s.do, s.atMeta = wording.FailureNumberDeleted.Text(), wording.NoticeDoReconnect.Text(), false
	case id == "status_migrated":
		s.what, s.do = wording.FailureNumberMigrated.Text(), wording.NoticeDoSupport.Text()
	case id == "webhook_url_mismatch":
		s.what, s.do, s.atMeta = wording.NoticeMismatch.Text(), wording.NoticeDoMismatch.Text(), false
	case id == "pin_reset_requested": // the engine's name for Meta's
		return alertSaying("pin_reset_request", text)
	default:
		s.what = wording.NoticeMetaAlert.With("type", strings.ReplaceAll(strings.ToUpper(id), "_", " "))
	}
	return s
}

// scheduledBan begins the text of an alert about a ban that has a date; the date
// follows.
const scheduledBan = "SCHEDULE_FOR_DISABLE"

// rank orders news that come at once: what explains the others comes first.
func rank(n notice) int {
	switch n.Kind {
	case noticeAlert:
		switch strings.ToLower(n.Detail) {
		case "status_banned", "status_deleted", "status_migrated", "disabled_update", "account_deleted":
			return 0
		}
		return 3
	case noticeLive, string(rules.NotNeeded), string(rules.AuthError), string(rules.NeedsAdmin), string(rules.RateLimited), string(rules.Abandoned):
		return 1
	case string(rules.FixCallbackURL):
		return 2
	case noticeWaiting:
		return 99 - int(days(n.Detail)) // the longest first: it says it all
	}
	return 100 // recoveries
}
