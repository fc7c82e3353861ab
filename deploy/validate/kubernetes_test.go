package validate

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// workload is a Deployment or a StatefulSet.
type workload struct {
	kind, name string
	replicas   int32 // what is written; an autoscaler's least, where there is one
	labels     map[string]string
	selector   *metav1.LabelSelector
	pod        corev1.PodSpec
	claims     []corev1.PersistentVolumeClaim
	service    string
}

// cluster is what an overlay makes.
type cluster struct {
	namespaces map[string]bool
	workloads  []*workload
	services   []*corev1.Service
	configs    map[string]map[string]string // ConfigMaps and Secrets, by kind/name
	budgets    []*policyv1.PodDisruptionBudget
	scalers    []*autoscalingv2.HorizontalPodAutoscaler
	policies   []*networkingv1.NetworkPolicy
	ingresses  []*networkingv1.Ingress
}

// build is `kubectl kustomize FOLDER`, with its restriction to files below the
// folder that names them.
func build(t *testing.T, folder string) []byte {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatalf("kustomize build %s: %v", folder, err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// decode reads every object into its type; a field that the type does not have is
// an error.
func decode(text []byte) (*cluster, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, autoscalingv2.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	strict := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	c := &cluster{namespaces: map[string]bool{}, configs: map[string]map[string]string{}}
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
	defer documents.Close()
	buffer := make([]byte, 1<<20)
	for {
		n, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return nil, err
		}
		object, _, err := strict.Decode(buffer[:n], nil, nil)
		if err != nil {
			return nil, err
		}
		if err := c.add(object); err != nil {
			return nil, err
		}
	}
}

func (c *cluster) add(object runtime.Object) error {
	switch o := object.(type) {
	case *appsv1.Deployment:
		c.namespaces[o.Namespace] = true
		c.workloads = append(c.workloads, &workload{
			kind: "Deployment", name: o.Name, replicas: number(o.Spec.Replicas), labels: o.Spec.Template.Labels,
			selector: o.Spec.Selector, pod: o.Spec.Template.Spec,
		})
	case *appsv1.StatefulSet:
		c.namespaces[o.Namespace] = true
		c.workloads = append(c.workloads, &workload{
			kind: "StatefulSet", name: o.Name, replicas: number(o.Spec.Replicas), labels: o.Spec.Template.Labels,
			selector: o.Spec.Selector, pod: o.Spec.Template.Spec, claims: o.Spec.VolumeClaimTemplates, service: o.Spec.ServiceName,
		})
	case *corev1.Service:
		c.services = append(c.services, o)
	case *corev1.ConfigMap:
		c.configs["ConfigMap/"+o.Name] = o.Data
	case *corev1.Secret:
		values := map[string]string{}
		for k, v := range o.Data {
			values[k] = string(v)
		}
		c.configs["Secret/"+o.Name] = values
	case *policyv1.PodDisruptionBudget:
		c.budgets = append(c.budgets, o)
	case *autoscalingv2.HorizontalPodAutoscaler:
		c.scalers = append(c.scalers, o)
	case *networkingv1.NetworkPolicy:
		c.policies = append(c.policies, o)
	case *networkingv1.Ingress:
		c.ingresses = append(c.ingresses, o)
	default:
		return errors.New("an object of a kind that no rule knows: " + object.GetObjectKind().GroupVersionKind().String())
	}
	return nil
}

func number(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// overlays are what people apply.
var overlays = []string{"../kubernetes/overlays/production", "../kubernetes/overlays/small"}

// TestKubernetes holds what people apply to all rules.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	for _, folder := range overlays {
		text := build(t, folder)
		c, err := decode(text)
		if err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		if len(c.workloads) == 0 || len(c.ingresses) == 0 {
			t.Errorf("%s: %d workloads, %d ingresses", folder, len(c.workloads), len(c.ingresses))
		}
		for _, fault := range c.faults(documented(t)) {
			t.Errorf("%s: %s", folder, fault)
		}
	}
}

// TestFaultsAreFound breaks what is right, one thing at a time: each rule speaks up.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	text := string(build(t, overlays[0]))
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown field", "preStop:", "preStopp:", "unknown field"},
		{"misspelt variable", "METRICS_BIND:", "METRIC_BIND:", "METRIC_BIND is no variable"},
		{"no readiness", "path: /readyz", "path: /livez", "readiness is not probed"},
		{"writable root", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "read-only"},
		{"root", "runAsUser: 65532", "runAsUser: 0", "65532"},
		{"capabilities", "- ALL", "- KILL", "capabilities"},
		{"escalation", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "escalation"},
		{"seccomp", "type: RuntimeDefault", "type: Unconfined", "seccomp"},
		{"service links", "enableServiceLinks: false", "enableServiceLinks: true", "enableServiceLinks"},
		{"no memory limit", "memory: 512Mi", "ephemeral-storage: 512Mi", "memory"},
		{"short patience", "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "grace"},
		{"budget of nobody", "maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/component: relay", "maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/component: none", "disruption budget"},
		{"service of nobody", "  selector:\n    app.kubernetes.io/component: api", "  selector:\n    app.kubernetes.io/component: none", "selects no pod"},
		{"port", "containerPort: 3000", "containerPort: 3001", "port"},
		{"named port", "targetPort: http", "targetPort: web", "port"},
		{"too many workers", "maxReplicas: 16", "maxReplicas: 17", "QUEUE_PARTITIONS"},
		{"ingress to nobody", "name: tributary-edge\n            port", "name: tributary-edges\n            port", "no Service"},
		{"missing secret", "- secretRef:\n            name: tributary", "- secretRef:\n            name: another", "Secret"},
		{"files on a disk", "ACTIVE_STORAGE_SERVICE: s3_compatible", "ACTIVE_STORAGE_SERVICE: local", "bucket"},
		{"edge without a volume of its own", "volumeClaimTemplates:", "updateStrategy: {}\n  x-unused:", "unknown field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(text, c.old) {
				t.Fatalf("nothing to break: %q is not there", c.old)
			}
			broken, err := decode([]byte(strings.ReplaceAll(text, c.old, c.new)))
			var found []string
			if err != nil {
				found = []string{err.Error()}
			} else {
				found = broken.faults(documented(t))
			}
			if all := strings.Join(found, "\n"); !strings.Contains(all, c.want) {
				t.Errorf("got %q, want %q in it", all, c.want)
			}
		})
	}
}
