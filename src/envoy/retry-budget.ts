import type { RetryBudget } from "../ir/cluster.ts";
import { LuaSchema } from "./generated/envoy/extensions/filters/http/lua/v3/lua_pb.ts";
import { UpstreamCodecSchema } from "./generated/envoy/extensions/filters/http/upstream_codec/v3/upstream_codec_pb.ts";
import type { HttpFilterSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { type Init, pack } from "./message.ts";

const NAME = "gatewright.retry_budget";

/**
 * HTTP filters of a cluster, which run for every try of a request: they let a retry through, or answer it with 503, as
 * RetryConstraint asks.
 *
 * Envoy's own `circuit_breakers.retry_budget` limits how many retries are under way at a time, however many have been made: a
 * backend that fails fast is retried without end. Nor does it answer with 503. Each worker of Envoy has a budget of its own.
 */
export function retryBudgetFilters(budget: RetryBudget): Init<typeof HttpFilterSchema>[] {
  const lua = pack(LuaSchema, {
    statPrefix: NAME,
    defaultSourceCode: { specifier: { case: "inlineString", value: retryBudgetScript(budget) } },
  });
  return [
    { name: NAME, configType: { case: "typedConfig", value: lua } },
    {
      name: "envoy.filters.http.upstream_codec",
      configType: { case: "typedConfig", value: pack(UpstreamCodecSchema, {}) },
    },
  ];
}

/** @see retryBudgetFilters */
export function retryBudgetScript({ percent, intervalMilliseconds, minimum }: RetryBudget): string {
  return `${WINDOW}
local tries = window(${intervalMilliseconds})
local retries = window(${intervalMilliseconds})
local least = window(${minimum.intervalMilliseconds})

function envoy_on_request(handle)
  local now = tonumber(handle:timestamp())
  local metadata = handle:streamInfo():dynamicMetadata()
  if metadata:get("${NAME}") == nil then
    metadata:set("${NAME}", "tried", true)
    tries.add(now)
    return
  end
  local allowed = (retries.sum(now) + 1) * 100 <= (tries.sum(now) + 1) * ${percent}
  if not allowed and least.sum(now) >= ${minimum.count} then
    return handle:respond({[":status"] = "503"}, "retry budget exceeded")
  end
  tries.add(now)
  retries.add(now)
  least.add(now)
end
`;
}

// How often something happened in the last so many milliseconds, counted in tenths of them.
const WINDOW = `
local function window(length)
  local slot, counts, total, newest = length / 10, {}, 0, 0
  for i = 0, 10 do counts[i] = 0 end
  local function pass(now)
    local at = math.floor(now / slot)
    -- The clock was put back.
    if at < newest - 10 then newest = at - 11 end
    if at <= newest then return end
    for i = math.max(newest + 1, at - 10), at do
      total = total - counts[i % 11]
      counts[i % 11] = 0
    end
    newest = at
  end
  return {
    add = function(now)
      pass(now)
      counts[newest % 11] = counts[newest % 11] + 1
      total = total + 1
    end,
    sum = function(now)
      pass(now)
      return total
    end,
  }
end
`;
