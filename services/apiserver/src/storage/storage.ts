/**
 * The registry as its writers need it. Objects are read from the watch cache, which is fed by the
 * stream of writes.
 */
export interface Storage {
  /**
   * Stores a value under a key that must not exist. Gives the revision of the write.
   * Throws RevisionConflict when the key exists, StorageUnavailable when the store stays away.
   */
  create(key: string, value: Buffer): Promise<number>;
  /** Replaces the value written at `lastRevision`; throws as create does. */
  update(key: string, value: Buffer, lastRevision: number): Promise<number>;
  /** Deletes the value written at `lastRevision`, keeping `finalValue` for watchers. */
  delete(key: string, finalValue: Buffer, lastRevision: number): Promise<number>;
  /**
   * The revision of the last write or deletion of a key, 0 when there is none. Throws
   * StorageUnavailable when the store stays away.
   */
  lastRevision(key: string): Promise<number>;
  /**
   * The revision of the last write of all, whichever API server made it. Rejects soon when the
   * store does not answer, at once while it can't be reached.
   */
  revision(): Promise<number>;
}

/** The key exists already, is gone, or was written by somebody else meanwhile. */
export class RevisionConflict extends Error {
  override readonly name = "RevisionConflict";
  readonly key: string;

  constructor(key: string) {
    super(`the registry key ${key} was written by somebody else`);
    this.key = key;
  }
}

/** The store did not answer in time; whether a write happened is not known. */
export class StorageUnavailable extends Error {
  override readonly name = "StorageUnavailable";

  constructor(key: string, options: ErrorOptions) {
    super(
      `the registry did not answer in time for ${key}, so what it holds is not known; ` +
        "is nats-server running?",
      options,
    );
  }
}
