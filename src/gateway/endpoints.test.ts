import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { parseEndpointsAnnotation } from "./endpoints.ts";

describe("parseEndpointsAnnotation", () => {
  for (const [text, expected] of [
    ["", []],
    [" , ", []],
    ["127.0.0.1:80", [{ address: "127.0.0.1", port: 80 }]],
    ["localhost:80", [{ address: "127.0.0.1", port: 80 }]],
    ["[::1]:80", [{ address: "::1", port: 80 }]],
    ["[::ffff:10.0.0.1]:80", [{ address: "::ffff:10.0.0.1", port: 80 }]],
    ["http=10.0.0.1:80", [{ portName: "http", address: "10.0.0.1", port: 80 }]],
    [
      "10.0.0.1:80,  http=[fd00::1]:81 ",
      [
        { address: "10.0.0.1", port: 80 },
        { portName: "http", address: "fd00::1", port: 81 },
      ],
    ],
    ["10.0.0.1", [{ problem: '"10.0.0.1" is not HOST:PORT or NAME=HOST:PORT' }]],
    ["::1:80", [{ problem: '"::1:80" is not HOST:PORT or NAME=HOST:PORT' }]],
    [
      "example.com:80",
      [{ problem: '"example.com" is not an IP address; for a DNS name use a Service of type ExternalName' }],
    ],
    [
      "10.0.0.256:80",
      [{ problem: '"10.0.0.256" is not an IP address; for a DNS name use a Service of type ExternalName' }],
    ],
    ["10.0.0.1:0", [{ problem: "0 is not a port" }]],
    ["10.0.0.1:65536", [{ problem: "65536 is not a port" }]],
    ["bad, 10.0.0.1:1", [{ problem: '"bad" is not HOST:PORT or NAME=HOST:PORT' }, { address: "10.0.0.1", port: 1 }]],
  ] as const) {
    test(JSON.stringify(text), () => deepEqual(parseEndpointsAnnotation(text), expected));
  }
});
