/**
 * Applies an RFC 7386 merge patch: objects merge, null removes, anything else replaces. The object
 * is not changed; parts the patch does not touch are shared with it.
 */
export function applyMergePatch(object: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(object) ? { ...object } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else setOwn(result, name, applyMergePatch(ownValue(result, name), value));
  }
  return result;
}

/** A JSON object (not null, no list). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Field of an object; undefined also for what it only inherits. */
export function ownValue(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Sets a field; `__proto__` becomes a field like any other. */
export function setOwn(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") {
    object[name] = value;
    return;
  }
  const field = { value, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(object, name, field);
}
