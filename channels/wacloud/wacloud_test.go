package wacloud_test

import (
	"testing"

	"tributary/channels"
	"tributary/channels/channeltest"
	"tributary/channels/wacloud"
)

func build(env *channels.Env) channels.Driver { return wacloud.New(env) }

func TestDriver(t *testing.T) { channeltest.Run(t, build) }

func FuzzDriver(f *testing.F) { channeltest.Fuzz(f, build) }
