package validate_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"tributary/chat"
	"tributary/internal/validate"
)

func TestErrorsWording(t *testing.T) {
	t.Parallel()
	var e validate.Errors
	if e.Any() || e.Err() != nil {
		t.Fatal("the zero value has failures")
	}
	e.Present("name", " ")
	e.MaxLen("name", strings.Repeat("é", 256), validate.ShortText)
	e.MaxLen("title", strings.Repeat("é", 255), validate.ShortText)
	e.Present("title", "x")
	e.OneOf("provider", "smoke", "default", "whatsapp_cloud")
	e.OneOf("provider", "default", "default", "whatsapp_cloud")
	e.Add("user_id", validate.Taken)
	e.Add(validate.Base, "Twilio setup failed: no route")
	e.AddWhole("agent_reply_time_window", "agent_reply_time_window must be greater than 0")

	var got *chat.Error
	if !errors.As(e.Err(), &got) {
		t.Fatalf("got %T", e.Err())
	}
	want := "Name can't be blank, Name is too long (maximum is 255 characters), Provider is not included in the list, " +
		"User has already been taken, Twilio setup failed: no route, agent_reply_time_window must be greater than 0"
	if got.Message != want || got.Code != chat.CodeInvalid {
		t.Errorf("got %s %q\nwant %q", got.Code, got.Message, want)
	}
	attrs := []string{"name", "provider", "user_id", "base", "agent_reply_time_window"}
	if !reflect.DeepEqual(got.Attributes, attrs) {
		t.Errorf("got %v, want %v", got.Attributes, attrs)
	}
}

func TestHumanize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "name": "Name", "user_id": "User", "phone_number": "Phone number", "_id": "", "éclair": "Éclair",
		"provider_config": "Provider config", "id": "Id",
	} {
		if got := validate.Humanize(in); got != want {
			t.Errorf("Humanize(%q) = %q, want %q", in, got, want)
		}
	}
	if err := validate.Fail("email", validate.Taken); err.Error() != "Email has already been taken" {
		t.Errorf("got %q", err)
	}
}
