package validate

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// TestCompose reads compose.yaml as docker compose does, and holds it to our rules.
func TestCompose(t *testing.T) {
	t.Parallel()
	options, err := cli.NewProjectOptions([]string{"../compose.yaml"}, cli.WithProfiles([]string{"*"}),
		cli.WithEnv([]string{"SECRET_KEY_BASE=x", "FRONTEND_URL=https://desk.example.com"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known := documented(t)
	roles := map[string]bool{}
	files := map[string]bool{}
	for name, s := range project.Services {
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s may gain privileges", name)
		}
		if s.Image != "tributary" {
			continue
		}
		if want := filepath.Join(s.Build.Context, "deploy", "Containerfile"); filepath.Join(s.Build.Context, s.Build.Dockerfile) != want {
			t.Errorf("%s is built from %s", name, s.Build.Dockerfile)
		}
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.Tmpfs, "/tmp") {
			t.Errorf("%s: read-only %v, capabilities less %v, in memory %v", name, s.ReadOnly, s.CapDrop, s.Tmpfs)
		}
		if s.StopGracePeriod == nil || time.Duration(*s.StopGracePeriod) <= 30*time.Second {
			t.Errorf("%s: its grace period is not longer than STOP_TIMEOUT", name)
		}
		env := map[string]string{}
		for k, v := range s.Environment {
			if !known[k] {
				t.Errorf("%s: %s is no variable of the program", name, k)
			}
			if v != nil {
				env[k] = *v
			}
		}
		edge := env["ROLES"] == "edge"
		check := []string{"CMD", "/tributary", "ready"}
		if edge {
			check = append(check, "--live")
		}
		if s.HealthCheck == nil || !slices.Equal(s.HealthCheck.Test, check) {
			t.Errorf("%s: health check %+v, want %v", name, s.HealthCheck, check)
		}
		volume := slices.IndexFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == "/data" && v.Type == "volume" })
		if volume < 0 {
			t.Errorf("%s has no volume at /data", name)
			continue
		}
		source := s.Volumes[volume].Source
		for role := range strings.SplitSeq(env["ROLES"], ",") {
			roles[role] = true
			if !edge && role != "scheduler" && env["ACTIVE_STORAGE_SERVICE"] == "" {
				files[source] = true
			}
		}
	}
	if len(roles) != 5 || len(files) != 1 {
		t.Errorf("roles %v, files in the volumes %v: they have to be in one", roles, files)
	}
	if edge := project.Services["edge"]; files[edge.Volumes[0].Source] {
		t.Error("the edge's spool is in the volume of others")
	}
}
