import type { EngineContainer } from "./engine-container.ts";

/** An event of the engine, as far as it is read (API 1.41 … 1.52). */
export interface EngineEvent {
  /** "container" or "network". */
  readonly Type: string;
  readonly Action: string;
  readonly Actor: {
    readonly ID: string;
    readonly Attributes: Readonly<Record<string, string>> | null;
  };
}

/**
 * A container after an event, as far as the event alone tells: while a container ends the engine
 * answers no inspection, for some hundred milliseconds, and an endpoint that is gone should get no
 * connection in them. The same object when the event tells nothing.
 */
export function afterEvent(container: EngineContainer, event: EngineEvent): EngineContainer {
  switch (event.Action) {
    case "die": {
      const networks = Object.keys(container.networks).map((name) => [name, []]);
      const gone = Object.fromEntries(networks) as EngineContainer["networks"];
      return { ...container, ending: true, networks: gone };
    }
    case "pause":
      return { ...container, paused: true };
    case "unpause":
      return { ...container, paused: false };
    default:
      return container;
  }
}
