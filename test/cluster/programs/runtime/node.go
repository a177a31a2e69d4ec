package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func (r *runtime) Version(context.Context, *cri.VersionRequest) (*cri.VersionResponse, error) {
	return &cri.VersionResponse{Version: "0.1.0", RuntimeName: "processes", RuntimeVersion: "1.0.0", RuntimeApiVersion: "v1"}, nil
}

func (r *runtime) Status(context.Context, *cri.StatusRequest) (*cri.StatusResponse, error) {
	return &cri.StatusResponse{Status: &cri.RuntimeStatus{Conditions: []*cri.RuntimeCondition{
		{Type: cri.RuntimeReady, Status: true}, {Type: cri.NetworkReady, Status: true},
	}}}, nil
}

func (r *runtime) UpdateRuntimeConfig(context.Context, *cri.UpdateRuntimeConfigRequest) (*cri.UpdateRuntimeConfigResponse, error) {
	return &cri.UpdateRuntimeConfigResponse{}, nil
}

func (r *runtime) RuntimeConfig(context.Context, *cri.RuntimeConfigRequest) (*cri.RuntimeConfigResponse, error) {
	return &cri.RuntimeConfigResponse{Linux: &cri.LinuxRuntimeConfiguration{CgroupDriver: cri.CgroupDriver_CGROUPFS}}, nil
}

func (r *runtime) UpdateContainerResources(context.Context, *cri.UpdateContainerResourcesRequest) (*cri.UpdateContainerResourcesResponse, error) {
	return &cri.UpdateContainerResourcesResponse{}, nil
}

func (r *runtime) ReopenContainerLog(context.Context, *cri.ReopenContainerLogRequest) (*cri.ReopenContainerLogResponse, error) {
	return &cri.ReopenContainerLogResponse{}, nil
}

func (r *runtime) ListContainerStats(context.Context, *cri.ListContainerStatsRequest) (*cri.ListContainerStatsResponse, error) {
	return &cri.ListContainerStatsResponse{}, nil
}

func (r *runtime) ListPodSandboxStats(context.Context, *cri.ListPodSandboxStatsRequest) (*cri.ListPodSandboxStatsResponse, error) {
	return &cri.ListPodSandboxStatsResponse{}, nil
}

// announce tells kubelet what happened, so that it needs not ask every second; the mutex is held.
func (r *runtime) announce(kind cri.ContainerEventType, id string, s *sandbox) {
	s.changed = time.Now()
	r.tell(kind, id, s)
}

const (
	// For so long after a change kubelet is told a pod's state at every beat.
	unsettled = 15 * time.Second
	beat      = 200 * time.Millisecond
	// Every so many beats it is told every pod's state.
	beatsOfAll = 5
)

// repeat tells kubelet the state of pods again and again. It does nothing with a pod before it has seen a state that is newer than what
// it did last; and with events (the feature gate EventedPLEG) it would learn only every five seconds that there is no news.
func (r *runtime) repeat() {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for count := 0; ; count++ {
		<-ticker.C
		r.mu.Lock()
		for _, s := range r.sandboxes {
			if count%beatsOfAll == 0 || time.Since(s.changed) < unsettled {
				// Of all kinds, this one starts nothing.
				r.tell(cri.ContainerEventType_CONTAINER_CREATED_EVENT, s.id, s)
			}
		}
		r.mu.Unlock()
	}
}

// tell sends an event to kubelet; the mutex is held.
func (r *runtime) tell(kind cri.ContainerEventType, id string, s *sandbox) {
	event := &cri.ContainerEventResponse{
		ContainerId: id, ContainerEventType: kind, CreatedAt: time.Now().UnixNano(),
		PodSandboxStatus: s.status(), ContainersStatuses: r.statusesOf(s),
	}
	for watcher := range r.watchers {
		select {
		case watcher <- event:
		default: // It doesn't read. The next beat tells the same.
		}
	}
}

func (r *runtime) GetContainerEvents(_ *cri.GetEventsRequest, stream grpc.ServerStreamingServer[cri.ContainerEventResponse]) error {
	// Large enough for all that a burst of pods can bring before the connection takes it.
	events := make(chan *cri.ContainerEventResponse, 10_000)
	r.mu.Lock()
	r.watchers[events] = struct{}{}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, events)
	}()
	for {
		select {
		case event := <-events:
			if err := stream.Send(event); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return nil
		}
	}
}
