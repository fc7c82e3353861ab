package story_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/simulator"
	"tributary/simulator/story"
)

func run(t *testing.T, lossy, color bool) (string, error) {
	t.Helper()
	s, err := simulator.Start(context.Background(), simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, s)
	p.lossy = lossy
	s.SetTarget(p.URL, p.URL)
	var out bytes.Buffer
	err = story.Run(t.Context(), story.Config{
		Base: p.URL, APIToken: "token", AccountID: 1, Sim: s, Out: &out, Color: color, Step: 10 * time.Second, Recovery: 20 * time.Second,
		CreateInbox: func(ctx context.Context, kind, _ string, settings json.RawMessage) (int64, error) {
			types := map[string]string{
				"facebook": "Channel::FacebookPage", "instagram_page": "Channel::FacebookPage",
				"instagram": "Channel::Instagram", "twitter": "Channel::TwitterProfile",
			}
			ch, err := p.create(ctx, func(i channels.Info) bool { return i.ChannelType == types[kind] }, settings)
			if err != nil {
				return 0, err
			}
			return ch.InboxID, nil
		},
	})
	if cerr := s.Close(); cerr != nil {
		t.Error(cerr)
	}
	p.stop()
	t.Log("\n" + out.String())
	return out.String(), err
}

func TestStoryEndsWell(t *testing.T) {
	t.Parallel()
	out, err := run(t, false, false)
	if err != nil {
		t.Fatalf("Run() = %v", err)
	}
	for _, kind := range simulator.Kinds() {
		if n := strings.Count(out, kind.Title()); n < 3 {
			t.Errorf("%s appears %d times, want it connected, talking and playing more", kind, n)
		}
		if n := shown(out, kind); n < 4 {
			t.Errorf("%s shows %d kinds of events, want at least four", kind, n)
		}
	}
	for _, want := range []string{"everything went as promised", "12 channels", "7 failures", "21211"} {
		if !strings.Contains(out, want) {
			t.Errorf("the story does not say %q", want)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colour without being asked for")
	}
}

// shown counts the kinds of events that the line of a channel ticks off.
func shown(out string, kind simulator.Kind) int {
	_, part, _ := strings.Cut(out, "More than text")
	part, _, _ = strings.Cut(part, "Failing")
	for line := range strings.Lines(part) {
		if rest, ok := strings.CutPrefix(line, "  ✓ "+kind.Title()+"  "); ok {
			return strings.Count(rest, "✓")
		}
	}
	return 0
}

func TestStoryNoticesADuplicate(t *testing.T) {
	t.Parallel()
	out, err := run(t, true, true)
	if !errors.Is(err, story.ErrUnexpected) {
		t.Errorf("Run() = %v, want ErrUnexpected", err)
	}
	if !strings.Contains(out, "stored 3 times") || !strings.Contains(out, "\x1b[31m") {
		t.Error("the failed step is not shown")
	}
}
