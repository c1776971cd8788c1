import { expect, it } from "vitest";
import { testEngineContainer } from "../../testing/objects.ts";
import { afterEvent, type EngineEvent } from "./engine-event.ts";

const container = testEngineContainer({ networks: { n: ["10.0.0.2"] }, paused: true });

function event(Action: string): EngineEvent {
  return { Type: "container", Action, Actor: { ID: "c1", Attributes: null } };
}

it.each<[string, object]>([
  ["die", { ending: true, networks: { n: [] } }],
  ["pause", { paused: true }],
  ["unpause", { paused: false }],
])("after %s it is %j", (action, changed) => {
  expect(afterEvent(container, event(action))).toEqual({ ...container, ...changed });
});

it("leaves what an event does not tell to the next look", () => {
  expect(afterEvent(container, event("start"))).toBe(container);
});
