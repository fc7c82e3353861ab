package grafana_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the dashboards")

// board is a dashboard, drawn from the top.
type board struct {
	file, title, about string
	variables          []variable
	rows               []row
}

// variable is a choice at the top: the values of a label.
type variable struct{ name, label, values string }

type row struct {
	title  string
	panels []panel
}

// panel is a picture of one or a few queries.
type panel struct {
	title, about string
	unit         string // of Grafana; short: a plain count
	wide         int    // of 24; 0: 8
	kind         string // empty: timeseries
	stacked      bool
	ask          []ask
}

// ask is a query and how its lines are called.
type ask struct{ expr, legend string }

type object = map[string]any

// TestDrawn: what is committed is what is drawn here.
func TestDrawn(t *testing.T) {
	t.Parallel()
	drawn := map[string]bool{}
	for _, b := range boards {
		want := draw(t, b)
		path := filepath.Join("dashboards", b.file+".json")
		drawn[path] = true
		got, err := os.ReadFile(path)
		switch {
		case bytes.Equal(got, want):
		case *update:
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s is not what boards_test.go says (%v); run go test ./deploy/grafana -update", path, err)
		}
	}
	there, err := filepath.Glob("dashboards/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if !drawn[path] {
			t.Errorf("%s: boards_test.go does not know it", path)
		}
	}
}

var source = object{"type": "prometheus", "uid": "${datasource}"}

func draw(t *testing.T, b board) []byte {
	t.Helper()
	variables := []object{{
		"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0, "refresh": 1,
	}}
	for _, v := range b.variables {
		variables = append(variables, object{
			"name": v.name, "label": v.label, "type": "query", "datasource": source, "definition": v.values,
			"query":   object{"query": v.values, "refId": "StandardVariableQuery"},
			"refresh": 2, "sort": 3, "multi": true, "includeAll": true, "allValue": ".*", "hide": 0,
			"current": object{"selected": true, "text": []string{"All"}, "value": []string{"$__all"}},
		})
	}
	panels, id, y := []object{}, 0, 0
	place := func(p object, x, w, h int) {
		id++
		p["id"], p["gridPos"] = id, object{"x": x, "y": y, "w": w, "h": h}
		panels = append(panels, p)
	}
	for _, r := range b.rows {
		place(object{"type": "row", "title": r.title, "collapsed": false, "panels": []object{}}, 0, 24, 1)
		y++
		x := 0
		for _, p := range r.panels {
			w := max(p.wide, 8)
			if x+w > 24 {
				x, y = 0, y+8
			}
			place(p.draw(), x, w, 8)
			x += w
		}
		y += 8
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(object{
		"uid": "tributary-" + b.file, "title": "Tributary " + b.title, "description": b.about, "tags": []string{"tributary"},
		"schemaVersion": 39, "version": 1, "editable": true, "graphTooltip": 1, "refresh": "30s", "timezone": "browser",
		"time": object{"from": "now-3h", "to": "now"}, "templating": object{"list": variables}, "panels": panels,
		"links": []object{{
			"type": "dashboards", "tags": []string{"tributary"}, "title": "Tributary", "asDropdown": true, "includeVars": false, "keepTime": true,
		}},
	}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (p panel) draw() object {
	targets := []object{}
	for i, q := range p.ask {
		target := object{
			"refId": string(rune('A' + i)), "datasource": source, "expr": strings.Join(strings.Fields(q.expr), " "), "legendFormat": q.legend,
		}
		if p.kind == "table" || p.kind == "stat" {
			target["instant"], target["range"] = true, false
		}
		if p.kind == "table" {
			target["format"] = "table"
		}
		targets = append(targets, target)
	}
	custom := object{"lineWidth": 1, "fillOpacity": 10, "showPoints": "never"}
	if p.stacked {
		custom["stacking"], custom["fillOpacity"] = object{"mode": "normal", "group": "A"}, 40
	}
	out := object{
		"type": p.kind, "title": p.title, "description": p.about, "datasource": source, "targets": targets,
		"fieldConfig": object{"defaults": object{"unit": p.unit, "min": 0}, "overrides": []object{}},
	}
	switch p.kind {
	case "":
		out["type"] = "timeseries"
		out["fieldConfig"] = object{"defaults": object{"unit": p.unit, "min": 0, "custom": custom}, "overrides": []object{}}
		out["options"] = object{
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": true},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		}
	case "stat":
		out["options"] = object{
			"colorMode": "none", "graphMode": "none", "textMode": "auto",
			"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
		}
	case "table":
		out["options"] = object{"showHeader": true}
		out["transformations"] = []object{{"id": "organize", "options": object{"excludeByName": object{"Time": true}}}}
	}
	return out
}
