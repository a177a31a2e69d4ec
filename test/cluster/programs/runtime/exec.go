package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	goruntime "runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// A command in a running container is started by this program, which enters the container's namespaces first.
const containerExecArgument = "container-exec"

type execSpec struct {
	processSpec
	// Process is the container's first process.
	Process int
}

func containerExec(argument string) {
	goruntime.LockOSThread()
	var spec execSpec
	fail("read the specification", json.Unmarshal([]byte(argument), &spec))
	// A mount namespace is entered only by a thread that shares its root with no other.
	fail("unshare", unix.Unshare(unix.CLONE_FS))
	for _, kind := range []struct {
		name string
		flag int
	}{{"net", unix.CLONE_NEWNET}, {"uts", unix.CLONE_NEWUTS}, {"ipc", unix.CLONE_NEWIPC}, {"pid", unix.CLONE_NEWPID}, {"mnt", unix.CLONE_NEWNS}} {
		fail("enter", enter(fmt.Sprintf("/proc/%d/ns/%s", spec.Process, kind.name), kind.flag))
	}
	program, err := lookPath(spec.Arguments[0], spec.Environment)
	fail("find the program", err)
	// Entering a PID namespace counts for children only.
	command := exec.Command(program, spec.Arguments[1:]...)
	command.Args[0] = spec.Arguments[0]
	command.Env, command.Dir = spec.Environment, spec.WorkingDirectory
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{}
	if spec.User != 0 || spec.Group != 0 {
		credential := &syscall.Credential{Uid: uint32(spec.User), Gid: uint32(spec.Group)}
		for _, group := range spec.Groups {
			credential.Groups = append(credential.Groups, uint32(group))
		}
		command.SysProcAttr.Credential = credential
	}
	fail(program, command.Start())
	// Not Pdeathsig: Go checks that the parent lives by its process id, which it can't see from within.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		command.Process.Kill()
	}()
	err = command.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	fail(program, err)
	os.Exit(0)
}

// execCommand runs a command in a container.
func (r *runtime) execCommand(ctx context.Context, id string, arguments []string) (*exec.Cmd, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.containers[id]
	if c == nil {
		return nil, status.Errorf(codes.NotFound, "no container %s", id)
	}
	if c.state != cri.ContainerState_CONTAINER_RUNNING {
		return nil, status.Errorf(codes.FailedPrecondition, "container %s is not running", id)
	}
	if len(arguments) == 0 {
		return nil, status.Error(codes.InvalidArgument, "no command")
	}
	spec := execSpec{processSpec: r.processSpec(c), Process: c.process.Process.Pid}
	spec.Arguments, spec.Mounts = arguments, nil
	if spec.WorkingDirectory == "" {
		spec.WorkingDirectory = "/"
	}
	argument, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, "/proc/self/exe", containerExecArgument, string(argument))
	command.Env = []string{}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	// Something that the command has started may keep its output open.
	command.WaitDelay = time.Second
	return command, nil
}

func (r *runtime) ExecSync(ctx context.Context, request *cri.ExecSyncRequest) (*cri.ExecSyncResponse, error) {
	if request.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(request.Timeout)*time.Second)
		defer cancel()
	}
	command, err := r.execCommand(ctx, request.ContainerId, request.Cmd)
	if err != nil {
		return nil, err
	}
	var output, errorOutput bytes.Buffer
	command.Stdout, command.Stderr = &output, &errorOutput
	err = command.Run()
	if ctx.Err() != nil {
		return nil, status.Errorf(codes.DeadlineExceeded, "the command took longer than %d s", request.Timeout)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	return &cri.ExecSyncResponse{
		Stdout: output.Bytes(), Stderr: errorOutput.Bytes(), ExitCode: int32(command.ProcessState.ExitCode()),
	}, nil
}

// serveStreams serves what kubectl exec and port-forward reach through kubelet.
func (r *runtime) serveStreams() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	listener.Close()
	configuration := streaming.DefaultConfig
	configuration.Addr = address
	if r.streams, err = streaming.NewServer(configuration, streamingRuntime{r}); err != nil {
		return err
	}
	go r.streams.Start(true)
	return nil
}

func (r *runtime) Exec(_ context.Context, request *cri.ExecRequest) (*cri.ExecResponse, error) {
	return r.streams.GetExec(request)
}

func (r *runtime) PortForward(_ context.Context, request *cri.PortForwardRequest) (*cri.PortForwardResponse, error) {
	return r.streams.GetPortForward(request)
}

type streamingRuntime struct{ r *runtime }

func (s streamingRuntime) Exec(ctx context.Context, id string, arguments []string, in io.Reader, out, errOut io.WriteCloser, tty bool, _ <-chan remotecommand.TerminalSize) error {
	if tty {
		return errors.New("the test cluster has no terminals: leave out --tty")
	}
	command, err := s.r.execCommand(ctx, id, arguments)
	if err != nil {
		return err
	}
	if in != nil {
		// Not command.Stdin: Wait would wait for the client to end its input.
		pipe, err := command.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			io.Copy(pipe, in)
			pipe.Close()
		}()
	}
	if out != nil {
		command.Stdout = out
	}
	if errOut != nil {
		command.Stderr = errOut
	}
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitError{exit}
	}
	return err
}

// exitError is an exit status as remotecommand reports it to the client.
type exitError struct{ *exec.ExitError }

func (e exitError) Exited() bool    { return e.ExitError.Exited() }
func (e exitError) ExitStatus() int { return e.ExitCode() }
func (e exitError) String() string  { return e.Error() }

func (s streamingRuntime) Attach(context.Context, string, io.Reader, io.WriteCloser, io.WriteCloser, bool, <-chan remotecommand.TerminalSize) error {
	return errors.New("the test cluster can't attach")
}

func (s streamingRuntime) PortForward(_ context.Context, id string, port int32, stream io.ReadWriteCloser) error {
	s.r.mu.Lock()
	sandbox := s.r.sandboxes[id]
	s.r.mu.Unlock()
	if sandbox == nil {
		return status.Errorf(codes.NotFound, "no sandbox %s", id)
	}
	var connection net.Conn
	dial := func() (err error) {
		connection, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		return err
	}
	var err error
	if sandbox.namespace == "" {
		err = dial()
	} else {
		err = inNetwork(sandbox.namespace, dial)
	}
	if err != nil {
		return err
	}
	defer connection.Close()
	ended := make(chan struct{}, 2)
	go func() { io.Copy(connection, stream); ended <- struct{}{} }()
	go func() { io.Copy(stream, connection); ended <- struct{}{} }()
	<-ended
	return nil
}
