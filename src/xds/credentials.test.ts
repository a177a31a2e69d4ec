import { equal, match, notEqual } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { credentials, status } from "@grpc/grpc-js";
import { type Authority, createAuthority } from "../certificates/authority.ts";
import { isProxy, proxyUri } from "../certificates/proxy-identity.ts";
import { MutualTls } from "./credentials.ts";
import { XdsServer } from "./server.ts";
import { summary } from "./testing/fake-stream.ts";
import { cluster, type Fixture, fixture, PROXY } from "./testing/fixture.ts";
import { RealStream } from "./testing/real-stream.ts";
import { CLUSTER } from "./type-url.ts";

const serverName = "gatewright.gatewright-system.svc";

describe("the xDS server over mutual TLS", () => {
  let made: Fixture;
  let authority: Authority;
  let tls: MutualTls;
  let server: XdsServer;
  let target: string;

  before(async () => {
    made = fixture([cluster("a")]);
    authority = await createAuthority();
    tls = new MutualTls(await identity(authority));
    server = new XdsServer({ resources: made.resources, knows: () => true, credentials: tls, mayFetch: isProxy });
    target = `127.0.0.1:${await server.listen({ host: "127.0.0.1", port: 0 })}`;
  });

  after(() => server.close());

  async function identity(signer: Authority) {
    const pair = await signer.issue({ end: "server", dnsNames: [serverName] });
    return { ...pair, trusted: signer.trusted };
  }

  async function connect(signer: Authority, proxy: string, trusts = signer): Promise<RealStream> {
    const { certificate, key } = await signer.issue({ end: "client", uri: proxyUri(proxy) });
    const channel = credentials.createSsl(Buffer.from(trusts.trusted), Buffer.from(key), Buffer.from(certificate));
    return new RealStream(target, channel, {
      "grpc.ssl_target_name_override": serverName,
      // Each test has a connection of its own.
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  test("gives a proxy its own configuration", async () => {
    const stream = await connect(authority, PROXY);
    stream.request(CLUSTER, { proxy: PROXY });
    equal(summary(await stream.next()), "Cluster a");
    stream.close();
  });

  test("refuses a proxy that asks for another's, known or not", async () => {
    for (const other of [`${PROXY}-2`, "other"]) {
      const stream = await connect(authority, other);
      stream.request(CLUSTER, { proxy: PROXY });
      const error = await stream.ended;
      equal(error.code, status.PERMISSION_DENIED);
      match(error.details, /not that of proxy/);
      stream.close();
    }
  });

  test("refuses who has no certificate, or one that somebody else signed", async () => {
    const stranger = await createAuthority();
    const streams = [
      new RealStream(target, credentials.createSsl(Buffer.from(authority.trusted)), {
        "grpc.ssl_target_name_override": serverName,
      }),
      await connect(stranger, PROXY, authority),
    ];
    for (const stream of streams) {
      stream.request(CLUSTER, { proxy: PROXY });
      notEqual((await stream.ended).code, status.OK);
      stream.close();
    }
    equal(server.delivery.status(PROXY).connected, 0);
  });

  test("a renewed identity is used for new connections, and open ones go on", async () => {
    const old = await connect(authority, PROXY);
    old.request(CLUSTER, { proxy: PROXY });
    old.request(CLUSTER, { nonce: (await old.next()).nonce });
    const successor = await createAuthority(new Date(), authority);
    tls.renew(await identity(successor));
    const young = await connect(successor, PROXY);
    young.request(CLUSTER, { proxy: PROXY });
    equal(summary(await young.next()), "Cluster a");
    made.apply({ set: [cluster("b")] });
    equal(summary(await old.next()), "Cluster b");
    old.close();
    young.close();
  });
});
