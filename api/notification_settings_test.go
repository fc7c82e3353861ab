package api_test

import (
	"fmt"
	"testing"
)

// settingsOf is the object of a member.
func settingsOf(id, user, account int64, email, push string) string {
	const list = `"%[1]sconversation_creation","%[1]sconversation_assignment","%[1]sassigned_conversation_new_message","%[1]sconversation_mention",` +
		`"%[1]sparticipating_conversation_new_message","%[1]ssla_missed_first_response","%[1]ssla_missed_next_response","%[1]ssla_missed_resolution"`
	return fmt.Sprintf(`{"id":%d,"user_id":%d,"account_id":%d,"all_email_flags":[`+fmt.Sprintf(list, "email_")+`],"selected_email_flags":[%s],`+
		`"all_push_flags":[`+fmt.Sprintf(list, "push_")+`],"selected_push_flags":[%s]}`, id, user, account, email, push)
}

func TestNotificationSettings(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		const path = "{A}/notification_settings"
		const assignment = `"email_conversation_assignment"`
		const pushAssignment = `"push_conversation_assignment"`
		mine := w.number(`SELECT id FROM notification_settings WHERE user_id = $1 AND account_id = $2`, w.admin, w.account)
		w.call("admin", "GET", path, "").want(200, settingsOf(mine, w.admin, w.account, assignment, pushAssignment))

		w.call("admin", "PATCH", path, `{"notification_settings":{"selected_email_flags":["email_sla_missed_resolution","email_conversation_creation"],
			"selected_push_flags":["push_conversation_mention","push_conversation_mention"]}}`).
			want(200, settingsOf(mine, w.admin, w.account, `"email_conversation_creation","email_sla_missed_resolution"`, `"push_conversation_mention"`))
		w.call("admin", "PUT", path, `{"notification_settings":{"selected_push_flags":["push_conversation_assignment"]}}`).
			want(200, settingsOf(mine, w.admin, w.account, ``, pushAssignment))
		w.call("admin", "PUT", path, `{"notification_settings":{"selected_email_flags":["email_conversation_assignment"],"unknown":1}}`).
			want(200, settingsOf(mine, w.admin, w.account, assignment, ``))
		w.send("admin", "PUT", path, "application/x-www-form-urlencoded", "notification_settings[selected_email_flags][]=&notification_settings[selected_push_flags][]=push_conversation_assignment").
			want(200, settingsOf(mine, w.admin, w.account, ``, pushAssignment))

		const missing = `{"error":"param is missing or the value is empty: notification_settings"}`
		for _, body := range []string{``, `{}`, `{"notification_settings":{}}`, `{"selected_email_flags":["email_conversation_assignment"]}`, `{"notification_settings":null}`} {
			w.call("admin", "PUT", path, body).want(422, missing)
		}
		for body, answer := range map[string]string{
			`{"selected_email_flags":["push_conversation_mention"]}`:                                   `{"message":"Selected email flags is not included in the list","attributes":["selected_email_flags"]}`,
			`{"selected_email_flags":[1],"selected_push_flags":["push_nonsense"]}`:                     `{"message":"Selected email flags is not included in the list, Selected push flags is not included in the list","attributes":["selected_email_flags","selected_push_flags"]}`,
			`{"selected_push_flags":[{"a":1}]}`:                                                        `{"message":"Selected push flags is invalid","attributes":["selected_push_flags"]}`,
			`{"selected_push_flags":["push_"],"selected_email_flags":["email_conversation_creation"]}`: `{"message":"Selected push flags is not included in the list","attributes":["selected_push_flags"]}`,
		} {
			w.call("admin", "PUT", path, `{"notification_settings":`+body+`}`).want(422, answer)
		}
		w.call("admin", "GET", path, "").want(200, settingsOf(mine, w.admin, w.account, ``, pushAssignment))

		// Somebody whose membership came about without settings.
		got := w.call("agent", "GET", path, "").object()
		w.call("agent", "GET", path, "").want(200, settingsOf(id(got["id"]), w.agent, w.account, assignment, pushAssignment))
	})
}

// TestMembersHaveNotificationSettings: from when they join until they leave.
func TestMembersHaveNotificationSettings(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const has = `SELECT COUNT(*) FROM notification_settings WHERE user_id = $1 AND account_id = $2 AND email_flags = 2 AND push_flags = 2`
		if w.number(has, w.admin, w.account) != 1 {
			t.Error("bootstrap makes none")
		}
		invited := id(w.call("admin", "POST", "{A}/agents", `{"name":"Eve","email":"eve@example.com","role":"agent"}`).object()["id"])
		if w.number(has, invited, w.account) != 1 {
			t.Error("an invitation makes none")
		}
		w.call("admin", "POST", "{A}/agents", `{"name":"Di","email":"di@example.com","role":"agent"}`).object()
		w.exec(`UPDATE notification_settings SET email_flags = 7 WHERE user_id = $1`, w.stranger)
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", invited), "").want(200, "")
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", w.stranger), "").want(200, "")
		if n := w.number(`SELECT COUNT(*) FROM notification_settings WHERE user_id IN ($1, $2) AND account_id = $3`, invited, w.stranger, w.account); n != 0 {
			t.Errorf("%d settings are left of who left", n)
		}
		if n := w.number(`SELECT COUNT(*) FROM notification_settings WHERE user_id = $1`, w.stranger); n != 1 {
			t.Errorf("%d settings in other accounts", n)
		}
		w.settings["ENABLE_ACCOUNT_SIGNUP"] = "true"
		w.visit("POST", "/api/v1/accounts", `{"account_name":"New","email":"new@newcomers.org","user_full_name":"Newcomer","password":"Passw0rd!"}`)
		if n := w.number(`SELECT COUNT(*) FROM notification_settings n JOIN users u ON u.id = n.user_id WHERE u.email = 'new@newcomers.org' AND n.push_flags = 2`); n != 1 {
			t.Errorf("sign-up makes %d", n)
		}
	})
}
