package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// numberFields are what a health read asks for (Graph API reference, "WhatsApp
// Business Phone Number", v24.0). certificate is not among them: nobody needs it.
var numberFields = []string{
	"quality_rating", "whatsapp_business_manager_messaging_limit", "code_verification_status", "account_mode", "id",
	"display_phone_number", "name_status", "verified_name", "webhook_configuration", "throughput", "last_onboarded_time",
	"platform_type", "status", "is_on_biz_app", "is_pin_enabled", "new_display_name", "new_name_status", "health_status",
}

// listFields are what the list of an account's numbers is asked for.
var listFields = []string{
	"id", "display_phone_number", "verified_name", "code_verification_status", "platform_type", "throughput", "status",
	"name_status", "is_on_biz_app",
}

var businessFields = []string{"id", "name", "owner_business_info", "account_review_status"}

const (
	pageSize = "100"
	maxPages = 30
)

// Number reads the state of a number, at v24.0 or the configured version if that
// is newer. Of the answer no part is made up: without a readable state there is an
// error.
func (c *Client) Number(ctx context.Context, t Target) (*Number, error) {
	if e := t.own(t.PhoneID, "phone number id"); e != nil {
		return nil, e
	}
	version := c.readVersion()
	var n *Number
	dropped, err := c.withFields("number", version, numberFields, func(fields []string) error {
		return c.do(ctx, &request{
			call: "number", target: t, version: version, method: http.MethodGet, path: []string{t.PhoneID}, token: t.Token,
			query: url.Values{"fields": {strings.Join(fields, ",")}},
		}, func(body []byte) error {
			one, err := readNumber(body)
			n = one
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	n.Dropped = dropped
	return n, nil
}

func readNumber(raw []byte) (*Number, error) {
	n := &Number{}
	if err := json.Unmarshal(raw, n); err != nil {
		return nil, err
	}
	if n.ID == "" {
		return nil, errors.New("graph: number: there is no id")
	}
	return n, nil
}

// PhoneNumbers lists the numbers of a WABA, over all pages; that it succeeds proves
// that the token may use the account. The pages are asked for here, never at the
// address that Meta names for them, which has the token in it.
func (c *Client) PhoneNumbers(ctx context.Context, t Target) ([]Number, error) {
	if e := t.own(t.WABA, "WhatsApp Business Account id"); e != nil {
		return nil, e
	}
	version := c.version()
	var numbers []Number
	dropped, err := c.withFields("number", version, listFields, func(fields []string) error {
		numbers = nil
		after := ""
		for range maxPages {
			var p page
			query := url.Values{"fields": {strings.Join(fields, ",")}, "limit": {pageSize}}
			if after != "" {
				query.Set("after", after)
			}
			err := c.do(ctx, &request{
				call: "phone_numbers", target: t, version: version, method: http.MethodGet,
				path: []string{t.WABA, "phone_numbers"}, token: t.Token, query: query,
			}, p.decode)
			if err != nil {
				return err
			}
			numbers = append(numbers, p.numbers...)
			if p.next == "" {
				return nil
			}
			if p.next == after {
				break
			}
			after = p.next
		}
		return &Error{Class: Unknown, Message: fmt.Sprintf("the list of numbers has no end within %d pages", maxPages)}
	})
	if err != nil {
		return nil, err
	}
	for i := range numbers {
		numbers[i].Dropped = dropped
	}
	return numbers, nil
}

// page is one page of a list of numbers; next is the cursor of the next one, "" at
// the end.
type page struct {
	numbers []Number
	next    string
}

func (p *page) decode(body []byte) error {
	var answer struct {
		Data   []json.RawMessage `json:"data"`
		Paging struct {
			Next    string `json:"next"`
			Cursors struct {
				After string `json:"after"`
			} `json:"cursors"`
		} `json:"paging"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("graph: phone numbers: %w", err)
	}
	if answer.Data == nil {
		return errors.New("graph: phone numbers: there is no list")
	}
	for _, raw := range answer.Data {
		n, err := readNumber(raw)
		if err != nil {
			return err
		}
		p.numbers = append(p.numbers, *n)
	}
	if answer.Paging.Next == "" {
		return nil
	}
	if p.next = answer.Paging.Cursors.After; p.next != "" {
		return nil
	}
	next, err := url.Parse(answer.Paging.Next)
	if err != nil || next.Query().Get("after") == "" {
		return errors.New("graph: phone numbers: there is a next page, but no cursor for it")
	}
	p.next = next.Query().Get("after")
	return nil
}

// Business reads a WABA and its owner. What it tells is an addition: a token that
// may register numbers may be refused this, so its failure says nothing about
// them.
func (c *Client) Business(ctx context.Context, t Target) (*Business, error) {
	if e := t.own(t.WABA, "WhatsApp Business Account id"); e != nil {
		return nil, e
	}
	version := c.readVersion()
	b := &Business{}
	_, err := c.withFields("business", version, businessFields, func(fields []string) error {
		return c.do(ctx, &request{
			call: "business", target: t, version: version, method: http.MethodGet, path: []string{t.WABA}, token: t.Token,
			query: url.Values{"fields": {strings.Join(fields, ",")}},
		}, b.decode)
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Business) decode(body []byte) error {
	var f map[string]json.RawMessage
	if err := json.Unmarshal(body, &f); err != nil {
		return fmt.Errorf("graph: business: %w", err)
	}
	owner := f["owner_business_info"]
	*b = Business{
		ID: words(f["id"]), Name: clip(words(f["name"])),
		PortfolioID: member(owner, "id"), PortfolioName: clip(member(owner, "name")),
		ReviewStatus: words(f["account_review_status"]),
	}
	if b.ID == "" {
		return errors.New("graph: business: there is no id")
	}
	return nil
}
