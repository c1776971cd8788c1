/** A duration as kubectl shows ages: two units at most ("5m12s", "3h4m", "2d"), from ms. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes}m${withUnit(seconds % 60, "s")}`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return `${hours}h${withUnit(minutes % 60, "m")}`;
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

function withUnit(amount: number, unit: string): string {
  return amount === 0 ? "" : `${amount}${unit}`;
}

/** Bytes as mebibytes without fraction, e.g. "52Mi". */
export function formatMemory(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)}Mi`;
}
