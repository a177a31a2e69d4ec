// Command runtime is a container runtime without container images: a CRI server
// that kubelet drives like containerd. A container is a process of this machine in
// network, mount, PID, UTS and IPC namespaces of its own; an image is a name for
// files of this machine, which are mounted into it.
//
// It implements what pods in tests need. It keeps no state over a restart, limits
// no resources, drops no capabilities, and has no terminals.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == containerInitArgument {
		containerInit(os.Args[2])
	}
	if len(os.Args) > 2 && os.Args[1] == containerExecArgument {
		containerExec(os.Args[2])
	}
	socket := flag.String("socket", "", "Unix socket to serve the CRI on")
	folder := flag.String("folder", "", "folder for the containers' files")
	imagesFile := flag.String("images", "", "JSON file: a list of images")
	nodeAddress := flag.String("node-address", "10.244.0.1", "the node's address, which pods use as their gateway")
	podRange := flag.String("pod-range", "10.244.0.0/22", "addresses to give to pods")
	flag.Parse()

	images, err := readImages(*imagesFile)
	if err != nil {
		log.Fatal("images: ", err)
	}
	r := &runtime{
		folder:     *folder,
		images:     images,
		network:    newPodNetwork(netip.MustParseAddr(*nodeAddress), netip.MustParsePrefix(*podRange)),
		sandboxes:  map[string]*sandbox{},
		containers: map[string]*container{},
		watchers:   map[chan *cri.ContainerEventResponse]struct{}{},
	}
	go r.repeat()
	if err := r.serveStreams(); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", *socket)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(16<<20), grpc.MaxSendMsgSize(16<<20))
	cri.RegisterRuntimeServiceServer(server, r)
	cri.RegisterImageServiceServer(server, imageService{images: images, folder: *folder})
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, server.Stop)
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}

func readImages(file string) ([]image, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var images []image
	return images, json.Unmarshal(content, &images)
}
