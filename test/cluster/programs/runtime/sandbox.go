package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"
)

// runtime is the CRI's runtime service. Its mutex guards everything that the sandboxes and containers hold, too.
type runtime struct {
	cri.UnimplementedRuntimeServiceServer
	folder  string
	images  []image
	network *podNetwork
	streams streaming.Server

	mu         sync.Mutex
	sandboxes  map[string]*sandbox
	containers map[string]*container
	watchers   map[chan *cri.ContainerEventResponse]struct{}
}

// sandbox is what a pod's containers share.
type sandbox struct {
	id      string
	config  *cri.PodSandboxConfig
	created int64
	ready   bool
	changed time.Time
	// namespace is the file that keeps the network namespace; "" with the node's network.
	namespace string
	address   netip.Addr
}

func (s *sandbox) hostNetwork() bool {
	return s.config.GetLinux().GetSecurityContext().GetNamespaceOptions().GetNetwork() == cri.NamespaceMode_NODE
}

func newID() string {
	b := make([]byte, 32)
	rand.Read(b)
	return hex.EncodeToString(b)
}

func (r *runtime) RunPodSandbox(_ context.Context, request *cri.RunPodSandboxRequest) (*cri.RunPodSandboxResponse, error) {
	s := &sandbox{id: newID(), config: request.Config, created: time.Now().UnixNano(), ready: true}
	folder := r.sandboxFolder(s)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "resolv.conf"), resolverConfiguration(s.config.GetDnsConfig()), 0o644); err != nil {
		return nil, err
	}
	if s.config.LogDirectory != "" {
		if err := os.MkdirAll(s.config.LogDirectory, 0o755); err != nil {
			return nil, err
		}
	}
	if !s.hostNetwork() {
		s.namespace = filepath.Join(folder, "network")
		var err error
		if s.address, err = r.network.add(s.namespace, s.config.GetLinux().GetSysctls()); err != nil {
			os.RemoveAll(folder)
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sandboxes[s.id] = s
	r.announce(cri.ContainerEventType_CONTAINER_CREATED_EVENT, s.id, s)
	r.announce(cri.ContainerEventType_CONTAINER_STARTED_EVENT, s.id, s)
	return &cri.RunPodSandboxResponse{PodSandboxId: s.id}, nil
}

func (r *runtime) sandboxFolder(s *sandbox) string { return filepath.Join(r.folder, "sandboxes", s.id) }

func resolverConfiguration(dns *cri.DNSConfig) []byte {
	var text strings.Builder
	for _, server := range dns.GetServers() {
		text.WriteString("nameserver " + server + "\n")
	}
	if len(dns.GetSearches()) > 0 {
		text.WriteString("search " + strings.Join(dns.GetSearches(), " ") + "\n")
	}
	if len(dns.GetOptions()) > 0 {
		text.WriteString("options " + strings.Join(dns.GetOptions(), " ") + "\n")
	}
	return []byte(text.String())
}

func (r *runtime) StopPodSandbox(ctx context.Context, request *cri.StopPodSandboxRequest) (*cri.StopPodSandboxResponse, error) {
	r.mu.Lock()
	s := r.sandboxes[request.PodSandboxId]
	containers := r.containersOf(request.PodSandboxId)
	r.mu.Unlock()
	if s == nil {
		return &cri.StopPodSandboxResponse{}, nil
	}
	for _, c := range containers {
		r.stop(ctx, c, 0)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.ready {
		s.ready = false
		if s.namespace != "" {
			r.network.remove(s.namespace, s.address)
		}
		r.announce(cri.ContainerEventType_CONTAINER_STOPPED_EVENT, s.id, s)
	}
	return &cri.StopPodSandboxResponse{}, nil
}

func (r *runtime) RemovePodSandbox(ctx context.Context, request *cri.RemovePodSandboxRequest) (*cri.RemovePodSandboxResponse, error) {
	if _, err := r.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: request.PodSandboxId}); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sandboxes[request.PodSandboxId]
	if s == nil {
		return &cri.RemovePodSandboxResponse{}, nil
	}
	for _, c := range r.containersOf(s.id) {
		r.forget(c)
	}
	delete(r.sandboxes, s.id)
	os.RemoveAll(r.sandboxFolder(s))
	r.announce(cri.ContainerEventType_CONTAINER_DELETED_EVENT, s.id, s)
	return &cri.RemovePodSandboxResponse{}, nil
}

// containersOf returns a sandbox's containers; the mutex is held.
func (r *runtime) containersOf(sandboxID string) []*container {
	var found []*container
	for _, c := range r.containers {
		if c.sandbox.id == sandboxID {
			found = append(found, c)
		}
	}
	return found
}

func (s *sandbox) state() cri.PodSandboxState {
	if s.ready {
		return cri.PodSandboxState_SANDBOX_READY
	}
	return cri.PodSandboxState_SANDBOX_NOTREADY
}

func (s *sandbox) status() *cri.PodSandboxStatus {
	result := &cri.PodSandboxStatus{
		Id: s.id, Metadata: s.config.Metadata, State: s.state(), CreatedAt: s.created,
		Labels: s.config.Labels, Annotations: s.config.Annotations,
		Network: &cri.PodSandboxNetworkStatus{},
		Linux: &cri.LinuxPodSandboxStatus{Namespaces: &cri.Namespace{
			Options: s.config.GetLinux().GetSecurityContext().GetNamespaceOptions(),
		}},
	}
	if s.address.IsValid() {
		result.Network.Ip = s.address.String()
	}
	return result
}

func (r *runtime) PodSandboxStatus(_ context.Context, request *cri.PodSandboxStatusRequest) (*cri.PodSandboxStatusResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sandboxes[request.PodSandboxId]
	if s == nil {
		return nil, status.Errorf(codes.NotFound, "no sandbox %s", request.PodSandboxId)
	}
	return &cri.PodSandboxStatusResponse{
		Status: s.status(), ContainersStatuses: r.statusesOf(s), Timestamp: time.Now().UnixNano(),
	}, nil
}

// statusesOf returns the statuses of a sandbox's containers; the mutex is held.
func (r *runtime) statusesOf(s *sandbox) []*cri.ContainerStatus {
	var statuses []*cri.ContainerStatus
	for _, c := range r.containersOf(s.id) {
		statuses = append(statuses, c.status())
	}
	return statuses
}

func (r *runtime) ListPodSandbox(_ context.Context, request *cri.ListPodSandboxRequest) (*cri.ListPodSandboxResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	response := &cri.ListPodSandboxResponse{}
	filter := request.GetFilter()
	for _, s := range r.sandboxes {
		if filter.GetId() != "" && filter.Id != s.id ||
			filter.GetState() != nil && filter.State.State != s.state() ||
			!includes(s.config.Labels, filter.GetLabelSelector()) {
			continue
		}
		response.Items = append(response.Items, &cri.PodSandbox{
			Id: s.id, Metadata: s.config.Metadata, State: s.state(), CreatedAt: s.created,
			Labels: s.config.Labels, Annotations: s.config.Annotations,
		})
	}
	return response, nil
}

func includes(labels, wanted map[string]string) bool {
	for key, value := range wanted {
		if labels[key] != value {
			return false
		}
	}
	return true
}
