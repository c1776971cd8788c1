/**
 * Runs `count` equal tasks in batches of 1, 2, 4 …: a task that always fails (a quota, a broken
 * template) then costs a few requests, not hundreds (upstream's slowStartBatch). Stops after the
 * first batch with a failure and rejects with that.
 */
export async function slowStart(count: number, task: () => Promise<unknown>): Promise<void> {
  let remaining = count;
  for (let size = 1; remaining > 0; size *= 2) {
    const batch = Math.min(size, remaining);
    const results = await Promise.allSettled(Array.from({ length: batch }, task));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    remaining -= batch;
  }
}
