package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

type container struct {
	id      string
	sandbox *sandbox
	config  *cri.ContainerConfig
	image   image
	created int64

	process           *exec.Cmd
	ended             chan struct{} // closed when the process has ended
	started, finished int64
	exitCode          int32
	state             cri.ContainerState
}

func (r *runtime) containerFolder(c *container) string {
	return filepath.Join(r.folder, "containers", c.id)
}

func (r *runtime) root(c *container) string { return filepath.Join(r.containerFolder(c), "root") }

func (r *runtime) CreateContainer(_ context.Context, request *cri.CreateContainerRequest) (*cri.CreateContainerResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sandboxes[request.PodSandboxId]
	if s == nil {
		return nil, status.Errorf(codes.NotFound, "no sandbox %s", request.PodSandboxId)
	}
	reference := request.Config.GetImage().GetImage()
	image, ok := find(r.images, reference)
	if !ok {
		return nil, status.Errorf(codes.NotFound, "the test cluster has no image %q", reference)
	}
	c := &container{
		id: newID(), sandbox: s, config: request.Config, image: image, created: time.Now().UnixNano(),
		ended: make(chan struct{}), state: cri.ContainerState_CONTAINER_CREATED,
	}
	if err := os.MkdirAll(r.root(c), 0o755); err != nil {
		return nil, err
	}
	r.containers[c.id] = c
	r.announce(cri.ContainerEventType_CONTAINER_CREATED_EVENT, c.id, s)
	return &cri.CreateContainerResponse{ContainerId: c.id}, nil
}

func (r *runtime) StartContainer(_ context.Context, request *cri.StartContainerRequest) (*cri.StartContainerResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.containers[request.ContainerId]
	if c == nil {
		return nil, status.Errorf(codes.NotFound, "no container %s", request.ContainerId)
	}
	if c.process != nil {
		return nil, status.Errorf(codes.FailedPrecondition, "container %s was started before", c.id)
	}
	logFile, err := r.openLog(c)
	if err != nil {
		return nil, err
	}
	spec := r.processSpec(c)
	if len(spec.Arguments) == 0 {
		logFile.Close()
		return nil, status.Errorf(codes.InvalidArgument, "the image %s has no entry point, and the container no command", c.image.Name)
	}
	command := initCommand(spec)
	var readers []io.Closer
	streams := make(chan struct{}, 2)
	for name, target := range map[string]*io.Writer{"stdout": &command.Stdout, "stderr": &command.Stderr} {
		reader, writer, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		*target = writer
		readers = append(readers, writer)
		go func() {
			copyLines(logFile, reader, name)
			reader.Close()
			streams <- struct{}{}
		}()
	}
	err = command.Start()
	for _, writer := range readers {
		writer.Close()
	}
	go func() {
		<-streams
		<-streams
		logFile.Close()
	}()
	if err != nil {
		return nil, err
	}
	c.process, c.started, c.state = command, time.Now().UnixNano(), cri.ContainerState_CONTAINER_RUNNING
	go r.await(c)
	r.announce(cri.ContainerEventType_CONTAINER_STARTED_EVENT, c.id, c.sandbox)
	return &cri.StartContainerResponse{}, nil
}

// await notes a container's end.
func (r *runtime) await(c *container) {
	c.process.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	c.finished, c.state = time.Now().UnixNano(), cri.ContainerState_CONTAINER_EXITED
	wait := c.process.ProcessState.Sys().(syscall.WaitStatus)
	c.exitCode = int32(wait.ExitStatus())
	if wait.Signaled() {
		c.exitCode = 128 + int32(wait.Signal())
	}
	close(c.ended)
	r.announce(cri.ContainerEventType_CONTAINER_STOPPED_EVENT, c.id, c.sandbox)
}

func (r *runtime) openLog(c *container) (*os.File, error) {
	path := c.logPath()
	if path == "" {
		return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
}

func (c *container) logPath() string {
	if c.config.LogPath == "" || c.sandbox.config.LogDirectory == "" {
		return ""
	}
	return filepath.Join(c.sandbox.config.LogDirectory, c.config.LogPath)
}

// copyLines writes each line as the CRI wants logs: time, stream, F for a full line, text. kubelet reads them.
func copyLines(log io.Writer, from io.Reader, stream string) {
	lines := bufio.NewReaderSize(from, 16<<10)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			stamp := time.Now().UTC().Format(time.RFC3339Nano)
			fmt.Fprintf(log, "%s %s F %s\n", stamp, stream, strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			return
		}
	}
}

// processSpec is what the container's first process needs to know.
func (r *runtime) processSpec(c *container) processSpec {
	entrypoint, arguments := c.config.Command, c.config.Args
	if len(entrypoint) == 0 {
		entrypoint = c.image.Entrypoint
		if len(arguments) == 0 {
			arguments = c.image.Command
		}
	}
	spec := processSpec{
		Root: r.root(c), Hostname: c.sandbox.config.Hostname, Network: c.sandbox.namespace,
		Arguments: append(append([]string{}, entrypoint...), arguments...), WorkingDirectory: c.config.WorkingDir,
		Environment: []string{
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "HOSTNAME=" + c.sandbox.config.Hostname,
		},
	}
	spec.Environment = append(spec.Environment, c.image.Environment...)
	for _, e := range c.config.Envs {
		spec.Environment = append(spec.Environment, e.Key+"="+string(e.Value))
	}
	security := c.config.GetLinux().GetSecurityContext()
	spec.User, spec.Group = int(security.GetRunAsUser().GetValue()), int(security.GetRunAsGroup().GetValue())
	for _, group := range security.GetSupplementalGroups() {
		spec.Groups = append(spec.Groups, int(group))
	}
	spec.ReadOnly, spec.NoNewPrivileges = security.GetReadonlyRootfs(), security.GetNoNewPrivs()
	spec.Mounts = append(spec.Mounts, mount{From: filepath.Join(r.sandboxFolder(c.sandbox), "resolv.conf"), To: "/etc/resolv.conf"})
	for to, from := range c.image.Files {
		spec.Mounts = append(spec.Mounts, mount{From: from, To: to, ReadOnly: true})
	}
	for _, m := range c.config.Mounts {
		spec.Mounts = append(spec.Mounts, mount{From: m.HostPath, To: m.ContainerPath, ReadOnly: m.Readonly})
	}
	return spec
}

func (r *runtime) StopContainer(ctx context.Context, request *cri.StopContainerRequest) (*cri.StopContainerResponse, error) {
	r.mu.Lock()
	c := r.containers[request.ContainerId]
	r.mu.Unlock()
	if c != nil {
		r.stop(ctx, c, time.Duration(request.Timeout)*time.Second)
	}
	return &cri.StopContainerResponse{}, nil
}

// stop ends a container: it may end itself within grace.
func (r *runtime) stop(ctx context.Context, c *container, grace time.Duration) {
	r.mu.Lock()
	process, running := c.process, c.state == cri.ContainerState_CONTAINER_RUNNING
	c.sandbox.changed = time.Now()
	r.mu.Unlock()
	if !running {
		return
	}
	if grace > 0 {
		// The first process of a PID namespace doesn't get a signal that it has no handler for.
		process.Process.Signal(syscall.SIGTERM)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-c.ended:
			return
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	process.Process.Kill()
	<-c.ended
}

func (r *runtime) RemoveContainer(ctx context.Context, request *cri.RemoveContainerRequest) (*cri.RemoveContainerResponse, error) {
	r.mu.Lock()
	c := r.containers[request.ContainerId]
	r.mu.Unlock()
	if c == nil {
		return &cri.RemoveContainerResponse{}, nil
	}
	r.stop(ctx, c, 0)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(c)
	return &cri.RemoveContainerResponse{}, nil
}

// forget drops a container that has ended; the mutex is held.
func (r *runtime) forget(c *container) {
	delete(r.containers, c.id)
	os.RemoveAll(r.containerFolder(c))
	if path := c.logPath(); path != "" {
		os.Remove(path)
	}
	r.announce(cri.ContainerEventType_CONTAINER_DELETED_EVENT, c.id, c.sandbox)
}

func (c *container) status() *cri.ContainerStatus {
	result := &cri.ContainerStatus{
		Id: c.id, Metadata: c.config.Metadata, State: c.state, CreatedAt: c.created, StartedAt: c.started, FinishedAt: c.finished,
		ExitCode: c.exitCode, Image: c.config.Image, ImageRef: c.config.GetImage().GetImage(), ImageId: c.config.GetImage().GetImage(),
		Labels: c.config.Labels, Annotations: c.config.Annotations, Mounts: c.config.Mounts, LogPath: c.logPath(),
	}
	if c.state == cri.ContainerState_CONTAINER_EXITED {
		result.Reason = "Completed"
		if c.exitCode != 0 {
			result.Reason = "Error"
		}
	}
	return result
}

func (r *runtime) ContainerStatus(_ context.Context, request *cri.ContainerStatusRequest) (*cri.ContainerStatusResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.containers[request.ContainerId]
	if c == nil {
		return nil, status.Errorf(codes.NotFound, "no container %s", request.ContainerId)
	}
	return &cri.ContainerStatusResponse{Status: c.status()}, nil
}

func (r *runtime) ListContainers(_ context.Context, request *cri.ListContainersRequest) (*cri.ListContainersResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	response := &cri.ListContainersResponse{}
	filter := request.GetFilter()
	for _, c := range r.containers {
		if filter.GetId() != "" && filter.Id != c.id ||
			filter.GetPodSandboxId() != "" && filter.PodSandboxId != c.sandbox.id ||
			filter.GetState() != nil && filter.State.State != c.state ||
			!includes(c.config.Labels, filter.GetLabelSelector()) {
			continue
		}
		response.Containers = append(response.Containers, &cri.Container{
			Id: c.id, PodSandboxId: c.sandbox.id, Metadata: c.config.Metadata, Image: c.config.Image,
			ImageRef: c.config.GetImage().GetImage(), ImageId: c.config.GetImage().GetImage(), State: c.state, CreatedAt: c.created,
			Labels: c.config.Labels, Annotations: c.config.Annotations,
		})
	}
	return response, nil
}
