package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"

	"github.com/swaggest/swgui/v5/static"

	"tributary/api/openapi"
	"tributary/api/route"
)

func (a *API) swagger() []route.Row {
	return []route.Row{
		route.Get("/swagger", route.Public, a.showSwagger).Doc("Page that shows this description").AnswersAs(http.StatusOK, "text/html"),
		route.Get("/swagger/{path:*}", route.Public, a.showSwaggerFile).Doc("This description as swagger.json, and what its page consists of").
			AnswersAs(http.StatusOK, "*/*").Answers(http.StatusNotFound),
	}
}

// Describe is the OpenAPI document of rows: of the API's, and of those that others
// mount beside it. strict closes its objects, see openapi.Options.
func Describe(rows []route.Row, strict bool) ([]byte, error) {
	return openapi.Build(rows, openapi.Options{Title: "Tributary", Version: CompatibleVersion, Strict: strict})
}

const (
	// swaggerPolicy lets the page run and load nothing but its own files. Its pictures
	// are in its style sheet.
	swaggerPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	swaggerPage = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tributary API</title>
<link rel="icon" type="image/png" href="/swagger/favicon-32x32.png">
<link rel="stylesheet" href="/swagger/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/swagger/swagger-ui-bundle.js"></script>
<script src="/swagger/start.js"></script>
</body>
</html>
`
	swaggerStart = `window.ui = SwaggerUIBundle({
  url: "/swagger/swagger.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
});
`
)

func (a *API) showSwagger(_ context.Context, c *route.Call, _ none) (route.Content, error) {
	c.SetHeader("Content-Security-Policy", swaggerPolicy)
	return route.Raw([]byte(swaggerPage), "text/html; charset=utf-8"), nil
}

type swaggerFileIn struct {
	Path     string `path:"path"`
	Encoding string `header:"Accept-Encoding"`
}

// swaggerTypes are the content types of the page's files, by the end of their name.
var swaggerTypes = map[string]string{
	"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "png": "image/png",
}

func (a *API) showSwaggerFile(_ context.Context, c *route.Call, in swaggerFileIn) (route.Content, error) {
	switch in.Path {
	case "swagger.json":
		b, err := a.description()
		return route.Raw(b, "application/json"), err
	case "start.js":
		return route.Raw([]byte(swaggerStart), swaggerTypes["js"]), nil
	}
	mediaType := swaggerTypes[in.Path[strings.LastIndexByte(in.Path, '.')+1:]]
	if mediaType == "" || strings.Contains(in.Path, "/") {
		return route.Content{}, &route.Problem{Status: http.StatusNotFound}
	}
	body, err := fs.ReadFile(static.FS, in.Path)
	if err == nil {
		return route.Raw(body, mediaType), nil
	}
	packed, err := fs.ReadFile(static.FS, in.Path+".gz")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return route.Content{}, &route.Problem{Status: http.StatusNotFound}
	case err != nil:
		return route.Content{}, fmt.Errorf("api: swagger: %w", err)
	}
	c.SetHeader("Vary", "Accept-Encoding")
	if strings.Contains(in.Encoding, "gzip") {
		c.SetHeader("Content-Encoding", "gzip")
		return route.Raw(packed, mediaType), nil
	}
	body, err = unpacked(packed)
	return route.Raw(body, mediaType), err
}

func unpacked(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("api: swagger: %w", err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("api: swagger: %w", err)
	}
	return body, nil
}
