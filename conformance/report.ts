import { parse } from "yaml";

/** What of a ConformanceReport is judged; the suite writes it (sigs.k8s.io/gateway-api/conformance/apis/v1). */
interface ConformanceReport {
  readonly profiles?: readonly ProfileReport[];
}

interface ProfileReport {
  readonly name: string;
  readonly core?: Results;
  readonly extended?: Results & {
    readonly supportedFeatures?: readonly string[];
    readonly unsupportedFeatures?: readonly string[];
  };
}

interface Results {
  readonly result: string;
  readonly skippedTests?: readonly string[];
  readonly failedTests?: readonly string[];
}

/**
 * What keeps a report from being complete: a profile that is missing, a test that failed or was skipped, a feature that is
 * not supported. The suite itself passes with any of the latter two.
 *
 * @param text the report as YAML
 * @param profiles those that have to be in it
 * @param otherChannel features that the channel has no fields for
 */
export function judgeReport(
  text: string,
  profiles: readonly string[],
  otherChannel: ReadonlySet<string>,
): readonly string[] {
  const report: ConformanceReport = parse(text);
  const reports = new Map(report.profiles?.map((profile) => [profile.name, profile]));
  return profiles.flatMap((name) => {
    const profile = reports.get(name);
    if (profile?.core === undefined || profile.extended === undefined) return [`${name}: not in the report`];
    const { core, extended } = profile;
    const results = [core, extended];
    return [
      ...results.flatMap(({ failedTests = [] }) => failedTests.map((test) => `${name}: ${test} failed`)),
      ...results.flatMap(({ skippedTests = [] }) => skippedTests.map((test) => `${name}: ${test} was skipped`)),
      ...(extended.unsupportedFeatures ?? [])
        .filter((feature) => !otherChannel.has(feature))
        .map((feature) => `${name}: ${feature} is not supported`),
      ...(results.every(({ result }) => result === "success") ? [] : [`${name}: ${core.result}, ${extended.result}`]),
    ];
  });
}
