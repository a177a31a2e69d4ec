// A stand-in for the module of this name, v0.2.0, which Go's proxy does not serve: ../programs.ts copies echo-basic into it.
module sigs.k8s.io/gateway-api-conformance-images

go 1.26.0

require (
	golang.org/x/net v0.57.0
	google.golang.org/grpc v1.81.1
	google.golang.org/protobuf v1.36.11
)

require (
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/text v0.40.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260226221140-a57be14db171 // indirect
)
