package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"tributary/app/command"
)

// metric is what tributary metrics says of one.
type metric struct {
	Name, Type string
	Labels     []string
}

// foreign are the metrics that are not the program's, with their labels.
var foreign = []metric{
	{Name: "up"},
	{Name: "probe_success"},
	{Name: "probe_ssl_earliest_cert_expiry"},
}

// scraped are the labels that Prometheus adds; role is prometheus.yml's.
var scraped = []string{"job", "instance", "role"}

// known is every metric that may be asked for, by name.
type known map[string]metric

func program(t *testing.T) known {
	t.Helper()
	var out, errOut bytes.Buffer
	if status := command.Main(t.Context(), []string{"metrics", "--json"}, nil, &out, &errOut); status != 0 {
		t.Fatalf("tributary metrics: %d %s", status, errOut.String())
	}
	var list []metric
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	all := known{}
	for _, m := range append(list, foreign...) {
		all[m.Name] = m
	}
	return all
}

// find knows a series by the name that it has in a query.
func (k known) find(name string) (m metric, series []string, ok bool) {
	if m, ok = k[name]; ok && m.Type != "histogram" {
		if m.Type == "summary" {
			series = []string{"quantile"}
		}
		return m, series, true
	}
	for ending, own := range map[string][]string{"_bucket": {"le"}, "_sum": nil, "_count": nil} {
		if short, cut := strings.CutSuffix(name, ending); cut {
			if m, there := k[short]; there && (m.Type == "histogram" || m.Type == "summary" && ending != "_bucket") {
				return m, own, true
			}
		}
	}
	return metric{}, nil, false
}

type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []rule
	}
}

type rule struct {
	Record, Alert, Expr, For string
	Labels, Annotations      map[string]string
}

func rules(t *testing.T, file string) (groups []string, list []rule) {
	t.Helper()
	var f ruleFile
	read(t, file, &f)
	for _, g := range f.Groups {
		groups = append(groups, g.Name)
		list = append(list, g.Rules...)
	}
	return groups, list
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

const (
	recordingFile = "prometheus/rules/recording.yml"
	alertsFile    = "prometheus/rules/alerts.yml"
	runbooks      = "../docs/runbooks"
)

// withRecorded knows what the recording rules make, too: a series with the labels of
// what it is made of.
func withRecorded(t *testing.T) known {
	t.Helper()
	k := program(t)
	_, list := rules(t, recordingFile)
	for _, r := range list {
		k[r.Record] = metric{Name: r.Record, Labels: k.query(t, r.Record, r.Expr)}
	}
	return k
}

// query holds a query to what is known: every metric exists, every label by which one
// is chosen, grouped or matched is one of some metric in it. It gives those labels.
func (k known) query(t *testing.T, where, expr string) []string {
	t.Helper()
	root, err := parser.ParseExpr(expr)
	if err != nil {
		t.Errorf("%s: %v: %s", where, err, expr)
		return nil
	}
	labels, used := []string{}, []string{}
	parser.Inspect(root, func(n parser.Node, path []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			labels = append(labels, k.selector(t, where, n, path)...)
		case *parser.AggregateExpr:
			used = append(used, n.Grouping...)
		case *parser.BinaryExpr:
			if m := n.VectorMatching; m != nil {
				used = append(append(used, m.MatchingLabels...), m.Include...)
			}
		}
		return nil
	})
	for _, l := range used {
		if !slices.Contains(labels, l) {
			t.Errorf("%s: no metric of the query has the label %s: %s", where, l, expr)
		}
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

// selector holds one metric of a query to what is known, and gives the labels that it has.
func (k known) selector(t *testing.T, where string, n *parser.VectorSelector, path []parser.Node) []string {
	t.Helper()
	m, own, ok := k.find(n.Name)
	if !ok {
		t.Errorf("%s: there is no metric %s", where, n.Name)
		return nil
	}
	has := slices.Concat(m.Labels, own, scraped)
	for _, matcher := range n.LabelMatchers {
		if matcher.Name != labels.MetricName && !slices.Contains(has, matcher.Name) {
			t.Errorf("%s: %s has no label %s", where, n.Name, matcher.Name)
		}
	}
	if m.Type == "gauge" && len(path) > 1 {
		if call, calls := path[len(path)-2].(*parser.Call); calls && slices.Contains([]string{"rate", "increase", "irate"}, call.Func.Name) {
			t.Errorf("%s: %s of %s, which is a gauge", where, call.Func.Name, n.Name)
		}
	}
	return has
}

// TestRulesAskForWhatIsThere: rules ask for metrics and labels that the program has.
func TestRulesAskForWhatIsThere(t *testing.T) {
	t.Parallel()
	k := withRecorded(t)
	_, list := rules(t, alertsFile)
	for _, r := range list {
		k.query(t, r.Alert, r.Expr)
	}
}

// TestAlertsAreComplete: an alert says who is woken, what is wrong with its figure,
// and has a page that says what to do; each page has an alert.
func TestAlertsAreComplete(t *testing.T) {
	t.Parallel()
	k := withRecorded(t)
	_, list := rules(t, alertsFile)
	pages := map[string]bool{}
	for _, r := range list {
		if !slices.Contains([]string{"page", "ticket"}, r.Labels["severity"]) || len(r.Labels) != 1 {
			t.Errorf("%s: labels %v", r.Alert, r.Labels)
		}
		if names := slices.Sorted(maps.Keys(r.Annotations)); !slices.Equal(names, []string{"description", "runbook", "summary"}) {
			t.Errorf("%s: annotations %v", r.Alert, names)
		}
		if !strings.Contains(r.Annotations["description"], "$value") {
			t.Errorf("%s: the description has no figure", r.Alert)
		}
		said := k.query(t, r.Alert, r.Expr)
		for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.Annotations["summary"]+r.Annotations["description"], -1) {
			if !slices.Contains(said, m[1]) {
				t.Errorf("%s: the text names the label %s, the query has %v", r.Alert, m[1], said)
			}
		}
		if want := "docs/runbooks/" + r.Alert + ".md"; r.Annotations["runbook"] != want {
			t.Errorf("%s: runbook %s, want %s", r.Alert, r.Annotations["runbook"], want)
		}
		pages[r.Alert] = true
	}
	list2, err := os.ReadFile(filepath.Join(runbooks, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range pages {
		text, err := os.ReadFile(filepath.Join(runbooks, name+".md"))
		if err != nil {
			t.Errorf("%s has no runbook: %v", name, err)
			continue
		}
		for _, part := range []string{"# " + name + "\n", "\n## What it means\n", "\n## Where to look\n", "\n## What to do\n", "\n## When it is over\n"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("the runbook of %s lacks %q", name, part)
			}
		}
		if !strings.Contains(string(list2), "["+name+"]("+name+".md)") {
			t.Errorf("%s/README.md does not list %s", runbooks, name)
		}
	}
	there, err := filepath.Glob(filepath.Join(runbooks, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if name := strings.TrimSuffix(filepath.Base(path), ".md"); name != "README" && !pages[name] {
			t.Errorf("%s: there is no such alert", path)
		}
	}
}

type ruleTests struct {
	RuleFiles          []string `yaml:"rule_files"`
	GroupEvalOrder     []string `yaml:"group_eval_order"`
	EvaluationInterval string   `yaml:"evaluation_interval"`
	Tests              []struct {
		Name, Interval string
		InputSeries    []struct{ Series, Values string } `yaml:"input_series"`
		AlertRuleTest  []struct {
			Alertname string
			EvalTime  string `yaml:"eval_time"`
			ExpAlerts []struct {
				ExpLabels      map[string]string `yaml:"exp_labels"`
				ExpAnnotations map[string]string `yaml:"exp_annotations"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

// TestAlertsAreTested: promtool tries every alert, of each severity, where it fires and
// where it does not, with series that the program could show.
func TestAlertsAreTested(t *testing.T) {
	t.Parallel()
	k := program(t)
	recording, _ := rules(t, recordingFile)
	groups, list := rules(t, alertsFile)
	fires, rests := map[string]bool{}, map[string]bool{}
	files, err := filepath.Glob("prometheus/tests/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	for _, file := range files {
		var f ruleTests
		read(t, file, &f)
		// In another order alerts see what was recorded a round ago: the figures differ from run to run.
		if want := append(slices.Clone(recording), groups...); !slices.Equal(f.GroupEvalOrder, want) {
			t.Errorf("%s: group_eval_order is not %v", file, want)
		}
		for _, one := range f.Tests {
			for _, s := range one.InputSeries {
				series, err := parser.ParseMetric(s.Series)
				if err != nil {
					t.Errorf("%s: %s: %v", one.Name, s.Series, err)
					continue
				}
				m, own, ok := k.find(series.Get(labels.MetricName))
				if !ok {
					t.Errorf("%s: there is no metric of %s", one.Name, s.Series)
				}
				series.Range(func(l labels.Label) {
					if l.Name != labels.MetricName && !slices.Contains(slices.Concat(m.Labels, own, scraped), l.Name) {
						t.Errorf("%s: %s has no label %s", one.Name, s.Series, l.Name)
					}
				})
			}
			for _, a := range one.AlertRuleTest {
				fired := map[string]bool{}
				for _, e := range a.ExpAlerts {
					fired[e.ExpLabels["severity"]] = true
				}
				for _, severity := range []string{"page", "ticket"} {
					if fired[severity] {
						fires[a.Alertname+" "+severity] = true
					} else {
						rests[a.Alertname+" "+severity] = true
					}
				}
			}
		}
	}
	for _, r := range list {
		key := r.Alert + " " + r.Labels["severity"]
		if !fires[key] || !rests[key] {
			t.Errorf("%s: tested where it fires: %v, where it does not: %v", key, fires[key], rests[key])
		}
		delete(fires, key)
	}
	for key := range fires {
		t.Errorf("%s is tested, and there is no such alert", key)
	}
}

type dashboard struct {
	UID        string
	Title      string
	Panels     []panel
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
}

type panel struct {
	Title, Type, Description string
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Datasource               struct{ UID string }
	Targets                  []struct{ Expr string }
}

// TestDashboards: each can be imported beside the others, asks for what is there, and
// says what it shows in which unit.
func TestDashboards(t *testing.T) {
	t.Parallel()
	k := withRecorded(t)
	files, err := filepath.Glob("grafana/dashboards/*.json")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d dashboards (%v)", len(files), err)
	}
	uids := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if other := uids[d.UID]; d.UID == "" || other != "" || len(d.UID) > 40 {
			t.Errorf("%s: uid %q, which %q has too", file, d.UID, other)
		}
		uids[d.UID] = file
		variables := map[string]string{"$__rate_interval": "5m"}
		for _, v := range d.Templating.List {
			variables["$"+v.Name] = "x"
			if v.Type == "query" {
				asked := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`).FindStringSubmatch(v.Definition)
				if asked == nil {
					t.Errorf("%s: variable %s asks %s", file, v.Name, v.Definition)
				} else if has := k.query(t, file+" "+v.Name, asked[1]); !slices.Contains(has, asked[2]) {
					t.Errorf("%s: variable %s: there is no label %s", file, v.Name, asked[2])
				}
			}
		}
		titles := map[string]bool{}
		for _, p := range d.Panels {
			where := file + ": " + p.Title
			if p.Title == "" || titles[p.Type+p.Title] && p.Type == "row" {
				t.Errorf("%s: a panel without a title of its own", where)
			}
			titles[p.Type+p.Title] = true
			if p.Type == "row" {
				continue
			}
			if p.FieldConfig.Defaults.Unit == "" || p.Description == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
				t.Errorf("%s: unit %q, description %q, datasource %q, %d queries", where, p.FieldConfig.Defaults.Unit, p.Description, p.Datasource.UID, len(p.Targets))
			}
			for _, q := range p.Targets {
				expr := q.Expr
				for _, name := range slices.Backward(slices.Sorted(maps.Keys(variables))) {
					expr = strings.ReplaceAll(expr, name, variables[name])
				}
				if k.query(t, where, expr); strings.Contains(expr, "$") {
					t.Errorf("%s: a variable that the dashboard does not have: %s", where, q.Expr)
				}
			}
		}
	}
}

// TestDocumentsNameWhatIsThere: metrics and commands in the runbooks and in the
// documentation of operations exist.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	t.Parallel()
	k := program(t)
	files, err := filepath.Glob(filepath.Join(runbooks, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]string{}
	for _, file := range append(files, "../docs/operations.md", "../docs/whatsapp.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile("tributary_[a-z0-9_]+").FindAllString(string(text), -1) {
			if _, _, ok := k.find(name); !ok && k[name].Name == "" {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
		if !strings.HasPrefix(file, runbooks) {
			continue
		}
		for _, m := range regexp.MustCompile("`tributary ([a-z][^`]*)`").FindAllStringSubmatch(string(text), -1) {
			commands[m[1]] = file
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)[)#]`).FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	if len(commands) < 5 {
		t.Fatalf("only %v found in the runbooks", commands)
	}
	for line, file := range commands {
		runs(t, file, line)
	}
}

// runs tries a command as it stands in a runbook, against a folder without anything:
// whatever it finds, it must not be a mistake of the command line.
func runs(t *testing.T, file, line string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args := strings.Fields(line)
	for i := range args {
		args[i] = strings.NewReplacer("INBOX_ID", "12", "CHANNEL", "line", "ID", "3-1764000000000-0").Replace(args[i])
	}
	if args[0] == "whatsapp" { // it would call Meta
		args = append(args, "--help")
	}
	var out, errOut bytes.Buffer
	const usage = 2
	status := command.Main(ctx, args, []string{"DATA_DIR=" + t.TempDir(), "PORT=0"}, &out, &errOut)
	if status == usage || strings.Contains(errOut.String(), "unknown") {
		t.Errorf("%s: tributary %s: %s", file, line, errOut.String())
	}
	if args[len(args)-1] == "--help" && !strings.Contains(out.String(), fmt.Sprintf("tributary %s %s", args[0], args[1])) {
		t.Errorf("%s: tributary %s: %s", file, line, out.String())
	}
}
