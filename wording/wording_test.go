package wording_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"tributary/wording"
)

func TestLocales(t *testing.T) {
	t.Parallel()
	// The numbers and codes of Chatwoot's accounts.
	want := map[int]string{
		0: "en", 1: "ar", 2: "nl", 3: "fr", 4: "de", 6: "it", 7: "ja", 8: "ko", 9: "pt", 10: "ru", 12: "es", 13: "ml", 14: "ca",
		15: "el", 16: "pt_BR", 17: "ro", 18: "ta", 19: "fa", 20: "zh_TW", 21: "vi", 22: "da", 23: "tr", 24: "cs", 25: "fi", 26: "id",
		27: "sv", 28: "hu", 29: "no", 30: "zh_CN", 31: "pl", 32: "sk", 33: "uk", 34: "th", 35: "lv", 36: "is", 37: "he", 38: "lt",
		39: "sr", 40: "bg",
	}
	if got := len(wording.Locales()); got != len(want) {
		t.Errorf("got %d locales, want %d", got, len(want))
	}
	for _, l := range wording.Locales() {
		if want[l.Number()] != l.Code() {
			t.Errorf("number %d: got %q, want %q", l.Number(), l.Code(), want[l.Number()])
		}
		if back, ok := wording.ParseLocale(l.Code()); !ok || back != l {
			t.Errorf("ParseLocale(%q): got %v %t", l.Code(), back, ok)
		}
		if back := wording.LocaleOf(l.Number()); back != l {
			t.Errorf("LocaleOf(%d): got %v", l.Number(), back)
		}
	}
	for _, number := range []int{-1, 5, 11, 41, 256, 272, 1 << 40} {
		if got := wording.LocaleOf(number); got != wording.English {
			t.Errorf("LocaleOf(%d): got %v, want English", number, got)
		}
	}
	for _, code := range []string{"", "xx", "pt-BR", "PT_BR", "fr_CA"} {
		if got, ok := wording.ParseLocale(code); ok || got != wording.English {
			t.Errorf("ParseLocale(%q): got %v %t, want none", code, got, ok)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wishes []string
		want   string
	}{
		{nil, "en"},
		{[]string{"", ""}, "en"},
		{[]string{"", "de", "fr"}, "de"},
		{[]string{"pt_BR"}, "pt_BR"},
		{[]string{"pt_MZ"}, "pt"},
		{[]string{"fr_CA", "de"}, "fr"},
		{[]string{"xx_YY", "de"}, "en"}, // the wish was made, and nobody speaks it
		{[]string{"xx"}, "en"},
		{[]string{"zh"}, "en"},
		{[]string{"_"}, "en"},
	} {
		if got := wording.Match(c.wishes...).Code(); got != c.want {
			t.Errorf("Match(%q): got %s, want %s", c.wishes, got, c.want)
		}
	}
}

func locale(t *testing.T, code string) wording.Locale {
	t.Helper()
	l, ok := wording.ParseLocale(code)
	if !ok {
		t.Fatalf("no locale %q", code)
	}
	return l
}

func TestSay(t *testing.T) {
	t.Parallel()
	mention := wording.PlaceholderStoryMention.With("name", "tomas.bakes")
	deleted := wording.PlaceholderDeleted.Text()
	for _, c := range []struct {
		code string
		text wording.Text
		want string
	}{
		{"en", deleted, "This message was deleted"},
		{"pt_BR", deleted, "Esta mensagem foi apagada"},
		{"pt", deleted, "Esta mensagem foi eliminada"},
		{"no", deleted, "Denne meldingen ble slettet"},
		{"da", deleted, "Denne besked blev slettet"},
		{"zh_TW", deleted, "此訊息已刪除"},
		{"zh_CN", deleted, "此消息已删除"},
		{"en", mention, "tomas.bakes mentioned you in the story"},
		{"ja", mention, "tomas.bakesさんがストーリーであなたをメンションしました"},
		{"de", wording.ContactUser.With("channel", "LINE", "id", "U1"), "LINE-Nutzer U1"},
		{"de", wording.Text{}, ""},
		{"de", wording.Text{Key: "placeholder.of_tomorrow"}, "placeholder.of_tomorrow"},
		{"de", wording.Text{Key: "placeholder.story_mention"}, " hat dich in der Story erwähnt"},
		// What an argument looks like does not matter.
		{"en", wording.PlaceholderStoryMention.With("name", "{name} {{.x}} %s"), "{name} {{.x}} %s mentioned you in the story"},
	} {
		if got := locale(t, c.code).Say(c.text); got != c.want {
			t.Errorf("%s, %v: got %q, want %q", c.code, c.text, got, c.want)
		}
	}
	if got := wording.Locale(200).Say(deleted); got != "This message was deleted" {
		t.Errorf("an unknown locale: got %q", got)
	}
}

// A text is stored with events and jobs, and read by a later release.
func TestTextIsStored(t *testing.T) {
	t.Parallel()
	n := int64(3)
	for _, c := range []struct {
		text wording.Text
		want string
	}{
		{wording.PlaceholderDeleted.Text(), `{"key":"placeholder.deleted"}`},
		{wording.PlaceholderStoryMention.With("name", "a"), `{"key":"placeholder.story_mention","args":{"name":"a"}}`},
		{wording.Text{Key: "x.y", Args: wording.Args{"count": "3"}, Number: &n}, `{"key":"x.y","args":{"count":"3"},"number":3}`},
	} {
		raw, err := json.Marshal(c.text)
		if err != nil || string(raw) != c.want {
			t.Errorf("got %s %v, want %s", raw, err, c.want)
		}
		var back wording.Text
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Error(err)
		}
		if again, err := json.Marshal(back); err != nil || string(again) != c.want {
			t.Errorf("read back: got %s %v, want %s", again, err, c.want)
		}
	}
}

// WhatsApp refuses a list whose button has more than 20 characters (Cloud API,
// "Interactive list messages").
func TestListButtonFits(t *testing.T) {
	t.Parallel()
	for _, l := range wording.Locales() {
		if words := l.Say(wording.CustomerChooseItem.Text()); utf8.RuneCountInString(words) > 20 {
			t.Errorf("%s: %q is longer than 20 characters", l, words)
		}
	}
}

func BenchmarkSay(b *testing.B) {
	l, _ := wording.ParseLocale("pt_BR")
	for name, text := range map[string]wording.Text{
		"plain":     wording.PlaceholderDeleted.Text(),
		"arguments": wording.ContactUser.With("channel", "LINE", "id", "U1"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Say(text)
			}
		})
	}
}
