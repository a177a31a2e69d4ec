import { setTimeout as wait } from "node:timers/promises";
import type { Authority } from "../certificates/authority.ts";
import { isProxy } from "../certificates/proxy-identity.ts";
import { hour, renewalTime } from "../certificates/validity.ts";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { recordRefusals } from "../control-plane/refusal-recorder.ts";
import type { Logger } from "../fleet/logger.ts";
import { controllerName } from "../gateway/class.ts";
import { resourceKinds } from "../gateway/inputs.ts";
import { experimentalGroup, gatewayGroup } from "../gateway/route-kind.ts";
import { deriveInfrastructure, type InfrastructureCollections } from "../infrastructure/derive-infrastructure.ts";
import { inCluster } from "../infrastructure/placement.ts";
import type { ProxySettings } from "../infrastructure/proxy-container.ts";
import type { ApiResource } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { apiVersionOf, type Kind, kinds } from "../resources/kinds.ts";
import { watchCluster } from "../sources/kubernetes/watch-cluster.ts";
import type { ResourceBatch, ResourceSource } from "../sources/source.ts";
import type { Refusal } from "../status/refusal.ts";
import { MutualTls } from "../xds/credentials.ts";
import type { XdsObserver } from "../xds/observer.ts";
import { XdsServer } from "../xds/server.ts";
import type { SessionOptions } from "../xds/session.ts";
import { keepAuthority } from "./authority-keeper.ts";
import { createClassFinalizer } from "./class-finalizer.ts";
import { EventRecorder } from "./event-recorder.ts";
import { InfrastructureWriter } from "./infrastructure-writer.ts";
import { takePart } from "./leader-election.ts";
import { LiveObjects } from "./live-objects.ts";
import type { OutdatedWriter } from "./outdated-writer.ts";
import { OwnedObjects } from "./owned-objects.ts";
import { ProxyStates } from "./proxy-states.ts";
import { createSelectorServices, type Outdated } from "./selector-services.ts";
import { SharedRefusals } from "./shared-refusals.ts";
import { StatusWriter, type WriteResult } from "./status-writer.ts";
import type { Backlog } from "./work-queue.ts";

/** For kube-proxies to hear that we are going; they are told as soon as we are. */
const lameDuckMs = 2_000;
/** Proxies come to replicas that were added within this time. */
const connectionAgeMs = 30 * 60_000;

export interface ClusterOptions {
  readonly client: KubernetesClient;
  readonly logger: Logger;
  /** Ours: of the Lease and of the certificate authority. */
  readonly namespace: string;
  /** Who we are among replicas. */
  readonly identity: string;
  /** UID of the pod that we are, if we are one. */
  readonly podUid?: string;
  /** Only these namespaces are served; all if absent. */
  readonly namespaces?: readonly string[];
  readonly proxy: ProxySettings;
  /** Where the xDS server listens. */
  readonly xds: { readonly host: string; readonly port: number };
  /** How long things wait on a proxy's stream, where not as long as usual. */
  readonly sessions?: Partial<SessionOptions>;
  readonly observer?: XdsObserver;
  /** Told of each batch of the API server's, and how long it took. */
  readonly applied?: (batch: ResourceBatch, seconds: number) => void;
  /** Told of what became of each attempt to write a status. */
  readonly statusWritten?: (kind: string, result: WriteResult) => void;
}

/**
 * Gatewright in a cluster: every replica serves xDS to proxies, and one of them, the leader, writes status and what Gateways
 * are given.
 *
 * Nothing is served and nothing is written before everything is known that is there.
 */
export class Cluster {
  readonly controlPlane: ControlPlane;
  readonly xds: XdsServer;
  readonly #options: ClusterOptions;
  readonly #tls: MutualTls;
  readonly #live = new LiveObjects();
  readonly #served = new Map<string, ApiResource>();
  readonly #infrastructure: InfrastructureCollections;
  readonly #states: ProxyStates;
  readonly #refusals: SharedRefusals;
  readonly #owned: OwnedObjects;
  readonly #classFinalizer: OutdatedWriter<boolean>;
  readonly #selectorServices: OutdatedWriter<Outdated>;
  readonly #statusWriter: StatusWriter;
  readonly #infrastructureWriter: InfrastructureWriter;
  readonly #source: ResourceSource;
  readonly #stop = new AbortController();
  #authority: Authority;
  #identity: string;
  #renewals: NodeJS.Timeout | undefined;
  #election: Promise<void> = Promise.resolve();
  #ready = false;
  #leads = false;

  /** @throws ApiError, AccessError if the API server doesn't answer or doesn't let us in */
  static async create(options: ClusterOptions): Promise<Cluster> {
    const authority = await keepAuthority(options.client, options.namespace);
    const identity = await authority.issue({ end: "server", dnsNames: [options.proxy.xds.serverName] });
    const tls = new MutualTls({ ...identity, trusted: authority.trusted });
    return new Cluster(options, authority, identity.certificate, tls);
  }

  private constructor(options: ClusterOptions, authority: Authority, certificate: string, tls: MutualTls) {
    const { client, logger, namespaces } = options;
    this.#options = options;
    this.#authority = authority;
    this.#identity = certificate;
    this.#tls = tls;
    this.controlPlane = new ControlPlane({
      placement: inCluster,
      onError: (error) => logger.error({ error: String(error), stack: error.stack }, "a derivation failed"),
    });
    const { graph, resources, semantics } = this.controlPlane;
    this.#infrastructure = deriveInfrastructure(graph, resources, semantics, options.proxy);
    const { infrastructure, gatewaysByProxy, sharedFleets } = this.#infrastructure;
    this.#owned = new OwnedObjects({
      client,
      ...(namespaces === undefined ? {} : { namespaces }),
      changed: (keys) => {
        this.#states.changed(keys);
        this.#infrastructureWriter.seen(keys);
      },
      failed: (kind, { error, delayMs }) =>
        logger.warn({ kind, error: String(error), delayMs }, "what belongs to Gateways can't be read now"),
    });
    const refusals = this.controlPlane.graph.input<Refusal>("refusalsHere");
    this.#refusals = new SharedRefusals({
      client,
      namespace: options.namespace,
      identity: options.identity,
      ...(options.podUid === undefined ? {} : { podUid: options.podUid }),
      own: refusals,
      all: this.controlPlane.refusals,
      logger,
    });
    this.#states = new ProxyStates({
      semantics,
      infrastructure: this.#infrastructure,
      proxies: this.controlPlane.proxies,
      refusals: this.controlPlane.refusals,
      owned: this.#owned,
    });
    this.#infrastructureWriter = new InfrastructureWriter({
      client,
      infrastructure,
      owned: this.#owned,
      isGone: (key) => this.#isGone(key),
      authority: () => this.#authority,
      failed: ({ key, error, delayMs }) =>
        logger.warn({ owner: key, error: String(error), delayMs }, "what a Gateway is given could not be written"),
      problem: (key, message) => this.#states.problem(key, message),
    });
    this.#classFinalizer = createClassFinalizer({
      client,
      graph: this.controlPlane.graph,
      resources: this.controlPlane.resources,
      resource: () => this.#resourceOf(gatewayGroup, "GatewayClass"),
      failed: ({ key, error, delayMs }) =>
        logger.warn({ gatewayClass: key, error: String(error), delayMs }, "a finalizer could not be written"),
    });
    this.#selectorServices = createSelectorServices({
      client,
      graph: this.controlPlane.graph,
      resources: this.controlPlane.resources,
      semantics: this.controlPlane.semantics,
      failed: ({ key, error, delayMs }) =>
        logger.warn(
          { xBackend: key, error: String(error), delayMs },
          "the Service of an XBackend could not be written",
        ),
    });
    const recorder = new EventRecorder({
      client,
      identity: options.identity,
      apiVersionOf: (group, kind) => {
        const served = this.#resourceOf(group, kind);
        return served && apiVersionOf(group, served.version);
      },
      failed: (error) => logger.info({ error: String(error) }, "an event could not be told"),
    });
    this.#statusWriter = new StatusWriter({
      client,
      statuses: this.controlPlane.status,
      live: this.#live,
      ...(options.statusWritten === undefined ? {} : { attempted: options.statusWritten }),
      written: (object, before, after) => {
        const { kind, namespace, name } = object;
        logger.debug?.({ kind, namespace, name }, "status written");
        recorder.written(object, before, after);
      },
      resourceOf: (group, kind) => this.#resourceOf(group, kind),
      failed: ({ key, error, delayMs }) =>
        logger.info(
          { object: key, error: String(error), delayMs },
          "a status could not be written, and is tried again",
        ),
    });
    this.xds = new XdsServer({
      ...options.sessions,
      resources: this.controlPlane.envoyResources,
      changedAt: () => this.controlPlane.since,
      knows: (proxy) => gatewaysByProxy.get(proxy) !== undefined || sharedFleets.get(proxy) !== undefined,
      credentials: tls,
      mayFetch: isProxy,
      connectionAgeMs,
      observer: recordRefusals(refusals, options.observer ?? {}),
      onError: (error) => logger.error({ error: String(error), stack: error.stack }, "a stream of xDS failed"),
    });
    this.#source = this.#watch();
  }

  /** Resolves when proxies are served: everything is known, and the xDS server listens. */
  async start(): Promise<void> {
    const { xds, logger, client, namespace, identity } = this.#options;
    await Promise.race([Promise.all([this.#source.ready, this.#owned.ready]), aborted(this.#stop.signal)]);
    if (this.#stop.signal.aborted) return;
    const port = await this.xds.listen(xds);
    logger.info({ port }, "serving xDS");
    this.#ready = true;
    this.#renewals = setInterval(() => void this.#renew(), hour);
    this.#election = takePart(
      {
        client,
        namespace,
        name: "gatewright",
        identity,
        started: () => this.#lead(true),
        stopped: () => this.#lead(false),
        failed: (error) => logger.warn({ error: String(error) }, "the lease could not be renewed"),
      },
      this.#stop.signal,
    );
  }

  /** Why proxies should not connect to us, in words; empty when they may. */
  get notReady(): readonly string[] {
    if (this.#stop.signal.aborted) return ["It is stopping."];
    return this.#ready ? [] : ["The cluster's resources have not been read yet."];
  }

  /** Whether we are the one that writes. */
  get leads(): boolean {
    return this.#leads;
  }

  /** The status of an object, by `Kind/namespace/name`, with times. */
  statusOf(key: string): unknown {
    const status = this.controlPlane.status.get(key);
    return status && this.#live.withTimes(status, key);
  }

  /** What has yet to be written, by what it is written to. */
  get backlogs(): Readonly<Record<string, Backlog>> {
    return {
      status: this.#statusWriter.backlog,
      infrastructure: this.#infrastructureWriter.backlog,
      finalizers: this.#classFinalizer.backlog,
      selectorServices: this.#selectorServices.backlog,
    };
  }

  /**
   * Gives the lease back, and is not ready from now on; goes on serving proxies until the Service no longer leads to us, so that
   * those that connect again find another replica at once. They keep what they have.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#renewals);
    await this.#election;
    if (this.#ready) await wait(lameDuckMs);
    this.#classFinalizer.close();
    this.#selectorServices.close();
    this.#statusWriter.close();
    this.#infrastructureWriter.close();
    this.#states.close();
    this.xds.close();
    await Promise.all([this.#source.close(), this.#owned.close(), this.#refusals.close()]);
  }

  /** A class that is missing may be mended: until then its Gateways keep what they have. */
  #isGone(key: string): boolean {
    const { Gateway, GatewayClass } = this.controlPlane.resources;
    if (!key.includes("/")) return this.#isFleetGone(key);
    const gateway = Gateway.get(key);
    if (gateway === undefined) return true;
    const gatewayClass = GatewayClass.get(gateway.spec.gatewayClassName);
    return gatewayClass !== undefined && gatewayClass.spec.controllerName !== controllerName;
  }

  /** One whose class says nothing that can be read now stays. */
  #isFleetGone(gatewayClass: string): boolean {
    const accepted = this.controlPlane.semantics.classes.get(gatewayClass)?.accepted;
    if (accepted === undefined) return true;
    return accepted.status === "True" && this.#infrastructure.sharedFleets.get(gatewayClass) === undefined;
  }

  /** How a kind is served; undefined if it isn't. */
  #resourceOf(group: string, kind: string): ApiResource | undefined {
    return this.#served.get(`${kind}.${group}`);
  }

  #lead(leads: boolean): void {
    this.#leads = leads;
    this.#options.logger.info({ leads }, leads ? "leading: writing status and infrastructure" : "not leading any more");
    if (leads) {
      this.#classFinalizer.start();
      this.#selectorServices.start();
      this.#infrastructureWriter.start();
      this.#statusWriter.start();
    } else {
      this.#classFinalizer.stop();
      this.#selectorServices.stop();
      this.#infrastructureWriter.stop();
      this.#statusWriter.stop();
    }
  }

  #watch(): ResourceSource {
    const { client, logger, namespaces, applied } = this.#options;
    let seen: string[] = [];
    const sink = {
      apply: (batch: ResourceBatch) => {
        const started = performance.now();
        this.controlPlane.apply(batch);
        applied?.(batch, (performance.now() - started) / 1000);
      },
    };
    return watchCluster(client, sink, {
      kinds: kinds.filter(({ kind }) => resourceKinds.some((known) => known === kind)),
      ...(namespaces === undefined ? {} : { namespaces }),
      logger,
      served: (served) => {
        this.#served.clear();
        for (const { kind, resource } of served) {
          if (resource !== undefined) this.#served.set(`${kind.kind}.${kind.group}`, resource);
        }
        const definitions = served.flatMap(({ kind, definition }) =>
          definition === undefined || !isGatewayApi(kind) ? [] : [{ kind: kind.kind, ...definition }],
        );
        if (definitions.length > 0) this.controlPlane.setDefinitions(definitions);
        this.controlPlane.setServed(served.map(({ kind, resource }) => ({ kind, served: resource !== undefined })));
      },
      observed: (key, object) => {
        if (object === undefined) this.#live.observe(key, undefined);
        else {
          const { reference, uid, resourceVersion = "", status } = object;
          const { group, kind, name, namespace } = reference;
          this.#live.observe(key, { group, kind, name, namespace, uid, resourceVersion, status });
        }
        // Compared when what this version changes has been derived.
        if (seen.length === 0) {
          setImmediate(() => {
            const keys = seen;
            seen = [];
            this.#statusWriter.seen(keys);
          });
        }
        seen.push(key);
      },
    });
  }

  /** Certificates are replaced half-way through their lives; looking costs nothing. */
  async #renew(): Promise<void> {
    const now = new Date();
    const isDue = (certificate: string): boolean => (renewalTime(certificate)?.getTime() ?? 0) <= now.getTime();
    try {
      const outdated = isDue(this.#authority.certificate);
      if (outdated) this.#authority = await keepAuthority(this.#options.client, this.#options.namespace, now);
      if (outdated || isDue(this.#identity)) {
        const { serverName } = this.#options.proxy.xds;
        const identity = await this.#authority.issue({ end: "server", dnsNames: [serverName] }, now);
        this.#tls.renew({ ...identity, trusted: this.#authority.trusted });
        this.#identity = identity.certificate;
      }
      this.#infrastructureWriter.seen([...this.#infrastructure.infrastructure.entries()].map(([key]) => key));
    } catch (error) {
      this.#options.logger.warn(
        { error: String(error) },
        "certificates could not be renewed, and are tried again in an hour",
      );
    }
  }
}

/** Whose releases say which fields there are. */
function isGatewayApi({ group }: Kind): boolean {
  return group === gatewayGroup || group === experimentalGroup;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
