package validate

import (
	"fmt"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// documented are the variables of docs/configuration.md, which the program's own
// tests hold to what it reads.
func documented(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		first, _, _ := strings.Cut(line[2:], "|")
		for _, m := range regexp.MustCompile("`([A-Z0-9_]+)`").FindAllStringSubmatch(first, -1) {
			known[m[1]] = true
		}
	}
	return known
}

// user is who the image runs as.
const user = 65532

// faults holds the cluster to the rules.
func (c *cluster) faults(known map[string]bool) (out []string) {
	fault := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if len(c.namespaces) != 1 || c.namespaces[""] {
		fault("objects are in the namespaces %v", c.namespaces)
	}
	least := map[string]int32{}
	for _, s := range c.scalers {
		target := s.Spec.ScaleTargetRef
		w := c.workload(target.Kind, target.Name)
		if w == nil {
			fault("the autoscaler %s scales %s %s, which is not there", s.Name, target.Kind, target.Name)
			continue
		}
		w.replicas = max(w.replicas, number(s.Spec.MinReplicas))
		least[w.name] = s.Spec.MaxReplicas
	}
	roles := map[string]bool{}
	for _, w := range c.workloads {
		env := c.environment(w, fault)
		for name := range env {
			if !known[name] {
				fault("%s: %s is no variable of the program", w.name, name)
			}
		}
		c.pod(w, env, fault)
		for role := range strings.SplitSeq(env["ROLES"], ",") {
			roles[role] = true
			partitions, err := strconv.Atoi(env["QUEUE_PARTITIONS"])
			if role == "worker" && least[w.name] > 0 && (err != nil || int(least[w.name]) > partitions) {
				fault("%s: up to %d workers, QUEUE_PARTITIONS is %q", w.name, least[w.name], env["QUEUE_PARTITIONS"])
			}
		}
		if w.replicas > 1 && !slices.ContainsFunc(c.budgets, func(b *policyv1.PodDisruptionBudget) bool { return selects(b.Spec.Selector, w.labels) }) {
			fault("%s: %d replicas and no disruption budget", w.name, w.replicas)
		}
		if !selects(w.selector, w.labels) {
			fault("%s: does not select its own pods", w.name)
		}
		if w.service != "" && c.service(w.service) == nil {
			fault("%s: no Service %s", w.name, w.service)
		}
	}
	// Pods share no disk: what a worker fetched, the API hands out.
	if len(c.workloads) > 1 && slices.ContainsFunc(c.workloads, func(w *workload) bool {
		return slices.Contains([]string{"", "local"}, c.environment(w, fault)["ACTIVE_STORAGE_SERVICE"])
	}) {
		fault("files are not in a bucket")
	}
	for _, role := range []string{"edge", "worker", "relay", "api", "scheduler"} {
		if !roles[role] {
			fault("nobody has the role %s", role)
		}
	}
	c.network(fault)
	return out
}

func (c *cluster) workload(kind, name string) *workload {
	for _, w := range c.workloads {
		if w.kind == kind && w.name == name {
			return w
		}
	}
	return nil
}

func (c *cluster) service(name string) *corev1.Service {
	for _, s := range c.services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// environment is what the program reads: ConfigMap, Secret, and what is written in
// the workload.
func (c *cluster) environment(w *workload, fault func(string, ...any)) map[string]string {
	env := map[string]string{}
	for _, container := range slices.Concat(w.pod.InitContainers, w.pod.Containers) {
		for _, from := range container.EnvFrom {
			name := ""
			switch {
			case from.ConfigMapRef != nil:
				name = "ConfigMap/" + from.ConfigMapRef.Name
			case from.SecretRef != nil:
				name = "Secret/" + from.SecretRef.Name
			}
			values, ok := c.configs[name]
			if !ok {
				fault("%s: there is no %s", w.name, name)
			}
			maps.Copy(env, values)
		}
		for _, e := range container.Env {
			env[e.Name] = e.Value
		}
	}
	return env
}

// pod holds the pods of a workload to the rules.
func (c *cluster) pod(w *workload, env map[string]string, fault func(string, ...any)) {
	p := w.pod
	s := p.SecurityContext
	switch {
	case s == nil:
		fault("%s: no security context", w.name)
		return
	case s.RunAsNonRoot == nil || !*s.RunAsNonRoot, s.RunAsUser == nil || *s.RunAsUser != user, s.FSGroup == nil || *s.FSGroup != user:
		fault("%s: does not run as %d", w.name, user)
	case s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault:
		fault("%s: no seccomp profile of the runtime", w.name)
	}
	if p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
		fault("%s: gets a token of the cluster", w.name)
	}
	// A Service named tributary-api would set TRIBUTARY_API_SERVICE_HOST, which the
	// program refuses as misspelt.
	if p.EnableServiceLinks == nil || *p.EnableServiceLinks {
		fault("%s: enableServiceLinks sets variables that the program refuses", w.name)
	}
	for _, container := range slices.Concat(p.InitContainers, p.Containers) {
		c.container(w, &container, fault)
	}
	for _, container := range p.Containers {
		c.serving(w, &container, env, fault)
	}
	own := slices.ContainsFunc(w.claims, func(v corev1.PersistentVolumeClaim) bool { return v.Name == "data" })
	if keeps := strings.Contains(env["ROLES"], "edge"); keeps != own {
		fault("%s: roles %s, a volume of each pod's own: %v", w.name, env["ROLES"], own)
	}
	if len(p.TopologySpreadConstraints) == 0 {
		fault("%s: pods are not spread", w.name)
	}
	for _, spread := range p.TopologySpreadConstraints {
		if !selects(spread.LabelSelector, w.labels) {
			fault("%s: is spread among pods of others", w.name)
		}
	}
}

// container holds one that does anything at all to the rules.
func (c *cluster) container(w *workload, container *corev1.Container, fault func(string, ...any)) {
	name := w.name + "/" + container.Name
	s := container.SecurityContext
	switch {
	case s == nil:
		fault("%s: no security context", name)
		return
	case s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem:
		fault("%s: its root is not read-only", name)
	case s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation:
		fault("%s: privilege escalation is allowed", name)
	case s.Capabilities == nil || !slices.Contains(s.Capabilities.Drop, "ALL") || len(s.Capabilities.Add) > 0:
		fault("%s: keeps capabilities", name)
	}
	for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		want, limit := container.Resources.Requests[resource], container.Resources.Limits[resource]
		if want.IsZero() || limit.IsZero() || want.Cmp(limit) > 0 {
			fault("%s: asks for %s of %s, limit %s", name, want.String(), resource, limit.String())
		}
	}
	mounted := map[string]bool{}
	for _, m := range container.VolumeMounts {
		mounted[m.MountPath] = true
		known := slices.ContainsFunc(w.pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name }) ||
			slices.ContainsFunc(w.claims, func(v corev1.PersistentVolumeClaim) bool { return v.Name == m.Name })
		if !known {
			fault("%s: there is no volume %s", name, m.Name)
		}
	}
	// The image's root is read-only and has no /tmp, which long uploads pass through.
	if !mounted["/data"] || !mounted["/tmp"] {
		fault("%s: nothing to write in /data or /tmp", name)
	}
}

// serving holds the container that serves to the rules.
func (c *cluster) serving(w *workload, container *corev1.Container, env map[string]string, fault func(string, ...any)) {
	name := w.name + "/" + container.Name
	ready := "/readyz"
	if env["ROLES"] == "edge" {
		ready = "/livez" // it answers while Redis is away
	}
	for what, one := range map[string]struct {
		probe *corev1.Probe
		path  string
	}{"liveness": {container.LivenessProbe, "/livez"}, "readiness": {container.ReadinessProbe, ready}, "startup": {container.StartupProbe, "/livez"}} {
		if one.probe == nil || one.probe.HTTPGet == nil || one.probe.HTTPGet.Path != one.path || one.probe.HTTPGet.Port != intstr.FromString("http") {
			fault("%s: its %s is not probed at %s", name, what, one.path)
		}
	}
	_, metrics, err := net.SplitHostPort(env["METRICS_BIND"])
	if err != nil {
		fault("%s: METRICS_BIND %q", name, env["METRICS_BIND"])
	}
	for _, port := range container.Ports {
		if want := map[string]string{"http": env["PORT"], "metrics": metrics}[port.Name]; want != strconv.Itoa(int(port.ContainerPort)) {
			fault("%s: port %s is %d, the program listens on %q", name, port.Name, port.ContainerPort, want)
		}
	}
	if len(container.Ports) != 2 || env["BIND"] != "0.0.0.0" {
		fault("%s: %d ports on %s", name, len(container.Ports), env["BIND"])
	}
	stop, err := time.ParseDuration(env["STOP_TIMEOUT"])
	grace := w.pod.TerminationGracePeriodSeconds
	if hook := container.Lifecycle; hook == nil || hook.PreStop == nil || hook.PreStop.Sleep == nil {
		fault("%s: is stopped while it is still sent requests", name)
	} else if err != nil || grace == nil || time.Duration(*grace-hook.PreStop.Sleep.Seconds)*time.Second <= stop {
		fault("%s: the grace period does not cover preStop and STOP_TIMEOUT %s", name, env["STOP_TIMEOUT"])
	}
}

// network holds what connects the pods to the rules.
func (c *cluster) network(fault func(string, ...any)) {
	for _, s := range c.services {
		found := false
		for _, w := range c.workloads {
			if !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(w.labels)) {
				continue
			}
			found = true
			for _, port := range s.Spec.Ports {
				if !hasPort(w, port.TargetPort) {
					fault("Service %s: %s has no port %s", s.Name, w.name, port.TargetPort.String())
				}
			}
		}
		if !found {
			fault("Service %s selects no pod", s.Name)
		}
	}
	for _, b := range c.budgets {
		if !slices.ContainsFunc(c.workloads, func(w *workload) bool { return selects(b.Spec.Selector, w.labels) }) {
			fault("disruption budget %s selects no pod", b.Name)
		}
	}
	for _, i := range c.ingresses {
		for _, rule := range i.Spec.Rules {
			for _, path := range rule.HTTP.Paths {
				s := c.service(path.Backend.Service.Name)
				if s == nil {
					fault("ingress %s: there is no Service %s", path.Path, path.Backend.Service.Name)
				} else if !slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == path.Backend.Service.Port.Name }) {
					fault("ingress %s: %s has no port %s", path.Path, s.Name, path.Backend.Service.Port.Name)
				}
			}
		}
	}
	for _, w := range c.workloads {
		in, out := false, false
		for _, p := range c.policies {
			if selects(&p.Spec.PodSelector, w.labels) {
				for _, kind := range p.Spec.PolicyTypes {
					in, out = in || kind == "Ingress", out || kind == "Egress"
				}
			}
		}
		if !in || !out {
			fault("%s: everybody may connect (policy for what comes in %v, out %v)", w.name, in, out)
		}
	}
	for _, p := range c.policies {
		if !slices.ContainsFunc(c.workloads, func(w *workload) bool { return selects(&p.Spec.PodSelector, w.labels) }) {
			fault("network policy %s selects no pod", p.Name)
		}
		for _, rule := range p.Spec.Ingress {
			for _, port := range rule.Ports {
				if port.Port.Type == intstr.String && !slices.ContainsFunc(c.workloads, func(w *workload) bool {
					return selects(&p.Spec.PodSelector, w.labels) && hasPort(w, *port.Port)
				}) {
					fault("network policy %s: no port %s", p.Name, port.Port.String())
				}
			}
		}
	}
}

func hasPort(w *workload, port intstr.IntOrString) bool {
	return slices.ContainsFunc(w.pod.Containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool {
			return p.Name == port.String() || strconv.Itoa(int(p.ContainerPort)) == port.String()
		})
	})
}

// selects tells whether a selector finds pods with these labels.
func selects(s *metav1.LabelSelector, pod map[string]string) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(pod))
}
