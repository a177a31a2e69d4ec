package main

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// image is a name for files of this machine.
type image struct {
	// Name is the repository, without tag or digest: every tag is the same.
	Name string `json:"name"`
	// Files maps a path in the container to a file or folder here, which is mounted there, read-only.
	Files map[string]string `json:"files"`
	// Entrypoint is what runs without a command of the container's own; Command its arguments without args.
	Entrypoint []string `json:"entrypoint"`
	Command    []string `json:"command"`
	// Environment is what the container's own comes on top of.
	Environment []string `json:"environment"`
}

// find returns the image of a reference such as registry.example/name:tag@digest.
func find(images []image, reference string) (image, bool) {
	name, _, _ := strings.Cut(reference, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	index := slices.IndexFunc(images, func(i image) bool { return i.Name == name })
	if index < 0 {
		return image{}, false
	}
	return images[index], true
}

type imageService struct {
	cri.UnimplementedImageServiceServer
	images []image
	folder string
}

func described(reference string) *cri.Image {
	return &cri.Image{Id: reference, RepoTags: []string{reference}, Size: 1}
}

func (s imageService) ListImages(context.Context, *cri.ListImagesRequest) (*cri.ListImagesResponse, error) {
	response := &cri.ListImagesResponse{}
	for _, i := range s.images {
		response.Images = append(response.Images, described(i.Name))
	}
	return response, nil
}

func (s imageService) ImageStatus(_ context.Context, request *cri.ImageStatusRequest) (*cri.ImageStatusResponse, error) {
	if _, ok := find(s.images, request.GetImage().GetImage()); !ok {
		return &cri.ImageStatusResponse{}, nil
	}
	return &cri.ImageStatusResponse{Image: described(request.Image.Image)}, nil
}

func (s imageService) PullImage(_ context.Context, request *cri.PullImageRequest) (*cri.PullImageResponse, error) {
	reference := request.GetImage().GetImage()
	if _, ok := find(s.images, reference); !ok {
		return nil, status.Errorf(codes.NotFound, "the test cluster has no image %q", reference)
	}
	return &cri.PullImageResponse{ImageRef: reference}, nil
}

func (s imageService) RemoveImage(context.Context, *cri.RemoveImageRequest) (*cri.RemoveImageResponse, error) {
	return &cri.RemoveImageResponse{}, nil
}

func (s imageService) ImageFsInfo(context.Context, *cri.ImageFsInfoRequest) (*cri.ImageFsInfoResponse, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(s.folder, &stat); err != nil {
		return nil, err
	}
	usage := []*cri.FilesystemUsage{{
		Timestamp:  time.Now().UnixNano(),
		FsId:       &cri.FilesystemIdentifier{Mountpoint: s.folder},
		UsedBytes:  &cri.UInt64Value{Value: (stat.Blocks - stat.Bfree) * uint64(stat.Bsize)},
		InodesUsed: &cri.UInt64Value{Value: stat.Files - stat.Ffree},
	}}
	return &cri.ImageFsInfoResponse{ImageFilesystems: usage, ContainerFilesystems: usage}, nil
}
