package simulator

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// Twilio Programmable Messaging: one form per event, signed over the public
// address and all parameters (security guide, "Validating requests").

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func (s *Simulator) twilioMessage(b *batch, in *Incoming) (*Delivery, error) {
	id := in.ID
	if id == "" {
		id = s.hexID("SM")
	}
	b.ids = append(b.ids, id)
	form := twilioForm(b.channel, id, "received", in.From, b.channel.Address)
	form["Body"] = []string{in.Text}
	form["NumMedia"] = []string{"0"}
	form["NumSegments"] = []string{"1"}
	if b.channel.Kind == TwilioWhatsApp {
		form["ProfileName"] = []string{in.Name}
		form["WaId"] = []string{strings.TrimPrefix(in.From, "whatsapp:+")}
		form["MessageType"] = []string{"text"}
	} else {
		form["FromCountry"] = []string{"US"}
		form["FromState"] = []string{"DC"}
		form["FromCity"] = []string{"WASHINGTON"}
		form["FromZip"] = []string{"20001"}
		form["ToCountry"] = []string{"US"}
	}
	return twilioClose(b, "/twilio/callback", form), nil
}

func (s *Simulator) twilioStatus(b *batch, r Receipt) (*Delivery, error) {
	c := b.channel
	switch r.State {
	case "queued", "sending", "sent", Delivered, "undelivered", Failed:
	case Read:
		if c.Kind == TwilioSMS {
			return nil, noReceipt(c, r)
		}
	default:
		return nil, noReceipt(c, r)
	}
	form := twilioForm(c, r.ID, r.State, c.Address, r.To)
	form["MessageStatus"] = []string{r.State}
	if r.ErrorCode != 0 {
		form["ErrorCode"] = []string{decimal(int64(r.ErrorCode))}
	}
	if r.ErrorText != "" {
		form["ErrorMessage"] = []string{r.ErrorText}
	}
	if r.Callback == "" {
		return twilioClose(b, "/twilio/delivery_status", form), nil
	}
	u, err := url.Parse(r.Callback)
	if err != nil {
		return nil, noReceipt(c, r)
	}
	b.public = u.Scheme + "://" + u.Host
	return twilioClose(b, u.RequestURI(), form), nil
}

func (s *Simulator) twilioUnknown(b *batch) (*Delivery, error) {
	form := twilioForm(b.channel, s.hexID("SM"), "received", b.channel.Person(0).From, b.channel.Address)
	form["MessageType"] = []string{"hologram"}
	form["HologramDepth"] = []string{"3"}
	return twilioClose(b, "/twilio/callback", form), nil
}

func twilioForm(c *Channel, id, status, from, to string) url.Values {
	form := make(url.Values, 16)
	form["ApiVersion"] = []string{"2010-04-01"}
	form["AccountSid"] = []string{c.account}
	form["MessageSid"] = []string{id}
	form["SmsSid"] = []string{id}
	form["SmsStatus"] = []string{status}
	form["From"] = []string{from}
	form["To"] = []string{to}
	return form
}

func twilioClose(b *batch, path string, form url.Values) *Delivery {
	h := http.Header{
		"Content-Type":       {"application/x-www-form-urlencoded; charset=UTF-8"},
		"X-Twilio-Signature": {twilioSignature(b.channel.token, b.public+path, form)},
	}
	return &Delivery{Method: http.MethodPost, Path: path, Header: h, Body: []byte(form.Encode()), IDs: b.ids}
}

// twilio serves all of Twilio's hosts.
func (s *Simulator) twilio(c *call) {
	user, password, _ := c.r.BasicAuth()
	ch := s.byToken[user]
	if ch == nil || ch.account != user || ch.token != password {
		c.json(http.StatusUnauthorized, twilioFault(20003, http.StatusUnauthorized, "Authenticate"))
		return
	}
	account := "2010-04-01/Accounts/" + ch.account
	switch rest := strings.TrimSuffix(c.rest, ".json"); {
	case strings.HasPrefix(rest, account+"/Messages/") && strings.Contains(rest, "/Media/"):
		c.w.Header().Set("Location", s.cdnFile(path.Base(rest)))
		c.empty(http.StatusTemporaryRedirect)
	case rest == account+"/Messages" && c.r.Method == http.MethodPost:
		s.twilioSend(c, ch)
	case rest == account+"/Messages":
		c.json(http.StatusOK, map[string]any{"messages": []any{}, "page": 0, "page_size": 1})
	case rest == account:
		c.json(http.StatusOK, map[string]any{"sid": ch.account, "friendly_name": ch.Name, "status": "active"})
	case strings.HasPrefix(rest, account+"/IncomingPhoneNumbers"):
		s.twilioNumber(c, ch, strings.TrimPrefix(rest, account+"/IncomingPhoneNumbers"))
	case rest == account+"/Applications" && c.r.Method == http.MethodPost:
		c.json(http.StatusCreated, map[string]any{
			"sid": "AP" + strings.TrimPrefix(ch.account, "AC"), "account_sid": ch.account, "friendly_name": c.param("FriendlyName"),
			"voice_url": c.param("VoiceUrl"), "voice_method": c.param("VoiceMethod"),
		})
	case strings.HasPrefix(rest, "v1/Services/"):
		ch.register(Registration{URL: c.param("InboundRequestUrl")})
		c.json(http.StatusOK, map[string]any{"sid": strings.TrimPrefix(rest, "v1/Services/"), "inbound_request_url": c.param("InboundRequestUrl")})
	case rest == "v1/Content" || strings.HasPrefix(rest, "v1/Content/"):
		s.twilioContent(c, ch, strings.TrimPrefix(strings.TrimPrefix(rest, "v1/Content"), "/"))
	case rest == "v3/Indicators/Typing" || rest == "v2/Indicators/Typing":
		c.json(http.StatusOK, map[string]any{"success": true})
	default:
		c.json(http.StatusNotFound, twilioFault(20404, http.StatusNotFound, "The requested resource was not found"))
	}
}

// twilioNumber lists the account's number or sets its webhook.
func (s *Simulator) twilioNumber(c *call, ch *Channel, rest string) {
	sid := "PN" + strings.TrimPrefix(ch.account, "AC")
	row := map[string]any{"sid": sid, "account_sid": ch.account, "phone_number": ch.number(), "friendly_name": ch.Name}
	if c.r.Method == http.MethodPost {
		if rest != "/"+sid {
			c.json(http.StatusNotFound, twilioFault(20404, http.StatusNotFound, "The requested resource was not found"))
			return
		}
		if address := c.param("SmsUrl"); address != "" {
			ch.register(Registration{URL: address})
		}
		row["sms_url"], row["sms_method"] = c.param("SmsUrl"), c.param("SmsMethod")
		row["voice_url"], row["status_callback"] = c.param("VoiceUrl"), c.param("StatusCallback")
		c.json(http.StatusOK, row)
		return
	}
	rows := []any{}
	if wanted := c.query.Get("PhoneNumber"); wanted == "" || wanted == ch.number() {
		rows = append(rows, row)
	}
	c.json(http.StatusOK, map[string]any{"incoming_phone_numbers": rows, "page": 0})
}

func (s *Simulator) twilioSend(c *call, ch *Channel) {
	m := sending{
		to: c.form.Get("To"), text: c.form.Get("Body"), media: c.form["MediaUrl"],
		callback: c.form.Get("StatusCallback"), id: s.hexID("SM"),
	}
	from := c.form.Get("From")
	code, fault := s.twilioRender(c, ch, &m)
	switch {
	case from != ch.Address && c.form.Get("MessagingServiceSid") == "":
		c.json(http.StatusBadRequest, twilioFault(21606, http.StatusBadRequest,
			"The 'From' phone number provided ("+from+") is not a valid message-capable Twilio phone number for this destination/account"))
		return
	case !strings.HasPrefix(m.to, "+") && !strings.HasPrefix(m.to, "whatsapp:"):
		status, body := refusal(ch, Failure{Refuse: true}, m.to)
		c.json(status, body)
		return
	case code != 0:
		c.json(http.StatusBadRequest, twilioFault(code, http.StatusBadRequest, fault))
		return
	case m.text == "" && len(m.media) == 0:
		c.json(http.StatusBadRequest, twilioFault(21602, http.StatusBadRequest, "Message body is required."))
		return
	}
	s.send(c, ch, m, func(id string) (int, any) {
		return http.StatusCreated, map[string]any{
			"sid": id, "account_sid": ch.account, "status": "queued", "to": m.to, "from": ch.Address, "body": m.text,
			"direction": "outbound-api", "error_code": nil, "error_message": nil,
			"date_created": time.Now().UTC().Format(time.RFC1123Z),
		}
	})
}

func twilioFault(code, status int, text string) map[string]any {
	return map[string]any{
		"code": code, "message": text, "status": status,
		"more_info": "https://www.twilio.com/docs/errors/" + decimal(int64(code)),
	}
}
