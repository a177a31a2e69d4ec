// The OpenTelemetry collector's own OTLP receiver, for tests: every batch of traces that comes is one line of JSON on standard
// output, after a line of its own that tells the headers it came with. It ends with its standard input.
//
//	otlp-receiver GRPC-ADDRESS HTTP-ADDRESS
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(grpc, http string) error {
	ctx := context.Background()
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpreceiver.Config)
	byGRPC := configgrpc.NewDefaultServerConfig()
	byGRPC.NetAddr.Endpoint = grpc
	byGRPC.IncludeMetadata = true
	config.Protocols.GRPC = configoptional.Some(byGRPC)
	byHTTP := confighttp.NewDefaultServerConfig()
	byHTTP.NetAddr.Endpoint = http
	byHTTP.IncludeMetadata = true
	config.Protocols.HTTP = configoptional.Some(otlpreceiver.HTTPConfig{ServerConfig: byHTTP, TracesURLPath: "/v1/traces"})

	next, err := consumer.NewTraces(write)
	if err != nil {
		return err
	}
	receiver, err := factory.CreateTraces(ctx, receivertest.NewNopSettings(factory.Type()), config, next)
	if err != nil {
		return err
	}
	if err := receiver.Start(ctx, componenttest.NewNopHost()); err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return receiver.Shutdown(ctx)
}

func write(ctx context.Context, traces ptrace.Traces) error {
	metadata := map[string][]string{}
	received := client.FromContext(ctx).Metadata
	for key := range received.Keys() {
		metadata[key] = received.Get(key)
	}
	body, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	if err != nil {
		return err
	}
	line, err := json.Marshal(map[string]any{"metadata": metadata, "traces": json.RawMessage(body)})
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(line))
	return err
}
