import type { Frontend } from "@kubehop/routing";

/** Serves one frontend of the table. */
export interface FrontendPort {
  /** Fits it to the frontend as the table now has it; resolves when new flows follow it. */
  update(frontend: Frontend): Promise<void>;
  /** Closes the listening socket: the frontend has left the table. */
  close(): Promise<void>;
  /** Why it does not listen although it should. */
  problem(): string | undefined;
}
