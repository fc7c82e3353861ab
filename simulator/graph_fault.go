package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// Fault is how the Graph API refuses a call, or does not answer it (WhatsApp
// Business Platform, "Error codes"; Graph API, "Handle errors").
type Fault struct {
	Status        int // HTTP status; 0: 400
	Code, Subcode int
	Type          string // empty: OAuthException
	Message       string
	Title, Text   string // error_user_title, error_user_msg
	Details       string // error_data.details
	Transient     *bool  // is_transient; nil: not said
	// Body is answered as it is instead of an error object, with Header.
	Body   string
	Header map[string]string
	// Hang keeps the call open until the caller gives up or the failure is healed;
	// after that it is answered as usual.
	Hang bool
	// TakesEffect says that the call worked although its answer does not tell.
	TakesEffect bool
}

func (f *Fault) json() map[string]any {
	e := map[string]any{
		"message": f.Message, "type": f.Type, "code": f.Code, "fbtrace_id": "A" + strings.ToUpper(token(8)),
	}
	if f.Type == "" {
		e["type"] = "OAuthException"
	}
	if f.Subcode != 0 {
		e["error_subcode"] = f.Subcode
	}
	if f.Transient != nil {
		e["is_transient"] = *f.Transient
	}
	if f.Title != "" {
		e["error_user_title"] = f.Title
	}
	if f.Text != "" {
		e["error_user_msg"] = f.Text
	}
	if f.Details != "" {
		e["error_data"] = map[string]any{"messaging_product": "whatsapp", "details": f.Details}
	}
	return map[string]any{"error": e}
}

func (f *Fault) status() int {
	if f.Status == 0 {
		return http.StatusBadRequest
	}
	return f.Status
}

// fault answers with a refusal.
func (c *call) fault(f *Fault) {
	for name, v := range f.Header {
		c.w.Header().Set(name, v)
	}
	if f.Code == 0 && f.Message == "" {
		c.w.WriteHeader(f.status())
		_, _ = c.w.Write([]byte(f.Body))
		return
	}
	c.json(f.status(), f.json())
}

// KnownFault is a refusal by its name: the code, where it has several causes a
// word behind it. FaultNames lists them. An unknown name is a mistake of the test
// and panics.
func KnownFault(name string) Fault {
	f, ok := knownFaults[name]
	if !ok {
		panic(fmt.Sprintf("simulator: no fault is called %q", name))
	}
	f.Header = maps.Clone(f.Header)
	return f
}

// FaultNames lists what KnownFault knows, in no order.
func FaultNames() []string {
	names := make([]string, 0, len(knownFaults))
	for name := range knownFaults {
		names = append(names, name)
	}
	return names
}

// known is KnownFault for those who do not change it.
func known(name string) *Fault {
	f := KnownFault(name)
	return &f
}

const (
	certificate = "Cannot Create Certificate"
	sorry       = `<!DOCTYPE html><html lang="en"><head><title>Error</title></head><body><h1>502 Bad Gateway</h1>` +
		`<p>Sorry, something went wrong.</p></body></html>`
	tooMany = "There have been too many calls to this WhatsApp Business account. Wait a bit and try again. For more info, " +
		"please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
)

func certificateFault(title, text string) Fault {
	return Fault{Code: 100, Subcode: 2388001, Message: "Invalid parameter", Transient: new(false), Title: title, Text: text}
}

func deadToken(subcode int, message string) Fault {
	return Fault{Status: http.StatusUnauthorized, Code: 190, Subcode: subcode, Message: message}
}

// knownFaults are Meta's answers, worded as real ones are.
var knownFaults = map[string]Fault{
	// Credentials.
	"190":     deadToken(0, "Invalid OAuth access token - Cannot parse access token"),
	"190-458": deadToken(458, "Error validating access token: The user has not authorized application."),
	"190-460": deadToken(460, "Error validating access token: The session has been invalidated because the user changed their "+
		"password or Facebook has changed the session for security reasons."),
	"190-463": deadToken(463, "Error validating access token: Session has expired."),
	"190-467": deadToken(467, "The access token is invalid since the user has logged out."),
	"0": {
		Status: http.StatusUnauthorized, Type: "AuthException", Message: "(#0) We were unable to authenticate the app user.",
	},
	"102": {Status: http.StatusUnauthorized, Code: 102, Message: "(#102) Session key invalid or no longer valid"},
	"3":   {Code: 3, Message: "(#3) Application does not have the capability to make this API call."},
	"10":  {Status: http.StatusForbidden, Code: 10, Message: "(#10) Application does not have permission for this action"},
	"200": {
		Status: http.StatusForbidden, Code: 200,
		Message: "(#200) You do not have the necessary permissions required to manage this WhatsApp Business Account",
	},
	"299": {
		Status: http.StatusForbidden, Code: 299, Message: "(#299) Requires extended permission: whatsapp_business_management",
	},

	// The object is gone.
	"33": {Code: 33, Message: "(#33) Parameter value is not valid", Details: "The business phone number has been deleted."},
	"803": {
		Status: http.StatusNotFound, Code: 803, Message: "(#803) Some of the aliases you requested do not exist",
	},

	// Our request.
	"100":         {Code: 100, Message: "(#100) Invalid parameter"},
	"100-product": {Code: 100, Message: "(#100) The parameter messaging_product is required."},
	"131009": {
		Code: 131009, Message: "(#131009) Parameter value is not valid", Details: "pin must be a string of 6 digits",
	},

	// Throttled.
	"4":   {Status: http.StatusForbidden, Code: 4, Message: "(#4) Application request limit reached", Transient: new(true)},
	"17":  {Code: 17, Subcode: 2446079, Message: "(#17) User request limit reached", Transient: new(true)},
	"32":  {Status: http.StatusForbidden, Code: 32, Message: "(#32) Page request limit reached"},
	"613": {Code: 613, Message: "(#613) Calls to this api have exceeded the rate limit."},
	"80007": {
		Code: 80007, Message: "(#80007) There have been too many calls to this WhatsApp Business Account. Wait a bit and try again.",
	},
	"80008": {Code: 80008, Subcode: 2446079, Message: "(#80008) " + tooMany, Transient: new(true)},
	"130429": {
		Code: 130429, Message: "(#130429) Rate limit hit",
		Details: "Message failed to send because there were too many messages sent from this phone number in a short period of time",
	},
	"429": {
		Status: http.StatusTooManyRequests, Body: "Too Many Requests",
		Header: map[string]string{"Content-Type": "text/plain", "Retry-After": "60"},
	},

	// Transient.
	"1": {Status: http.StatusInternalServerError, Code: 1, Message: "An unknown error has occurred.", Transient: new(true)},
	"2": {
		Status: http.StatusServiceUnavailable, Code: 2,
		Message: "An unexpected error has occurred. Please retry your request later.", Transient: new(true),
	},
	"131000": {Status: http.StatusInternalServerError, Code: 131000, Message: "(#131000) Something went wrong", Transient: new(true)},
	"131016": {
		Status: http.StatusInternalServerError, Code: 131016, Message: "(#131016) Service unavailable",
		Details: "A service is temporarily unavailable.",
	},
	"131057": {
		Status: http.StatusInternalServerError, Code: 131057, Message: "(#131057) Account in maintenance mode",
		Details: "The WhatsApp Business Account is in maintenance mode.",
	},
	"502-html": {
		Status: http.StatusBadGateway, Body: sorry, Header: map[string]string{"Content-Type": "text/html; charset=utf-8"},
	},
	"503-empty": {Status: http.StatusServiceUnavailable},
	"truncated": {
		Status: http.StatusOK, Body: `{"id":"500100200300401","display_pho`,
		Header: map[string]string{"Content-Type": "application/json"},
	},

	// The account.
	"131031": {
		Status: http.StatusForbidden, Code: 131031, Message: "(#131031) Business Account locked",
		Details: "Business account has been locked.",
	},
	"368": {
		Status: http.StatusForbidden, Code: 368, Transient: new(false), Title: "Temporarily blocked",
		Message: "(#368) The action attempted has been deemed abusive or is otherwise disallowed",
		Text: "The WhatsApp Business Account associated with the app has been restricted or disabled for violating a platform " +
			"policy.",
	},

	// Name and certificate.
	"2388001": certificateFault(certificate, "The certificate could not be created because the display name of this phone "+
		"number has not been approved yet. Please wait until the display name review is finished, then try again."),
	"2388001-declined": certificateFault(certificate, "The certificate could not be created because the display name of this "+
		"phone number was not approved. Edit the display name in WhatsApp Manager."),
	"2388001-existing-account": certificateFault(certificate, "This number is registered to an existing WhatsApp account. To "+
		"use this number, disconnect it from the existing account."),
	"2388001-two-step-elsewhere": certificateFault(certificate, "This phone number still has two-step verification turned on at "+
		"another account. Ask its owner to disconnect the number and confirm ownership."),
	"2388001-account-review": certificateFault(certificate, "The certificate could not be created because the WhatsApp Business "+
		"Account is still under review."),
	"2388001-unknown": certificateFault("No se puede crear el certificado",
		"No fue posible completar la solicitud para este elemento."),
	"131037": {
		Code: 131037, Message: "(#131037) WhatsApp provided number needs display name approval before message can be sent.",
		Details: "The display name of this phone number is not approved.",
	},
	"131045": {
		Status: http.StatusInternalServerError, Code: 131045,
		Message: "(#131045) Message failed to send due to a phone number registration error.", Details: "Certificate is incorrect.",
	},

	// Registration.
	"133000": {
		Status: http.StatusInternalServerError, Code: 133000, Message: "(#133000) Incomplete Deregistration",
		Details: "A previous deregistration attempt of this number did not finish.",
	},
	"133004": {
		Status: http.StatusServiceUnavailable, Code: 133004, Message: "(#133004) Server Temporarily Unavailable",
		Details: "The registration server is temporarily unavailable. Try again later.", Transient: new(true),
	},
	"133005": {
		Code: 133005, Message: "(#133005) Two step verification PIN Mismatch", Details: "The two-step verification code is incorrect.",
	},
	"133006": {
		Code: 133006, Message: "(#133006) Phone number re-verification needed",
		Details: "The phone number must be verified before it can be registered.",
	},
	"133008": {
		Code: 133008, Message: "(#133008) Too Many two step verification PIN guesses",
		Details: "Too many two-step verification PIN guesses for this phone number. Please try again in 7 hours.",
	},
	"133008-no-delay": {
		Code: 133008, Message: "(#133008) Too Many two step verification PIN guesses",
		Details: "Too many two-step verification PIN guesses for this phone number.",
	},
	"133009": {
		Code: 133009, Message: "(#133009) Two step verification PIN Guessed Too Fast",
		Details: "Two-step verification PIN was entered too quickly. Please wait 300 seconds before trying again.",
	},
	"133009-no-delay": {Code: 133009, Message: "(#133009) Two step verification PIN Guessed Too Fast"},
	"133010": {
		Code: 133010, Message: "(#133010) Phone number Not Registered",
		Details: "Phone number is not registered on the WhatsApp Business Platform.",
	},
	"133015": {
		Code: 133015, Message: "(#133015) Please wait a few minutes before attempting to register this phone number",
		Details: "The phone number was recently deleted and the deletion has not finished.",
	},
	"133016": {
		Code: 133016, Message: "(#133016) Account register deregister rate limit exceeded",
		Details: "The number of register and deregister requests for this phone number exceeded the limit of 10 in 72 hours.",
	},
	"already-registered": {
		Code: 100, Message: "(#100) The phone number is already registered.",
		Details: "The phone number you are trying to register is already registered with Cloud API.",
	},
	"business-app": {
		Code: 100, Message: "(#100) Invalid parameter",
		Details: "This phone number is in use with the WhatsApp Business app and cannot be registered or deregistered by the API.",
	},

	// Webhooks.
	"before-override": {
		Code: 100,
		Message: "(#100) Before override the current callback uri, your app must be subscribed to receive messages for WhatsApp " +
			"Business Account",
	},

	// Proof of ownership, and what the phone app shares.
	"136024":  {Code: 136024, Message: "(#136024) Request code error", Details: "The phone number is already verified."},
	"136025":  {Code: 136025, Message: "(#136025) Verify code error", Details: "The code is incorrect or has expired."},
	"2593107": {Code: 2593107, Message: "(#2593107) Synchronization request limit exceeded"},
	"2593108": {Code: 2593108, Message: "(#2593108) Synchronization request made outside of allowed time window"},

	// Embedded Signup.
	"code-expired": {Code: 100, Subcode: 36007, Message: "This authorization code has expired."},
	"code-used":    {Code: 100, Subcode: 36009, Message: "This authorization code has been used."},
	"code-unknown": {Code: 100, Subcode: 36009, Message: "Invalid verification code format."},
	"app-secret":   {Code: 1, Message: "Error validating client secret."},
	"app-token": {
		Code:    100,
		Message: "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app",
	},
}

// unsupported says that a token does not see an object.
func unsupported(method, id string) *Fault {
	verb := map[string]string{http.MethodGet: "get", http.MethodDelete: "delete"}[method]
	if verb == "" {
		verb = "post"
	}
	return &Fault{
		Code: 100, Subcode: 33, Type: "GraphMethodException",
		Message: "Unsupported " + verb + " request. Object with ID '" + id + "' does not exist, cannot be loaded due to missing " +
			"permissions, or does not support this operation. Please read the Graph API documentation at " +
			"https://developers.facebook.com/docs/graph-api",
	}
}

// unknownEdge says that the Graph has no such path.
func unknownEdge(edge string) *Fault {
	return &Fault{Code: 2500, Message: "Unknown path components: /" + edge}
}

// missing says that a required parameter was not given.
func missing(name string) *Fault {
	return &Fault{Code: 100, Message: "(#100) The parameter " + name + " is required."}
}
