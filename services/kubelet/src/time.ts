/** A moment (unix ms) as the API writes it: RFC 3339, whole seconds. */
export function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
