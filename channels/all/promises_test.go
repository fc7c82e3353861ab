package all_test

// promise is what a row of the table has to hold, column by column, in the order
// of columns. "+": the channel can do it. "-": its provider cannot, and nothing
// may claim it. Anything else names the facets that must all be seen, joined by +,
// with _ for a blank.
type promise struct{ row, cells string }

// promises is the feature matrix of the gateway.
//
//	Facebook Instagram Twitter LINE Telegram SMS WhatsApp Twilio-SMS Twilio-WhatsApp API
var promises = []promise{
	{"signature", "+ + + + + + + + + +"},
	{"batch", "+ + + + - + + - - -"},
	{"de-duplication", "+ + + + + + + + + +"},
	{"text", "+ + + + + + + + + +"},
	{"media", all4 + " " + all4 + " image+video " + all4 + " " + all4 + " " + all4 + " " + all4 + " " + all4 + " " + all4 + " +"},
	{"location", "+ - + + + - + - + -"},
	{"contact card", "- - - - + + + + + -"},
	{"sticker", "image text - sticker sticker - sticker - image -"},
	{"reaction", "add+remove add+remove - - add+remove - add+remove - - -"},
	{"reply", "+ + + + + - + - + -"},
	{"edit", "+ + - - + - + - - -"},
	{"delete", "+ + + + + - + - - -"},
	{"choice", "postback+quick_reply postback+quick_reply quick_reply postback callback - button+list - button+list -"},
	{"form", "flow - - - web_app - flow+order - flow +"},
	{"referral", "+ + - - + - + - + -"},
	{"story", "- mention+reply - - reply - - - - -"},
	{"echo", "+ + + - + - + - - -"},
	{"delivered", "+ - - - - + + + + +"},
	{"read", "+ + + - - + + - + +"},
	{"failed", "on_sending on_sending on_sending on_sending on_sending later later later later later"},
	{"typing", "- - + - - - - - - +"},
	{"opt-out", "+ - block block opt-out opt-out opt-out opt-out opt-out -"},
	{"unsupported", "+ + + + + - + - - -"},
	{"profile", "look-up look-up payload look-up look-up - payload payload payload payload"},
	{"send text", "+ + + + + + + + + +"},
	{"send attachment", "+ + + image+video+audio + + + + + +"},
	{"send several", "+ + - + + + + + + +"},
	{"send choice", "buttons buttons buttons buttons buttons text buttons text buttons buttons"},
	{"send reply", "+ + + + + - + - - +"},
	{"send template", "- - - - - - + - + -"},
	{"presence", "typing+read typing+read - typing+read typing+read - typing+read - typing +"},
	{"split", "+ + + + + + + + + -"},
	{"retry", "+ + + + + + + + + +"},
	{"re-authorise", "+ + + + + + + + + -"},
	{"window", "+ + - - - - + - + +"},
}

const all4 = "image+audio+video+file"

// differences are the cells that differ from promises, and why. An entry that no
// longer differs fails the test.
var differences = map[string]string{}
