import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { grpcStatus, statusTrailers } from "./grpc-status.ts";

test("a message is readable wherever it may be, and whole whatever is in it", () => {
  deepEqual(statusTrailers(grpcStatus.PERMISSION_DENIED, 'not that of "shop/edge": 100 % größer\n\ud800'), {
    "grpc-status": "7",
    "grpc-message": 'not that of "shop/edge": 100 %25 gr%C3%B6%C3%9Fer%0A%EF%BF%BD',
  });
});
