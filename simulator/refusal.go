package simulator

import (
	"net/http"
	"strings"
)

// refusal is the provider's own answer to a failing send.
func refusal(ch *Channel, f Failure, to string) (status int, body any) {
	switch {
	case f.Unauthorised:
		return unauthorised(ch.Kind)
	case f.Refuse:
		return refused(ch, f, to)
	case f.Status == http.StatusTooManyRequests:
		return f.Status, throttled(ch.Kind, f)
	default:
		status = f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		return status, broken(ch.Kind, status)
	}
}

func unauthorised(k Kind) (int, any) {
	switch k {
	case Facebook, InstagramPage:
		return http.StatusBadRequest, graphFault(190, 460, "Error validating access token: the session has been invalidated")
	case InstagramLogin, WhatsAppCloud:
		return http.StatusUnauthorized, graphFault(190, 0, "Error validating access token")
	case WhatsApp360:
		return http.StatusUnauthorized, d360Fault(http.StatusUnauthorized, "Invalid api key")
	case Telegram:
		return http.StatusUnauthorized, telegramFault(http.StatusUnauthorized, "Unauthorized")
	case Line:
		return http.StatusUnauthorized, lineFault("Authentication failed. Confirm that the access token in the authorization header is valid.")
	case SMS:
		return http.StatusUnauthorized, bandwidthFault("authentication-error", "Access is denied")
	case TwilioSMS, TwilioWhatsApp:
		return http.StatusUnauthorized, twilioFault(20003, http.StatusUnauthorized, "Authenticate")
	case Twitter:
		return http.StatusUnauthorized, twitterFault(89, "Invalid or expired token.")
	default:
		return http.StatusUnauthorized, map[string]any{"error": "unauthorized"}
	}
}

func refused(ch *Channel, f Failure, to string) (int, any) {
	code := func(usual int) int {
		if f.Code != 0 {
			return f.Code
		}
		return usual
	}
	text := func(usual string) string {
		if f.Text != "" {
			return f.Text
		}
		return usual
	}
	switch ch.Kind {
	case Facebook, InstagramLogin, InstagramPage:
		subcode := 2018001
		if f.Code != 0 {
			subcode = 0
		}
		return http.StatusBadRequest, graphFault(code(100), subcode, text("(#100) No matching user found"))
	case WhatsAppCloud:
		fault := graphFault(code(131026), 0, text("(#131026) Message undeliverable"))
		if e, ok := fault["error"].(map[string]any); ok {
			e["error_data"] = map[string]any{"messaging_product": "whatsapp", "details": text("Message undeliverable.")}
		}
		return http.StatusBadRequest, fault
	case WhatsApp360:
		return http.StatusBadRequest, d360Fault(http.StatusBadRequest, text("Invalid recipient"))
	case Telegram:
		return http.StatusBadRequest, telegramFault(http.StatusBadRequest, text("Bad Request: chat not found"))
	case Line:
		return http.StatusBadRequest, lineFault(text("The property, 'to', in the request body is invalid (line: -, column: -)"))
	case SMS:
		fault := bandwidthFault("request-validation", text("'to' must be an E164 telephone number"))
		fault["fieldErrors"] = []any{map[string]any{"fieldName": "to", "description": text("'" + to + "' is not valid")}}
		return http.StatusBadRequest, fault
	case TwilioSMS, TwilioWhatsApp:
		return http.StatusBadRequest, twilioFault(code(21211), http.StatusBadRequest,
			text("The 'To' number "+strings.TrimPrefix(to, "whatsapp:")+" is not a valid phone number."))
	case Twitter:
		return http.StatusForbidden, twitterFault(code(349), text("You cannot send messages to this user."))
	default:
		return http.StatusUnprocessableEntity, map[string]any{"error": text("unknown customer")}
	}
}

func throttled(k Kind, f Failure) any {
	switch k {
	case Facebook, InstagramLogin, InstagramPage:
		return graphFault(613, 0, "(#613) Calls to this api have exceeded the rate limit.")
	case WhatsAppCloud:
		return graphFault(130429, 0, "(#130429) Rate limit hit")
	case WhatsApp360:
		return d360Fault(f.Status, "Rate limit reached")
	case Telegram:
		after := max(seconds(f.RetryAfter), 1)
		fault := telegramFault(f.Status, "Too Many Requests: retry after "+decimal(int64(after)))
		fault["parameters"] = map[string]any{"retry_after": after}
		return fault
	case Line:
		return lineFault("The API rate limit has been exceeded. Try again later.")
	case SMS:
		return bandwidthFault("too-many-requests", "The rate limit was exceeded")
	case TwilioSMS, TwilioWhatsApp:
		return twilioFault(20429, f.Status, "Too Many Requests")
	case Twitter:
		return twitterFault(88, "Rate limit exceeded")
	default:
		return map[string]any{"error": "too many requests"}
	}
}

func broken(k Kind, status int) any {
	switch k {
	case Facebook, InstagramLogin, InstagramPage:
		return graphFault(2, 0, "An unexpected error has occurred. Please retry your request later.")
	case WhatsAppCloud:
		return graphFault(131000, 0, "(#131000) Something went wrong")
	case WhatsApp360:
		return d360Fault(status, "Internal error")
	case Telegram:
		return telegramFault(status, http.StatusText(status))
	case Line:
		return lineFault("Internal server error")
	case SMS:
		return bandwidthFault("internal-server-error", "Something went wrong")
	case TwilioSMS, TwilioWhatsApp:
		return twilioFault(20500, status, "An internal server error has occurred")
	case Twitter:
		return twitterFault(131, "Internal error")
	default:
		return map[string]any{"error": http.StatusText(status)}
	}
}
