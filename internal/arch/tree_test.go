package arch_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "tributary/"

// file is one parsed Go file.
type file struct {
	path string // from the root of the module, with slashes
	pkg  string // its folder, "queue/localq"
	test bool
	ast  *ast.File
	text []byte
}

// tree is everything that git would keep, read once.
type tree struct {
	fset  *token.FileSet
	files []*file
	err   error
}

// parsed is the tree, read by the first test that asks.
var parsed = sync.OnceValue(parse)

func goFiles(t *testing.T) *tree {
	t.Helper()
	tr := parsed()
	if tr.err != nil {
		t.Fatal(tr.err)
	}
	return tr
}

const root = "../.."

// skipped are folders without source: what was built, data, what tests read.
var skipped = []string{".git", ".dev", "bin", "data", "node_modules", "testdata"}

func parse() *tree {
	tr := &tree{fset: token.NewFileSet()}
	tr.err = walk(func(name string, text []byte) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(tr.fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		tr.files = append(tr.files, &file{path: name, pkg: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), ast: f, text: text})
		return nil
	})
	return tr
}

// walk calls f with every file of the module.
func walk(f func(name string, text []byte) error) error {
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(skipped, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		return f(filepath.ToSlash(name), text)
	})
}

// matches tells whether a package is one that a pattern names; "channels/*" is
// every folder directly below channels.
func matches(pattern, pkg string) bool {
	if pattern == pkg {
		return true
	}
	dir, ok := strings.CutSuffix(pattern, "/*")
	return ok && path.Dir(pkg) == dir
}

func anyMatches(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

// ruleOf is the rule of a package: its own, its pattern's, or its parent's.
func ruleOf(pkg string) (rule, bool) {
	for dir := pkg; dir != "."; dir = path.Dir(dir) {
		if r, ok := rules[dir]; ok {
			return r, true
		}
		if r, ok := rules[path.Dir(dir)+"/*"]; ok {
			return r, true
		}
	}
	return rule{}, false
}

func lines(text []byte) int { return bytes.Count(text, []byte("\n")) }
