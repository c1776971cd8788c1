import type { Condition, ContainerStatus, Pod, PodPhase } from "@kubehop/api";
import { isSidecar } from "./pod-plan.ts";

/** What a pod's conditions are computed from. */
export interface ConditionFacts {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly sandboxReady: boolean;
  readonly initialized: boolean;
  readonly init: readonly ContainerStatus[];
  readonly main: readonly ContainerStatus[];
}

/** A condition without its time. */
type Verdict = Pick<Condition, "status" | "reason" | "message">;

const YES: Verdict = { status: "True" };

/**
 * The conditions a kubelet owns, with upstream's reasons (pkg/kubelet/status/generate.go); the
 * time of the last change is left to the caller.
 */
export function podConditions(facts: ConditionFacts): Condition[] {
  const containers = containersReady(facts);
  const verdicts: Record<string, Verdict> = {
    PodReadyToStartContainers: facts.sandboxReady ? YES : { status: "False" },
    Initialized: initialized(facts),
    Ready: containers.status === "True" ? gatesReady(facts.pod) : containers,
    ContainersReady: containers,
    PodScheduled: YES,
  };
  return Object.entries(verdicts).map(([type, verdict]) => ({ type, ...verdict }));
}

function containersReady({ pod, phase, init, main }: ConditionFacts): Verdict {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const sidecars = init.filter((_status, index) => {
    const container = pod.spec.initContainers?.[index];
    return container !== undefined && isSidecar(container);
  });
  const unready = [...sidecars, ...main].filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return YES;
  return {
    status: "False",
    reason: "ContainersNotReady",
    message: `containers with unready status: [${unready.join(" ")}]`,
  };
}

function initialized({ pod, phase, init, initialized: done }: ConditionFacts): Verdict {
  if (phase === "Succeeded") return { status: "True", reason: "PodCompleted" };
  if (done) return YES;
  const incomplete = init
    .filter((status, index) => {
      const container = pod.spec.initContainers?.[index];
      return container !== undefined && isSidecar(container)
        ? status.started !== true
        : status.state?.terminated?.exitCode !== 0;
    })
    .map(({ name }) => name);
  return {
    status: "False",
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${incomplete.join(" ")}]`,
  };
}

function gatesReady(pod: Pod): Verdict {
  const problems: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType);
    const name = `pod readiness gate "${conditionType}"`;
    if (gate === undefined) problems.push(`corresponding condition of ${name} does not exist.`);
    else if (gate.status !== "True") {
      problems.push(`the status of ${name} is not "True", but ${gate.status}`);
    }
  }
  if (problems.length === 0) return YES;
  return { status: "False", reason: "ReadinessGatesNotReady", message: problems.join(", ") };
}
