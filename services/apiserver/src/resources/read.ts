import { badRequest, expired, resourceVersionTooLarge } from "@kubehop/api";
import type { ListOptions } from "../http/list-options.ts";
import type { Entry } from "../storage/entry.ts";
import type { Listing, WatchCache } from "../watch/cache.ts";
import { isSelected } from "../watch/selection.ts";

/** How long a reader waits for a version this server has not seen yet, ms. */
const FRESH_DEADLINE_MS = 3_000;

/** Answer of a list: one page. */
export interface Page {
  readonly entries: readonly Entry[];
  readonly revision: number;
  /** Token for the next page; absent on the last. */
  readonly continueToken?: string;
  /** How many objects the next pages hold; unknown with selectors. */
  readonly remaining?: number;
}

/**
 * Lists by the rules of resourceVersion, limit and continue (apiserver.md: all pages show the
 * registry as it was for the first). Throws 400, 410 Expired or 504 Timeout.
 */
export async function listPage(cache: WatchCache, options: ListOptions): Promise<Page> {
  const token = options.continueToken === "" ? undefined : parseToken(options);
  if (token === undefined && options.revision !== undefined) {
    await waitForRevision(cache, options.revision);
  }
  const listing = listingOf(cache, options, token);
  const start = token === undefined ? 0 : indexAfter(listing.entries, token.start);
  return pageOf(listing, start, options);
}

/** Waits until the cache has applied a revision; 504 when it does not in time. */
export async function waitForRevision(cache: WatchCache, revision: number): Promise<void> {
  try {
    await cache.applied(revision, AbortSignal.timeout(FRESH_DEADLINE_MS));
  } catch {
    throw resourceVersionTooLarge(String(revision), String(cache.revision()));
  }
}

interface Token {
  readonly revision: number;
  /** Key of the last object of the page before. */
  readonly start: string;
}

function listingOf(cache: WatchCache, options: ListOptions, token: Token | undefined): Listing {
  const { prefix } = options.selection;
  const { revision, versionMatch, limit } = options;
  if (token !== undefined) {
    if (token.revision < 0) return cache.list(prefix);
    const older = cache.listAt(prefix, token.revision);
    if (older !== undefined) return older;
    throw expiredToken(token);
  }
  const exact =
    revision !== undefined &&
    revision > 0 &&
    (versionMatch === "Exact" || (versionMatch === undefined && limit > 0));
  if (!exact) return cache.list(prefix);
  const older = cache.listAt(prefix, revision);
  if (older === undefined) {
    throw expired("The resourceVersion for the provided list is too old.");
  }
  return older;
}

function pageOf(listing: Listing, start: number, options: ListOptions): Page {
  const { selection, limit, selective } = options;
  const { entries, revision } = listing;
  const selected: Entry[] = [];
  for (let at = start; at < entries.length; at += 1) {
    const entry = entries[at] as Entry;
    if (!isSelected(entry, selection)) continue;
    if (limit > 0 && selected.length === limit) {
      const last = selected.at(-1) as Entry;
      return {
        entries: selected,
        revision,
        continueToken: formatToken({ revision, start: last.key }),
        ...(!selective && { remaining: entries.length - at }),
      };
    }
    selected.push(entry);
  }
  return { entries: selected, revision };
}

/** Index of the first entry whose key comes after `key`. */
function indexAfter(entries: readonly Entry[], key: string): number {
  const index = entries.findIndex((entry) => entry.key > key);
  return index === -1 ? entries.length : index;
}

/** The token is upstream's form: base64 of {v, rv, start}; rv -1 means any version will do. */
function formatToken({ revision, start }: Token): string {
  const json = JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start });
  return Buffer.from(json).toString("base64url");
}

function parseToken({ continueToken, revision }: ListOptions): Token {
  if (revision !== undefined && revision > 0) {
    throw badRequest("specifying resource version is not allowed when using continue");
  }
  try {
    const json = Buffer.from(continueToken, "base64url").toString();
    const { v, rv, start } = JSON.parse(json) as Record<string, unknown>;
    if (v === "meta.k8s.io/v1" && Number.isSafeInteger(rv) && typeof start === "string") {
      return { revision: rv as number, start };
    }
  } catch {
    // Not JSON: the same answer as for any other nonsense.
  }
  throw badRequest("continue key is not valid");
}

function expiredToken(token: Token): Error {
  const error = expired(
    "The provided continue parameter is too old to display a consistent list result. You can " +
      "start a new list without the continue parameter, or use the continue token in this " +
      "response to retrieve the remainder of the results. Continuing with the provided token " +
      "results in an inconsistent list - objects that were created, modified, or deleted between " +
      "the time the first chunk was returned and now may show up in the list.",
  );
  error.status.metadata.continue = formatToken({ ...token, revision: -1 });
  return error;
}
