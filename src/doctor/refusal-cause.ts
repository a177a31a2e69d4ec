/**
 * What an API server said against a write, without the request and the object's name, which differ from one write to the next.
 *
 * @example causeOf('PATCH /api/v1/x: pods "a" is forbidden: exceeded quota: small')  // "exceeded quota: small"
 */
export function causeOf(refusal: string): string {
  return refusal.replace(/^[A-Z]+ \S+: /, "").replace(/^\S+ "[^"]*" is forbidden: /, "");
}
