/** Sets the fields that are absent. */
export function setDefaults<T extends object>(object: T, defaults: Partial<T>): void {
  for (const name of Object.keys(defaults) as (keyof T)[]) {
    const value = defaults[name];
    if (object[name] === undefined && value !== undefined) object[name] = value;
  }
}

/** Sets a field, or removes it when there is no value. */
export function setOrDelete<T extends object, K extends keyof T>(
  object: T,
  name: K,
  value: T[K] | undefined,
): void {
  if (value === undefined) delete object[name];
  else object[name] = value;
}
