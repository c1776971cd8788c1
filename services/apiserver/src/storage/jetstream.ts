import { type RegistryWriter, RevisionMismatch } from "@kubehop/client";
import { RevisionConflict, type Storage, StorageUnavailable } from "./storage.ts";

/**
 * The registry in NATS JetStream. The writer repeats a write whose acknowledgement was lost under
 * the same message id, so an answer is true whatever happens to the connection or the server.
 */
export function createJetStreamStorage(writer: RegistryWriter): Storage {
  return {
    create: (key, value) => confirmed(key, () => writer.create(key, value)),
    update: (key, value, lastRevision) =>
      confirmed(key, () => writer.update(key, value, lastRevision)),
    delete: (key, finalValue, lastRevision) =>
      confirmed(key, () => writer.delete(key, finalValue, lastRevision)),
    lastRevision: (key) => confirmed(key, () => writer.lastRevision(key)),
    revision: () => writer.revision(),
  };
}

async function confirmed(key: string, write: () => Promise<number>): Promise<number> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof RevisionMismatch) throw new RevisionConflict(key);
    throw new StorageUnavailable(key, { cause: error });
  }
}
