package arch_test

import (
	"bytes"
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestImports(t *testing.T) {
	t.Parallel()
	tr := goFiles(t)
	for _, f := range tr.files {
		r, ok := ruleOf(f.pkg)
		if !ok {
			t.Errorf("%s: the package has no import rule; give it one in rules_test.go", f.path)
			continue
		}
		for _, spec := range f.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if target, ours := strings.CutPrefix(name, module); ours {
				if !mayImport(f, r, target) {
					t.Errorf("%s imports %s; %s may import %v", f.path, target, f.pkg, r.imports)
				}
				continue
			}
			for _, l := range libraries {
				if (name == l.prefix || strings.HasPrefix(name, l.prefix+"/")) && exempt[name] == "" &&
					(!f.test || !l.tests) && !slices.Contains(l.users, f.pkg) {
					t.Errorf("%s imports %s: %s; it is for %v", f.path, name, l.why, l.users)
				}
			}
		}
	}
}

func mayImport(f *file, r rule, target string) bool {
	if slices.Contains(testOnly, target) {
		return f.test || slices.Contains(testOnly, f.pkg)
	}
	if strings.HasPrefix(target, "internal/") || anyMatches(r.imports, target) || target == f.pkg {
		return true
	}
	if !f.test {
		return false
	}
	for pattern, extra := range testImports {
		if matches(pattern, f.pkg) && anyMatches(extra, target) {
			return true
		}
	}
	return false
}

// TestRulesPointDown holds the table itself to its order.
func TestRulesPointDown(t *testing.T) {
	t.Parallel()
	top := func(pkg string) string { first, _, _ := strings.Cut(pkg, "/"); return first }
	for pkg, r := range rules {
		for _, target := range r.imports {
			to, ok := rules[target]
			if !ok {
				to, ok = ruleOf(strings.TrimSuffix(target, "/*"))
			}
			switch {
			case !ok:
				t.Errorf("%s may import %s, which has no rule", pkg, target)
			case top(pkg) == top(target), pkg == "bench" && target == "app", pkg == "e2e" && top(target) == "app":
			case to.level <= r.level:
				t.Errorf("%s (level %d) may import %s (level %d): imports go down", pkg, r.level, target, to.level)
			}
		}
	}
}

func TestPackagesAreNamedAndDescribed(t *testing.T) {
	t.Parallel()
	tr := goFiles(t)
	described := map[string]bool{}
	name := map[string]string{}
	for _, f := range tr.files {
		if f.pkg == "." {
			t.Errorf("%s: no Go file at the root", f.path)
		}
		if f.test {
			continue
		}
		name[f.pkg] = f.ast.Name.Name
		described[f.pkg] = described[f.pkg] || f.ast.Doc != nil
		if n := f.ast.Name.Name; n != "main" && n != path.Base(f.pkg) && n != namedOtherwise[f.pkg] {
			t.Errorf("%s: package %s lies in folder %s", f.path, f.ast.Name.Name, f.pkg)
		}
	}
	for pkg, n := range name {
		if slices.Contains(badNames, n) {
			t.Errorf("%s: %q says nothing about what it holds", pkg, n)
		}
		if !described[pkg] {
			t.Errorf("%s: the package has no doc comment", pkg)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t).files {
		if n := lines(f.text); !f.test && n > maxLines {
			t.Errorf("%s: %d lines, at most %d", f.path, n, maxLines)
		}
	}
}

func TestContextsComeFromCallers(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t).files {
		if f.test || slices.Contains(testOnly, f.pkg) || roots[f.pkg] != "" || slices.Contains([]string{"app", "app/command", "bench", "chaos"}, f.pkg) ||
			strings.HasPrefix(f.pkg, "cmd/") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "context" && (s.Sel.Name == "Background" || s.Sel.Name == "TODO") {
				t.Errorf("%s: context.%s; take the caller's", f.path, s.Sel.Name)
			}
			return true
		})
	}
}

// TestNothingPointsOutside finds mentions of what is not in the repository.
func TestNothingPointsOutside(t *testing.T) {
	t.Parallel()
	outside := []byte(".." + "/shared")
	if err := walk(func(name string, text []byte) error {
		if bytes.Contains(text, outside) {
			t.Errorf("%s mentions %s, which is not part of the project", name, outside)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
