const KUBE_VERSION = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/;

const STAGES: Readonly<Record<string, number>> = { alpha: 0, beta: 1 };
const STABLE = 2;

/**
 * Orders versions of a group, the one clients should prefer first: v2, v1, v1beta2, v1beta1,
 * v1alpha1, then whatever is no Kubernetes version by its text (apimachinery/pkg/version).
 */
export function compareKubeVersions(a: string, b: string): number {
  const left = parse(a);
  const right = parse(b);
  if (left === undefined || right === undefined) {
    if (left !== undefined) return -1;
    if (right !== undefined) return 1;
    return a < b ? -1 : Number(a > b);
  }
  return right.stage - left.stage || right.major - left.major || right.minor - left.minor;
}

function parse(text: string): { stage: number; major: number; minor: number } | undefined {
  const match = KUBE_VERSION.exec(text);
  if (match === null) return undefined;
  const [, major, stage = "", minor = "0"] = match;
  return { stage: STAGES[stage] ?? STABLE, major: Number(major), minor: Number(minor) };
}
