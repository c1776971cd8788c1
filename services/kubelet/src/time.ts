/** A moment (unix ms) as the API writes it: RFC 3339, whole seconds. */
export function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A moment (unix ms) as a Lease writes it: RFC 3339 with microseconds. */
export function toMicroTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
