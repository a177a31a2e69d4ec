package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A container's first process starts as this program, in namespaces of its own, mounts what the container sees, and becomes
// the container's program. What it needs to know is its argument.
const containerInitArgument = "container-init"

// processSpec describes a container's process.
type processSpec struct {
	Root, Hostname   string
	Network          string // the file of the network namespace; "" for the node's
	Arguments        []string
	Environment      []string
	WorkingDirectory string
	Mounts           []mount
	User, Group      int
	Groups           []int
	ReadOnly         bool
	NoNewPrivileges  bool
}

// mount shows a file or folder in a container.
type mount struct {
	From, To string
	ReadOnly bool
}

func initCommand(spec processSpec) *exec.Cmd {
	argument, _ := json.Marshal(spec)
	command := exec.Command("/proc/self/exe", containerInitArgument, string(argument))
	command.Env = []string{}
	command.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
	}
	return command
}

func containerInit(argument string) {
	goruntime.LockOSThread()
	var spec processSpec
	fail("read the specification", json.Unmarshal([]byte(argument), &spec))
	if spec.Network != "" {
		fail("enter the network", enter(spec.Network, unix.CLONE_NEWNET))
	}
	if spec.Hostname != "" { // with the node's network there is none
		fail("set the host name", unix.Sethostname([]byte(spec.Hostname)))
	}
	fail("mount", mountAll(spec))
	become(spec)
}

func fail(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "the container can't start: %s: %v\n", what, err)
		os.Exit(128)
	}
}

// become turns this process, which has the container's root, into the program.
func become(spec processSpec) {
	if spec.WorkingDirectory == "" {
		spec.WorkingDirectory = "/"
	}
	fail("change the folder", errors.Join(os.MkdirAll(spec.WorkingDirectory, 0o755), os.Chdir(spec.WorkingDirectory)))
	program, err := lookPath(spec.Arguments[0], spec.Environment)
	fail("find the program", err)
	if spec.NoNewPrivileges {
		fail("keep privileges down", unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	}
	if spec.User != 0 || spec.Group != 0 {
		for output := range 3 {
			// So that the user can open /dev/stdout. Not every file has an owner.
			_ = unix.Fchown(output, spec.User, spec.Group)
		}
		fail("become the user", errors.Join(
			syscall.Setgroups(spec.Groups), syscall.Setgid(spec.Group), syscall.Setuid(spec.User)))
	}
	fail(program, unix.Exec(program, spec.Arguments, spec.Environment))
}

// lookPath finds a program as the container's own PATH has it.
func lookPath(name string, environment []string) (string, error) {
	for _, variable := range environment {
		if path, ok := strings.CutPrefix(variable, "PATH="); ok {
			os.Setenv("PATH", path)
		}
	}
	return exec.LookPath(name)
}

// mountAll makes the folder the process's root, with the mounts and the /proc, /sys and /dev that programs expect. They live and die
// with the process's mount namespace.
func mountAll(spec processSpec) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount(spec.Root, spec.Root, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	for _, folder := range []string{"/tmp", "/root", "/var/run"} {
		if err := os.MkdirAll(filepath.Join(spec.Root, folder), 0o777); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Join(spec.Root, "tmp"), 0o1777); err != nil {
		return err
	}
	if err := mountSystem(spec.Root); err != nil {
		return err
	}
	for _, m := range parentsFirst(spec.Mounts) {
		if err := bind(spec.Root, m); err != nil {
			return fmt.Errorf("%s at %s: %w", m.From, m.To, err)
		}
	}
	if err := unix.Chdir(spec.Root); err != nil {
		return err
	}
	// pivot_root(2), "pivot_root(".", ".")": the old root comes to lie upon the new one, and is taken off.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	if spec.ReadOnly {
		return unix.Mount("", "/", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	return nil
}

// parentsFirst orders mounts so that one that lies within another comes after it.
func parentsFirst(mounts []mount) []mount {
	var ordered []mount
	for _, m := range mounts {
		at := len(ordered)
		for at > 0 && len(ordered[at-1].To) > len(m.To) {
			at--
		}
		ordered = append(ordered[:at], append([]mount{m}, ordered[at:]...)...)
	}
	return ordered
}

func bind(root string, m mount) error {
	target := filepath.Join(root, m.To)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	info, err := os.Lstat(m.From)
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 && m.ReadOnly {
		// Such as /lib -> usr/lib.
		if link, err := os.Readlink(m.From); err == nil && !filepath.IsAbs(link) {
			return os.Symlink(link, target)
		}
	}
	if info, err = os.Stat(m.From); err != nil {
		return err
	}
	if _, err := os.Lstat(target); errors.Is(err, os.ErrNotExist) {
		if info.IsDir() {
			err = os.Mkdir(target, 0o755)
		} else {
			err = os.WriteFile(target, nil, 0o644)
		}
		if err != nil {
			return err
		}
	}
	if err := unix.Mount(m.From, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	if m.ReadOnly {
		return unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	return nil
}

func mountSystem(root string) error {
	mountAt := func(source, target, kind string, flags uintptr, data string) error {
		target = filepath.Join(root, target)
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(source, target, kind, flags, data); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		return nil
	}
	err := errors.Join(
		mountAt("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""),
		mountAt("sysfs", "/sys", "sysfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""),
		mountAt("tmpfs", "/dev", "tmpfs", unix.MS_NOSUID, "mode=755,size=1m"),
		mountAt("tmpfs", "/dev/shm", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777"),
	)
	if err != nil {
		return err
	}
	for _, device := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		if err := bind(root, mount{From: "/dev/" + device, To: "/dev/" + device}); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(target, filepath.Join(root, "dev", name)); err != nil {
			return err
		}
	}
	return nil
}
