package api

import (
	"context"
	"time"

	"tributary/api/route"
)

func (a *API) info() []route.Row {
	return []route.Row{
		route.Get("/api", route.Public, a.showInfo),
	}
}

// CompatibleVersion is the version whose API this is; the mobile app decides by
// it what it can use.
const CompatibleVersion = "4.6.0"

type infoOut struct {
	Version       string `json:"version"`
	Timestamp     string `json:"timestamp"`
	QueueServices string `json:"queue_services"`
	DataServices  string `json:"data_services"`
}

func (a *API) showInfo(ctx context.Context, c *route.Call, _ none) (infoOut, error) {
	return infoOut{
		Version:       CompatibleVersion,
		Timestamp:     c.Now.UTC().Format(time.DateTime),
		QueueServices: health(a.Queue(ctx)),
		DataServices:  health(a.Store.Ping(ctx)),
	}, nil
}

func health(err error) string {
	if err != nil {
		return "failing"
	}
	return "ok"
}
