/**
 * Whether a version of an object came before another one of the same object.
 *
 * Since Kubernetes v1.35 resource versions may be compared as numbers; before, they always were numbers.
 *
 * @example isOlder("99", "100")  // true
 */
export function isOlder(version: string, than: string): boolean {
  return version.length === than.length ? version < than : version.length < than.length;
}
