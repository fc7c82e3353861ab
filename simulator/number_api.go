package simulator

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The Graph API about WhatsApp: which node, which edge, who may.

// usualVersion is used by a call that names no version of the API.
const usualVersion = 2200

// graphVersion reads the version at the front of a path as major times 100 plus
// minor, and what follows.
func graphVersion(path string) (version int, rest string) {
	rest = graphPath(path)
	if rest == path {
		return usualVersion, path
	}
	head, _, _ := strings.Cut(path[1:], "/")
	major, minor, _ := strings.Cut(head, ".")
	a, err := strconv.Atoi(major)
	if err != nil {
		return usualVersion, rest
	}
	b, _ := strconv.Atoi(minor) // absent: 0
	return a*100 + b, rest
}

// whatsapp serves the Cloud API.
func (s *Simulator) whatsapp(c *call) {
	version, path := graphVersion(c.rest)
	if c.r.URL.RawQuery != "" {
		s.meta.inspect(c.r, path, c.query, s.now())
	}
	switch path {
	case "oauth/access_token":
		s.exchangeCode(c)
		return
	case "debug_token":
		s.debugToken(c)
		return
	}
	node, edge, _ := strings.Cut(path, "/")
	if node == s.settings["WHATSAPP_APP_ID"] {
		s.serveApp(c, edge)
		return
	}
	g, dead := s.meta.open(c.bearer())
	if dead != nil {
		c.fault(dead)
		return
	}
	if kind, ok := kindOfFile(node, "70"); ok && edge == "" && c.r.Method == http.MethodGet {
		c.json(http.StatusOK, map[string]any{
			"messaging_product": "whatsapp", "id": node, "url": s.base + "/media/" + node + extension(kind),
			"mime_type": mediaType(kind), "file_size": len(content(kind)),
		})
		return
	}
	switch w, n := s.meta.find(node); {
	case w == nil || !g.opens(w):
		c.fault(unsupported(c.r.Method, node))
	case n != nil && edge == "messages":
		s.numberMessages(c, n)
	default:
		if f := w.charge(c.w.Header(), s.now()); f != nil {
			c.fault(f)
			return
		}
		if n != nil {
			s.serveNumber(c, n, edge, version)
		} else {
			s.serveWABA(c, w, edge, version)
		}
	}
}

// find looks up a number with its account, or an account.
func (m *metaWorld) find(id string) (*WABA, *Number) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if n := m.numbers[id]; n != nil {
		return n.waba, n
	}
	return m.wabas[id], nil
}

func (s *Simulator) numberMessages(c *call, n *Number) {
	n.waba.mu.Lock()
	trouble := n.faults.take("messages")
	n.waba.mu.Unlock()
	if !c.meet(trouble) {
		return
	}
	if f := n.sendable(); f != nil {
		c.fault(f)
		return
	}
	s.whatsappSend(c, n.channel)
}

// serveNumber answers calls about a number other than sending.
func (s *Simulator) serveNumber(c *call, n *Number, edge string, version int) {
	post := c.r.Method == http.MethodPost
	if edge == "register" || edge == "deregister" {
		if !post {
			c.fault(unsupported(c.r.Method, n.ID))
			return
		}
		s.serveRegister(c, n, edge == "deregister")
		return
	}
	name := edge
	if edge == "" {
		if name = "read"; post {
			name = "update"
		}
	}
	n.waba.mu.Lock()
	trouble, gone := n.faults.take(name), n.gone
	n.waba.mu.Unlock()
	if !c.meet(trouble) {
		return
	}
	if gone {
		c.fault(known("33"))
		return
	}
	var verdict *Fault
	switch {
	case name == "read" && c.r.Method == http.MethodGet:
		s.readNumber(c, n, version)
		return
	case name == "update":
		verdict = s.updateNumber(c, n)
	case edge == "settings" && !post:
		n.readSettings(c)
		return
	case !post:
		verdict = unsupported(c.r.Method, n.ID)
	case edge == "request_code":
		verdict = n.requestCode(c)
	case edge == "verify_code":
		verdict = n.verifyCode(c)
	case edge == "settings":
		verdict = n.changeSettings(c)
	case edge == "smb_app_data":
		n.shareAppData(c)
		return
	default:
		verdict = unknownEdge(edge)
	}
	c.done(verdict)
}

// done answers {"success":true}, or why not.
func (c *call) done(f *Fault) {
	if f != nil {
		c.fault(f)
		return
	}
	c.json(http.StatusOK, map[string]any{"success": true})
}

func (s *Simulator) readNumber(c *call, n *Number, version int) {
	names, f := s.wanted(c, version, numberNode, numberFields, usualFields)
	if f != nil {
		c.fault(f)
		return
	}
	application := s.callbackURL()
	n.waba.mu.Lock()
	out := n.read(names, application, true)
	n.waba.mu.Unlock()
	c.json(http.StatusOK, out)
}

// updateNumber changes the PIN or the number's callback.
func (s *Simulator) updateNumber(c *call, n *Number) *Fault {
	var hook *struct {
		URL    string `json:"override_callback_uri"`
		Verify string `json:"verify_token"`
	}
	c.decode("webhook_configuration", &hook)
	pin := c.param("pin")
	switch {
	case hook != nil:
		return s.overrideNumber(c, n, hook.URL, hook.Verify)
	case pin != "":
		n.waba.mu.Lock()
		defer n.waba.mu.Unlock()
		return n.setPIN(pin)
	}
	return known("100")
}

// serveWABA answers calls about an account.
func (s *Simulator) serveWABA(c *call, w *WABA, edge string, version int) {
	get := c.r.Method == http.MethodGet
	name := edge
	if edge == "" {
		name = "read"
	}
	w.mu.Lock()
	trouble := w.faults.take(name)
	w.mu.Unlock()
	if !c.meet(trouble) {
		return
	}
	switch {
	case edge == "subscribed_apps":
		s.serveSubscribedApps(c, w)
	case !get:
		c.fault(unsupported(c.r.Method, w.ID))
	case edge == "":
		names, f := s.wanted(c, version, wabaNode, wabaFields, usualWABAFields)
		if f != nil {
			c.fault(f)
			return
		}
		c.json(http.StatusOK, w.read(names))
	case edge == "phone_numbers":
		s.listNumbers(c, w, version)
	case edge == "message_templates":
		s.listTemplates(c, w)
	default:
		c.fault(unknownEdge(edge))
	}
}

// listNumbers answers a page of the account's numbers, 25 unless the caller says
// otherwise.
func (s *Simulator) listNumbers(c *call, w *WABA, version int) {
	const usual, most = 25, 100
	names, f := s.wanted(c, version, numberNode, numberFields, usualFields[:len(usualFields)-2])
	if f != nil {
		c.fault(f)
		return
	}
	if !slices.Contains(names, "id") {
		names = append(slices.Clone(names), "id")
	}
	limit, err := strconv.Atoi(c.query.Get("limit"))
	if err != nil || limit <= 0 {
		limit = usual
	}
	limit = min(limit, most)
	start := readCursor(c.query.Get("after"))
	application := s.callbackURL()

	w.mu.Lock()
	start = min(start, len(w.numbers))
	end := min(start+limit, len(w.numbers))
	data := make([]map[string]any, 0, end-start)
	for _, n := range w.numbers[start:end] {
		data = append(data, n.read(names, application, false))
	}
	more := end < len(w.numbers)
	w.mu.Unlock()

	out := map[string]any{"data": data}
	if len(data) > 0 {
		paging := map[string]any{"cursors": map[string]any{"before": cursor(start), "after": cursor(end)}}
		if more {
			query := c.query
			query.Set("after", cursor(end))
			paging["next"] = s.base + c.r.URL.Path + "?" + query.Encode()
		}
		out["paging"] = paging
	}
	c.json(http.StatusOK, out)
}

// cursor is a place in a list, in words that nobody should read.
func cursor(i int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("at:" + strconv.Itoa(i)))
}

func readCursor(v string) int {
	b, err := base64.RawURLEncoding.DecodeString(v)
	if err != nil {
		return 0
	}
	i, _ := strconv.Atoi(strings.TrimPrefix(string(b), "at:")) // anything else is the beginning
	return max(i, 0)
}

// listTemplates lists message templates, 25 at a time unless the caller says
// otherwise. Like Meta it repeats the token in the address of the next page.
func (s *Simulator) listTemplates(c *call, w *WABA) {
	const usual = 25
	after, _ := strconv.Atoi(c.query.Get("after")) // anything else is the beginning
	limit, err := strconv.Atoi(c.query.Get("limit"))
	if err != nil {
		limit = usual
	}
	list, more := templatePage(w.templates.Load(), after, limit)
	paging := map[string]any{}
	if more {
		query := c.query
		query.Set("after", strconv.Itoa(after+len(list)))
		paging["next"] = s.base + c.r.URL.Path + "?" + query.Encode()
	}
	c.json(http.StatusOK, map[string]any{"data": list, "paging": paging})
}
