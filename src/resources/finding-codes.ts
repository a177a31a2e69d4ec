/** What is always true of the findings of one code. */
export interface FindingRule {
  /** The gravest that it comes with: an error is only a warning where documents that are not here could mend it. */
  readonly severity: "error" | "warning";
  /** As the heading of its page, `docs/findings/CODE.md`. */
  readonly title: string;
  /** Something about the run, and not about what a document says. */
  readonly ofRun?: true;
  /** Something about what runs, mostly in a cluster, which `doctor` alone sees; no document is wrong. */
  readonly ofCluster?: true;
  /** A folder may well hold it: it does not fail `validate --strict`. */
  readonly harmless?: true;
}

/**
 * Every code that a finding can have. Codes are stable: people write them into their pipelines.
 *
 * Reasons of conditions become codes by {@link codeOf}.
 */
export const findingRules = {
  // The text
  "duplicate-key": { severity: "error", title: "The same key twice in a mapping" },
  "json-syntax": { severity: "error", title: "A text that is no JSON" },
  "more-findings": { severity: "error", title: "More findings than are shown", ofRun: true },
  "not-an-object": { severity: "error", title: "A document that is no resource" },
  "yaml-1.1": { severity: "warning", title: "A value that Kubernetes reads differently" },
  "yaml-syntax": { severity: "error", title: "A text that is no YAML" },
  // What kind of thing it is
  "ignored-kind": { severity: "warning", title: "A kind that carries no traffic", harmless: true },
  "ingress-not-served": { severity: "warning", title: "An Ingress, which is not served" },
  "kind-not-served": { severity: "warning", title: "A kind that is not served yet" },
  "unknown-kind": { severity: "error", title: "A kind that does not exist" },
  "wrong-api-version": { severity: "error", title: "A group or version that does not have the kind" },
  // The schema
  "broken-rule": { severity: "error", title: "Fields that do not fit together" },
  "duplicate-entry": { severity: "error", title: "An entry that a list may have once" },
  "missing-field": { severity: "error", title: "A field that is missing" },
  "out-of-range": { severity: "error", title: "A number that is too small or too large" },
  "unknown-field": { severity: "error", title: "A field that does not exist" },
  "unknown-value": { severity: "error", title: "A value that is none of those allowed" },
  "wrong-count": { severity: "error", title: "Too few or too many entries" },
  "wrong-format": { severity: "error", title: "A text of the wrong form" },
  "wrong-length": { severity: "error", title: "A text that is too short or too long" },
  "wrong-type": { severity: "error", title: "A value of the wrong type" },
  // Names, labels and annotations
  "annotation-of-another-controller": { severity: "warning", title: "An annotation that another controller reads" },
  "duplicate-object": { severity: "error", title: "The same object twice" },
  "ignored-namespace": { severity: "warning", title: "A namespace on a kind that has none" },
  "invalid-annotation": { severity: "error", title: "A key that no annotation can have" },
  "invalid-label": { severity: "error", title: "A label that is none" },
  "invalid-name": { severity: "error", title: "A name that no object can have" },
  // Values that no schema can judge
  "duplicate-header": { severity: "warning", title: "A header that one filter or match names twice" },
  "hostname-is-address": { severity: "warning", title: "An IP address for a hostname" },
  "invalid-address": { severity: "error", title: "An address of the wrong family, or none" },
  "invalid-base64": { severity: "error", title: "Data that is no base64" },
  "invalid-key": { severity: "error", title: "A key that no data can have" },
  "invalid-regex": { severity: "error", title: "A regular expression that RE2 refuses" },
  // Certificates
  "certificate-expires-soon": { severity: "warning", title: "A certificate that is about to expire" },
  "certificate-not-for-hostname": { severity: "warning", title: "A certificate for another hostname" },
  "expired-certificate": { severity: "error", title: "A certificate that is out of date" },
  "https-without-certificate": { severity: "error", title: "A listener that ends TLS without a certificate" },
  "invalid-ca-certificate-ref": { severity: "error", title: "Authorities that can't be used" },
  "invalid-certificate": { severity: "error", title: "A Secret that holds no key pair" },
  "invalid-certificate-ref": { severity: "error", title: "A certificate that can't be used" },
  "invalid-client-certificate-ref": { severity: "error", title: "A client certificate that can't be used" },
  "no-valid-ca-certificate": { severity: "error", title: "No authority by which clients could be known" },
  // Gateways and their classes
  "class-of-another-controller": { severity: "error", title: "A Gateway of another controller's class" },
  "gateway-class-not-found": { severity: "error", title: "A Gateway of a class that is not there" },
  "invalid-parameters": { severity: "error", title: "Parameters that can't be read" },
  "not-enforced": { severity: "warning", title: "A field without effect" },
  "unsupported-address": { severity: "error", title: "An address that a Gateway can't have" },
  // Listeners
  "hostname-conflict": { severity: "error", title: "Listeners with the same port and hostname" },
  "invalid-listener-filter-ref": { severity: "error", title: "A listener's filter that can't be used" },
  "invalid-route-kinds": { severity: "error", title: "Kinds of routes that a listener can't carry" },
  "port-unavailable": { severity: "error", title: "A port that another Gateway holds" },
  "protocol-conflict": { severity: "error", title: "Protocols that can't share a port" },
  "unsupported-protocol": { severity: "error", title: "A protocol that is not served" },
  "unsupported-value": { severity: "error", title: "A value that is not supported" },
  // ListenerSets
  "not-allowed": { severity: "error", title: "A ListenerSet that its Gateway does not allow" },
  "parent-not-accepted": { severity: "error", title: "A ListenerSet of a Gateway that is refused" },
  // Routes and their parents
  "gateway-not-found": { severity: "warning", title: "A Gateway that is not there" },
  "hostname-not-served": { severity: "warning", title: "A hostname that no listener accepts" },
  "listener-set-not-found": { severity: "warning", title: "A ListenerSet that is not there" },
  "no-matching-listener-hostname": { severity: "error", title: "No hostname in common with a listener" },
  "no-matching-parent": { severity: "error", title: "A listener that is not there" },
  "not-allowed-by-listeners": { severity: "error", title: "A route that no listener accepts" },
  "parent-not-served": { severity: "error", title: "A parent of a kind that is not served" },
  "selector-reads-namespace": { severity: "error", title: "Labels on the route instead of its namespace" },
  // Rules
  "not-supported": { severity: "error", title: "A rule that is answered with 500" },
  "redirect-loop": { severity: "error", title: "A redirect that leads back to itself" },
  "redirect-to-wrong-port": { severity: "warning", title: "A redirect to a port of another protocol" },
  "redirect-without-scheme": { severity: "error", title: "A redirect that keeps the wrong scheme" },
  "shadowed-rule": { severity: "warning", title: "A rule that an earlier one always beats" },
  "weights-sum-to-zero": { severity: "warning", title: "Backends that all have weight 0" },
  // Backends
  "backend-not-found": { severity: "error", title: "A backend that is not there" },
  "backend-port-not-found": { severity: "error", title: "A port that the Service does not have" },
  "external-hostname-without-tls": { severity: "warning", title: "An external hostname without TLS" },
  "invalid-backend-tls": { severity: "error", title: "A backend whose TLS can't be enforced" },
  "invalid-endpoints": { severity: "error", title: "An annotation of endpoints that can't be read" },
  "invalid-kind": { severity: "error", title: "A reference to a kind that can't be used there" },
  "no-endpoints": { severity: "error", title: "A Service without endpoints" },
  "ref-not-permitted": { severity: "error", title: "A reference into another namespace without a grant" },
  // Policies
  conflicted: { severity: "error", title: "Two policies for one target" },
  invalid: { severity: "error", title: "A setting that can't be enforced" },
  "target-not-found": { severity: "error", title: "A policy for what is not there" },
  // What runs in a cluster
  "address-mismatch": { severity: "error", title: "A Gateway's address that is not its Service's", ofCluster: true },
  "class-without-controller": { severity: "error", title: "A GatewayClass that no controller serves", ofCluster: true },
  "clock-skew": { severity: "error", title: "Clocks that do not agree", ofCluster: true },
  "configuration-refused": { severity: "error", title: "Configuration that Envoy refused", ofCluster: true },
  "controller-not-found": { severity: "error", title: "No controller in the cluster", ofCluster: true },
  "controller-not-running": { severity: "error", title: "A controller that does not run", ofCluster: true },
  "envoy-not-running": { severity: "error", title: "An Envoy that does not answer", ofCluster: true },
  "host-port-taken": { severity: "error", title: "A host port that is taken", ofCluster: true },
  "image-not-pulled": { severity: "error", title: "An image that can't be pulled", ofCluster: true },
  "instance-not-ready": { severity: "error", title: "A Gatewright that does not serve yet", ofCluster: true },
  "missing-definition": { severity: "error", title: "Kinds that the cluster does not have", ofCluster: true },
  "missing-permission": { severity: "error", title: "A right that the controller lacks", ofCluster: true },
  "mixed-definitions": { severity: "error", title: "Definitions of several releases or channels", ofCluster: true },
  "network-policy-in-the-way": {
    severity: "error",
    title: "A NetworkPolicy between proxies and controller",
    ofCluster: true,
  },
  "no-address": { severity: "error", title: "A Gateway that was given no address", ofCluster: true },
  "not-programmed": { severity: "error", title: "A Gateway that does not serve", ofCluster: true },
  "pod-crashes": { severity: "error", title: "A container that ends again and again", ofCluster: true },
  "pod-not-ready": { severity: "error", title: "A pod that is not ready", ofCluster: true },
  "pod-not-scheduled": { severity: "error", title: "A pod that no node takes", ofCluster: true },
  "pods-refused": { severity: "error", title: "Pods that the API server refuses", ofCluster: true },
  "proxy-behind": { severity: "error", title: "A proxy that does not take up its configuration", ofCluster: true },
  "proxy-not-connected": { severity: "error", title: "A proxy that does not reach the controller", ofCluster: true },
  "quota-exceeded": { severity: "error", title: "A quota that leaves no room", ofCluster: true },
  "status-not-written": { severity: "error", title: "A status that nobody has written", ofCluster: true },
  "outdated-definition": { severity: "error", title: "A definition of ours that lacks fields", ofCluster: true },
  "stored-version": { severity: "warning", title: "A definition that keeps an old version", ofCluster: true },
  "two-controllers": { severity: "error", title: "Two controllers of the same name", ofCluster: true },
  "unsupported-definitions": {
    severity: "warning",
    title: "Definitions of a release that is not known",
    ofCluster: true,
  },
  "webhook-in-the-way": { severity: "error", title: "A webhook that nobody answers", ofCluster: true },
  "writes-waiting": { severity: "error", title: "Writes that the controller tries in vain", ofCluster: true },
  "write-refused": { severity: "error", title: "Admission that refuses what the controller writes", ofCluster: true },
  // The run
  "last-good-version": { severity: "warning", title: "An object that is served as it last was", ofRun: true },
  "no-files": { severity: "warning", title: "A folder without resources", ofRun: true },
  "no-such-file": { severity: "error", title: "A path that does not exist", ofRun: true },
  "not-watched": { severity: "warning", title: "A folder that can't be watched", ofRun: true },
  "partly-readable": { severity: "warning", title: "Kinds of a cluster that you may not read", ofRun: true },
  unreadable: { severity: "error", title: "A file that can't be read", ofRun: true },
} as const satisfies Readonly<Record<string, FindingRule>>;

export type FindingCode = keyof typeof findingRules;

export const findingCodes: readonly FindingCode[] = Object.keys(findingRules).filter(isFindingCode);

/** @example ruleOf("ignored-kind").harmless  // true */
export function ruleOf(code: FindingCode): FindingRule {
  return findingRules[code];
}

export function isFindingCode(code: string): code is FindingCode {
  return Object.hasOwn(findingRules, code);
}

/**
 * The code for a reason that a condition or a problem has; a reason that is not among the codes is merely `invalid`.
 *
 * @example codeOf("InvalidCACertificateRef")  // "invalid-ca-certificate-ref"
 */
export function codeOf(reason: string): FindingCode {
  const [, other] = sameCode.find(([known]) => known === reason) ?? [];
  if (other !== undefined) return other;
  const code = reason.replace(/[a-z](?=[A-Z])|[A-Z](?=[A-Z][a-z])/g, "$&-").toLowerCase();
  return isFindingCode(code) ? code : "invalid";
}

/** Reasons that are not worth a page of their own. */
const sameCode: readonly (readonly [string, FindingCode])[] = [
  ["InvalidCACertificateKind", "invalid-ca-certificate-ref"],
];

/** Where the page of a code is. */
export function pageOf(code: FindingCode): string {
  return `https://gatewright.dev/docs/findings/${code}.md`;
}
