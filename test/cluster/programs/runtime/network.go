package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	goruntime "runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// podNetwork gives pods addresses and network namespaces.
//
// Each pod hangs on a pair of virtual interfaces of its own and all is routed, never bridged: so every packet between pods
// passes the node's rules, as kube-proxy needs it, with no kernel module for that.
type podNetwork struct {
	gateway netip.Addr
	prefix  netip.Prefix

	mu   sync.Mutex
	used map[netip.Addr]bool
	last netip.Addr
}

func newPodNetwork(gateway netip.Addr, prefix netip.Prefix) *podNetwork {
	return &podNetwork{gateway: gateway, prefix: prefix, used: map[netip.Addr]bool{}, last: gateway}
}

// take finds a free address. The one that was freed last is taken last, since others may still know it.
func (p *podNetwork) take() (netip.Addr, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for next := p.last.Next(); next != p.last; next = next.Next() {
		if !p.prefix.Contains(next) {
			next = p.gateway
			continue
		}
		if !p.used[next] && next != p.gateway {
			p.used[next], p.last = true, next
			return next, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("no free pod address in %s", p.prefix)
}

func (p *podNetwork) give(address netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.used, address)
}

// add makes a network namespace, kept at the path, with an address.
func (p *podNetwork) add(path string, sysctls map[string]string) (netip.Addr, error) {
	address, err := p.take()
	if err != nil {
		return address, err
	}
	if err := p.connect(path, address, sysctls); err != nil {
		p.remove(path, address)
		return address, err
	}
	return address, nil
}

func (p *podNetwork) connect(path string, address netip.Addr, sysctls map[string]string) error {
	if err := newNetworkNamespace(path); err != nil {
		return err
	}
	bytes := address.As4()
	link := fmt.Sprintf("pod%x", bytes[1:])
	err := ip("", "link add "+link+" type veth peer name eth0 netns "+path,
		"link set "+link+" up",
		fmt.Sprintf("route add %s/32 dev %s", address, link))
	if err != nil {
		return err
	}
	err = ip(path, "link set lo up",
		fmt.Sprintf("address add %s/32 dev eth0", address),
		"link set eth0 up",
		fmt.Sprintf("route add %s dev eth0 scope link", p.gateway),
		fmt.Sprintf("route add default via %s", p.gateway))
	if err != nil {
		return err
	}
	return inNetwork(path, func() error {
		// As containerd does it: a program that is not root may listen on 80.
		if err := writeSysctl("net.ipv4.ip_unprivileged_port_start", "0"); err != nil {
			return err
		}
		for name, value := range sysctls {
			if err := writeSysctl(name, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove ends the namespace, and with it its interfaces and the routes to them.
func (p *podNetwork) remove(path string, address netip.Addr) {
	unix.Unmount(path, unix.MNT_DETACH)
	os.Remove(path)
	p.give(address)
}

// ip runs commands of iproute2 in the network namespace at the path; "" is our own.
func ip(namespace string, commands ...string) error {
	run := func() error {
		command := exec.Command("ip", "-batch", "-")
		command.Stdin = strings.NewReader(strings.Join(commands, "\n"))
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(commands, "; "), err, strings.TrimSpace(string(output)))
		}
		return nil
	}
	if namespace == "" {
		return run()
	}
	return inNetwork(namespace, run)
}

// newNetworkNamespace keeps a new network namespace at the path.
func newNetworkNamespace(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	file.Close()
	done := make(chan error)
	go func() {
		// Never unlocked: the thread, which is in the new namespace, ends with the goroutine.
		goruntime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("new network namespace: %w", err)
			return
		}
		done <- unix.Mount(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()), path, "", unix.MS_BIND, "")
	}()
	return <-done
}

// inNetwork runs f in the network namespace at the path; programs that f starts are in it too.
func inNetwork(path string, f func() error) error {
	done := make(chan error)
	go func() {
		goruntime.LockOSThread()
		if err := enter(path, unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// enter moves this thread into a namespace.
func enter(path string, kind int) error {
	descriptor, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer unix.Close(descriptor)
	if err := unix.Setns(descriptor, kind); err != nil {
		return fmt.Errorf("enter %s: %w", path, err)
	}
	return nil
}

// writeSysctl sets a kernel setting of the namespaces that this thread is in.
func writeSysctl(name, value string) error {
	// /proc/sys/net shows the network namespace of the thread that opens it.
	return os.WriteFile("/proc/sys/"+strings.ReplaceAll(name, ".", "/"), []byte(value), 0o644)
}
