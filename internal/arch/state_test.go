package arch_test

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// TestNoInit: what runs before main runs in an order nobody wrote down.
func TestNoInit(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t).files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init; let the caller call it", f.path)
			}
		}
	}
}

// TestNoState: package-level variables are tables that nothing changes. A
// variable without a value, of a kind that is made to be changed, or one that
// code assigns to or takes the address of, is state, and belongs into a struct.
func TestNoState(t *testing.T) {
	t.Parallel()
	tr := goFiles(t)
	declared := map[string]map[string]*ast.ValueSpec{} // by package, name
	for _, f := range tr.files {
		if f.test {
			continue
		}
		if declared[f.pkg] == nil {
			declared[f.pkg] = map[string]*ast.ValueSpec{}
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for i, name := range v.Names {
					if name.Name == "_" {
						continue
					}
					declared[f.pkg][name.Name] = v
					if writable[f.pkg+"."+name.Name] != "" || embedded(g, v) {
						continue
					}
					if why := madeToChange(v, i); why != "" {
						t.Errorf("%s: var %s %s; keep state in a struct", f.path, name.Name, why)
					}
				}
			}
		}
	}
	for _, f := range tr.files {
		if f.test {
			continue
		}
		for name, where := range written(f.ast, declared[f.pkg]) {
			if writable[f.pkg+"."+name] == "" {
				t.Errorf("%s: the package-level variable %s is written; keep state in a struct", tr.fset.Position(where), name)
			}
		}
	}
}

// embedded tells a variable that the compiler fills from files.
func embedded(g *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{g.Doc, v.Doc} {
		if doc == nil {
			continue
		}
		for _, c := range doc.List {
			if strings.HasPrefix(c.Text, "//go:embed ") {
				return true
			}
		}
	}
	return false
}

// madeToChange says why the value of a variable cannot be a constant table.
func madeToChange(v *ast.ValueSpec, i int) string {
	if len(v.Values) == 0 {
		return "has no value"
	}
	value := v.Values[min(i, len(v.Values)-1)]
	if call, ok := value.(*ast.CallExpr); ok {
		if fn, ok := call.Fun.(*ast.Ident); ok && (fn.Name == "make" || fn.Name == "new") {
			return "is made empty, to be filled"
		}
	}
	if u, ok := value.(*ast.UnaryExpr); ok && u.Op == token.AND {
		value = u.X
	}
	c, ok := value.(*ast.CompositeLit)
	if !ok {
		return ""
	}
	if s, ok := c.Type.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok && (x.Name == "sync" || x.Name == "atomic") {
			return "is a " + x.Name + "." + s.Sel.Name
		}
	}
	return ""
}

// written finds the package-level variables that a file changes.
func written(f *ast.File, declared map[string]*ast.ValueSpec) map[string]token.Pos {
	found := map[string]token.Pos{}
	target := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
			case *ast.SelectorExpr:
				e = x.X
			case *ast.StarExpr:
				e = x.X
			case *ast.ParenExpr:
				e = x.X
			case *ast.Ident:
				v := declared[x.Name]
				// The parser resolves names within the file: an object that is
				// not the declaration is a local variable of the same name.
				if v != nil && (x.Obj == nil || x.Obj.Decl == v) {
					found[x.Name] = x.Pos()
				}
				return
			default:
				return
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					target(e)
				}
			}
		case *ast.IncDecStmt:
			target(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				target(n.Key)
				target(n.Value)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				if _, literal := n.X.(*ast.CompositeLit); !literal {
					target(n.X)
				}
			}
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "delete" || fn.Name == "clear") && len(n.Args) > 0 {
				target(n.Args[0])
			}
		}
		return true
	})
	return found
}
