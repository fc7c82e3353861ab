package all_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/all"
)

func drivers() []channels.Driver {
	return all.New(&channels.Env{
		Setting:   func(string) string { return "" },
		PublicURL: "https://desk.example.test",
		HTTP:      http.DefaultClient,
		Guarded:   http.DefaultClient,
		Now:       time.Now,
		Log:       slog.New(slog.DiscardHandler),
	})
}

func TestEveryDriverFolderIsListed(t *testing.T) {
	t.Parallel()
	source, err := parser.ParseFile(token.NewFileSet(), "all.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	imported := map[string]bool{}
	for _, i := range source.Imports {
		imported[path.Base(strings.Trim(i.Path.Value, `"`))] = true
	}
	folders, err := fs.ReadDir(os.DirFS(".."), ".")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range folders {
		if !f.IsDir() || !makesDriver(t, f.Name()) {
			continue
		}
		found++
		if !imported[f.Name()] {
			t.Errorf("the driver in channels/%s is not listed", f.Name())
		}
	}
	if n := len(drivers()); n != found {
		t.Errorf("%d drivers are listed, %d folders have one", n, found)
	}
}

// makesDriver tells whether a folder has a function New(env *channels.Env), the
// mark of a driver.
func makesDriver(t *testing.T, folder string) bool {
	t.Helper()
	files, err := fs.Glob(os.DirFS(path.Join("..", folder)), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path.Join("..", folder, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "New" && takesEnv(f) {
				return folder != "all"
			}
		}
	}
	return false
}

func takesEnv(f *ast.FuncDecl) bool {
	if len(f.Type.Params.List) != 1 {
		return false
	}
	pointer, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	selector, ok := pointer.X.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Env"
}

func TestInfosAreUnique(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	claim := func(slug, what string) {
		if other, ok := owner[what]; ok {
			t.Errorf("%s and %s both have %s", other, slug, what)
		}
		owner[what] = slug
	}
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	for _, d := range drivers() {
		info := d.Info()
		claim(info.Slug, "slug "+info.Slug)
		claim(info.Slug, "channel type "+info.ChannelType)
		if info.CreateType != "" {
			claim(info.Slug, "create type "+info.CreateType)
		}
		for _, h := range info.Hooks {
			// The router does not tell paths apart by the names of parameters.
			claim(info.Slug, "hook "+h.Method+" "+parameter.ReplaceAllString(h.Path, "{}"))
		}
	}
}
