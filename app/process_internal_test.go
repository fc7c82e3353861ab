package app

import "testing"

func TestCollectPercent(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 400, 10 << 20: 400, 12 << 20: 400, 24 << 20: 200, 48 << 20: 100, 1 << 40: 50} {
		if got := collectPercent(live); got != want {
			t.Errorf("%d: %d%%, want %d%%", live, got, want)
		}
	}
}
