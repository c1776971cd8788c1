/** Annotation and label with the index of a pod of an Indexed Job. */
export const INDEX_LABEL = "batch.kubernetes.io/job-completion-index";

/** Indexes as `status.completedIndexes` tells them: `0,2-4`. What is no index is left out. */
export function parseIndexes(text: string | undefined, completions: number): Set<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? "").split(",")) {
    const [, from = "", to = from] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (from === "") continue;
    const last = Math.min(Number(to), completions - 1);
    for (let index = Number(from); index <= last; index += 1) indexes.add(index);
  }
  return indexes;
}

/** The text of some indexes: ranges of three and more are joined. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const parts: string[] = [];
  const sorted = [...indexes].toSorted((a, b) => a - b);
  for (let at = 0; at < sorted.length;) {
    const first = sorted[at] ?? 0;
    let length = 1;
    while (sorted[at + length] === first + length) length += 1;
    const last = first + length - 1;
    if (length === 1) parts.push(String(first));
    else parts.push(length === 2 ? `${first},${last}` : `${first}-${last}`);
    at += length;
  }
  return parts.join(",");
}
