import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { boundPorts, type OwnSocket } from "./bound-ports.ts";

function socket(gateway: string, port: number, parts: Partial<OwnSocket> = {}): OwnSocket {
  const seniority = { key: `shop/${gateway}`, created: "2026-01-01T00:00:00Z" };
  return { key: `fleet|shop/${gateway}:${port}/TCP`, seniority, port, transport: "TCP", ...parts };
}

const many = Array.from({ length: 2_000 }, (_, index) => socket(`gateway-${index}`, 80 + (index % 2)));

describe("ports of a shared fleet", () => {
  test("are one for each socket, whatever the order, and neither the health port nor one that connections go out from", () => {
    const ports = boundPorts(many);
    equal(ports.size, many.length);
    equal(new Set(ports.values()).size, many.length);
    for (const port of ports.values()) {
      ok(port >= 10_000 && port <= 29_999 && (port < 19_000 || port > 19_099), String(port));
    }
    deepEqual(boundPorts(many.toReversed()), ports);
  });

  test("that are assigned stay when others come and go, though their names might have wanted them", () => {
    const ports = boundPorts(many);
    const assigned = many.map((each) => ({ ...each, assigned: ports.get(each.key) ?? 0 }));
    const remaining = assigned.filter((_, index) => index % 3 === 0);
    const newcomers = Array.from({ length: 500 }, (_, index) => socket(`new-${index}`, 443));
    const after = boundPorts([...newcomers, ...remaining]);
    for (const { key } of remaining) equal(after.get(key), ports.get(key));
  });

  test("that somebody assigned twice, or that are nobody's to assign, are given anew", () => {
    const [first, second] = [socket("a", 80, { assigned: 12_000 }), socket("b", 80, { assigned: 12_000 })];
    const ports = boundPorts([first, second, socket("c", 80, { assigned: 19_003 }), socket("d", 80, { assigned: 22 })]);
    equal(ports.get(first.key), 12_000);
    notEqual(ports.get(second.key), 12_000);
    ok(![...ports.values()].includes(19_003));
    ok(![...ports.values()].includes(22));
  });
});
