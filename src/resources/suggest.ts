/** Words that people bring along from Ingress, from other gateways and from older versions of the API. */
const otherWords: Readonly<Record<string, readonly string[]>> = {
  HTTP: ["TCP"],
  HTTPS: ["TCP"],
  serviceName: ["name"],
  servicePort: ["port"],
  service: ["name", "backendRefs", "backendRef"],
  host: ["hostname", "hostnames"],
  hosts: ["hostnames"],
  hostName: ["hostname", "hostnames"],
  hostname: ["hostnames"],
  hostnames: ["hostname"],
  domains: ["hostnames"],
  pathType: ["type"],
  pathPrefix: ["path"],
  prefix: ["PathPrefix", "value", "path"],
  Prefix: ["PathPrefix"],
  ImplementationSpecific: ["PathPrefix"],
  regex: ["RegularExpression"],
  Regex: ["RegularExpression"],
  paths: ["path", "matches"],
  uri: ["path"],
  backend: ["backendRef", "backendRefs"],
  backends: ["backendRefs"],
  backendRef: ["backendRefs"],
  backendRefs: ["backendRef"],
  forwardTo: ["backendRefs"],
  destination: ["backendRefs"],
  routes: ["rules"],
  route: ["backendRefs"],
  http: ["rules"],
  match: ["matches"],
  gateways: ["parentRefs"],
  gatewayRef: ["parentRefs"],
  gatewayRefs: ["parentRefs"],
  parentRef: ["parentRefs"],
  targetRef: ["targetRefs"],
  gatewayClass: ["gatewayClassName"],
  className: ["gatewayClassName"],
  ingressClassName: ["gatewayClassName"],
  controller: ["controllerName"],
  params: ["queryParams"],
  queryParameters: ["queryParams"],
  header: ["headers"],
  key: ["name"],
  secretName: ["certificateRefs"],
  certificateRef: ["certificateRefs"],
  credentialName: ["certificateRefs"],
  caCertRefs: ["caCertificateRefs"],
  code: ["statusCode"],
  status: ["statusCode"],
  timeout: ["timeouts"],
  retries: ["retry"],
  mirror: ["requestMirror"],
  redirect: ["requestRedirect"],
  rewrite: ["urlRewrite"],
  protocol: ["appProtocol"],
  allowedListenerRoutes: ["allowedRoutes"],
  ip: ["addresses"],
  ips: ["addresses"],
};

/**
 * The word that somebody most likely meant: the same but for case, one that people use for it elsewhere, the nearest
 * by edits (one for every three letters, at least one), or a longer one that begins with it.
 *
 * @example nearest("wieght", ["name", "port", "weight"])  // "weight"
 */
export function nearest(word: string, choices: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const sameButCase = choices.find((choice) => choice.toLowerCase() === lower);
  if (sameButCase !== undefined) return sameButCase;
  const known = Object.hasOwn(otherWords, word) ? otherWords[word] : undefined;
  const elsewhere = known?.find((choice) => choices.includes(choice));
  if (elsewhere !== undefined) return elsewhere;
  const limit = Math.max(1, Math.floor(word.length / 3));
  const ranked = choices
    .map((choice) => ({ choice, distance: edits(lower, choice.toLowerCase(), limit) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  const longer = choices.find((choice) => word.length >= 4 && choice.toLowerCase().startsWith(lower));
  return ranked[0]?.choice ?? longer;
}

/** Did-you-mean sentence for {@link nearest}, or `otherwise`. */
export function didYouMean(word: string, choices: readonly string[], otherwise?: string): string | undefined {
  const choice = nearest(word, choices);
  return choice === undefined ? otherwise : `Did you mean "${choice}"?`;
}

/**
 * Damerau–Levenshtein distance (insert, delete, replace, swap neighbours), or more than `limit` as soon as that is sure.
 *
 * @example edits("wieght", "weight", 2)  // 1
 */
export function edits(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
