import { controllerName } from "../gateway/class.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, text } from "../resources/field.ts";
import { edits } from "../resources/suggest.ts";
import { type Check, objectsOf, problem, some } from "./facts.ts";
import { classesOf, classNameOf } from "./gateways.ts";
import { isServed } from "./installation.ts";
import { conditionOf } from "./workload-trouble.ts";

/** Has somebody taken each class that Gateways use? */
export const checkClasses: Check = {
  name: "Classes",
  needs: ["GatewayClass", "Gateway"],
  codes: ["class-without-controller", "class-of-another-controller"],
  examine: (facts) => {
    const classes = objectsOf(facts, "GatewayClass");
    const ours = new Set(classesOf(facts).map(({ metadata }) => metadata.name));
    const waiting = classes.filter((each) => !isTaken(each) && !(ours.has(each.metadata.name) && !isServed(facts)));
    return {
      seen: classes
        .map(({ metadata, ...rest }) => `${metadata.name} (${text(field(rest, "spec", "controllerName"))})`)
        .join(", "),
      findings: waiting.flatMap((gatewayClass) => {
        const { name } = gatewayClass.metadata;
        const used = objectsOf(facts, "Gateway").filter((gateway) => classNameOf(gateway) === name);
        const given = text(field(gatewayClass, "spec", "controllerName"));
        const isOurs = ours.has(name);
        if (used.length === 0 && !isOurs) return [];
        const gateways = some(used.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
        const serves = used.length === 0 ? "" : ` Gateways that wait for it: ${gateways}.`;
        if (isOurs) {
          return [
            problem(
              "class-without-controller",
              gatewayClass,
              `A controller runs, and has not said that it takes GatewayClass ${name}.${serves}`,
              "See whether it may write statuses (below), and what it logs.",
            ),
          ];
        }
        const near = edits(given, controllerName, 4) <= 4;
        return [
          problem(
            near ? "class-of-another-controller" : "class-without-controller",
            gatewayClass,
            `No controller in this cluster answers to ${given}, which GatewayClass ${name} names.${serves}`,
            near
              ? `Did you mean ${controllerName}? The field can't be changed: delete the class and make it again.`
              : `Install that controller, or use a class with controllerName ${controllerName} (kubectl get gatewayclass).`,
            { path: ["spec", "controllerName"] },
          ),
        ];
      }),
    };
  },
};

/** Gateway API: a class begins with Accepted Unknown, and whoever serves it says True or False. */
function isTaken(gatewayClass: ApiObject): boolean {
  const status = conditionOf(gatewayClass, "Accepted")?.status;
  return status === "True" || status === "False";
}
