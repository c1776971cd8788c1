/** The JetStream stream behind the KV bucket `registry`: one message a live key. */
export const REGISTRY_STREAM = "KV_registry";

/** Every registry key is a subject below this. */
export const REGISTRY_SUBJECT = "$KV.registry";

/**
 * The server publishes each committed registry write again below this. A subscription to
 * `$KV.registry.>` itself would also see writes that lost their compare-and-set.
 */
export const REGISTRY_EVENT_SUBJECT = "evt.$KV.registry";

/** The prefix of a user's reply subjects; nobody else may listen there. */
export function inboxPrefix(user: string): string {
  return `_INBOX_${user}`;
}
