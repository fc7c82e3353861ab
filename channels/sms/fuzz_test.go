package sms_test

import (
	"testing"

	"tributary/channels/channeltest"
)

func FuzzDriver(f *testing.F) { channeltest.Fuzz(f, build) }
