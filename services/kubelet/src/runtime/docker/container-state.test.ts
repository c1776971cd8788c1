import { describe, expect, it } from "vitest";
import { NOW, testEngineContainer } from "../../testing/objects.ts";
import { lifeOf, startErrorText } from "./container-state.ts";
import { type EngineContainer, toEngineContainer } from "./engine-container.ts";

function container(more: Partial<EngineContainer>): EngineContainer {
  const { startedAt: _started, ...created } = testEngineContainer();
  return { ...created, running: false, ...more };
}

describe("lifeOf", () => {
  it.each<[title: string, container: EngineContainer, isStarting: boolean, life: object]>([
    ["runs", testEngineContainer(), false, { phase: "running", startedAt: NOW }],
    ["is being started", container({}), true, { phase: "starting" }],
    ["ended before it was looked at", container({ ending: true }), false, { phase: "starting" }],
    [
      "was left when a kubelet died",
      container({}),
      false,
      {
        phase: "exited",
        exitCode: 128,
        finishedAt: NOW,
        startError: "it was made and never started",
      },
    ],
    [
      "could not be started",
      container({
        error: 'runc: starting container process caused: exec: "x": not found: unknown',
      }),
      false,
      { phase: "exited", exitCode: 128, finishedAt: NOW, startError: 'exec: "x": not found' },
    ],
    [
      "ended",
      container({ startedAt: NOW, finishedAt: NOW + 1, exitCode: 3 }),
      false,
      { phase: "exited", startedAt: NOW, finishedAt: NOW + 1, exitCode: 3 },
    ],
    [
      "was killed for its memory",
      container({ startedAt: NOW, finishedAt: NOW + 1, exitCode: 137, oomKilled: true }),
      false,
      { phase: "exited", startedAt: NOW, finishedAt: NOW + 1, exitCode: 137, oomKilled: true },
    ],
  ])("a container that %s", (_title, container, isStarting, life) => {
    expect(lifeOf({ container, isStarting })).toEqual(life);
  });
});

it.each([
  [
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start " +
      'container process: exec: "x": executable file not found in $PATH: unknown',
    'exec: "x": executable file not found in $PATH',
  ],
  ["No such image: x", "No such image: x"],
])("startErrorText of %j is %j", (message, text) => {
  expect(startErrorText(message)).toBe(text);
});

describe("toEngineContainer", () => {
  const inspected = {
    Id: "c1",
    Name: "/shop-1",
    Created: "2026-01-01T00:00:00.123456789Z",
    Image: "sha256:1",
    State: {
      Running: true,
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      ExitCode: 0,
      Error: "",
      StartedAt: "2026-01-01T00:00:01Z",
      FinishedAt: "0001-01-01T00:00:00Z",
    },
    Config: { Image: "shop:1", Tty: false, Labels: null },
    NetworkSettings: {
      Networks: { n: { IPAddress: "10.0.0.2", GlobalIPv6Address: "" }, gone: { IPAddress: "" } },
    },
    Mounts: [],
  };

  it("reads what is there and leaves out what never was", () => {
    expect(toEngineContainer(inspected)).toEqual({
      ...testEngineContainer({ id: "c1", name: "shop-1" }),
      createdAt: NOW + 123,
      startedAt: NOW + 1_000,
      networks: { n: ["10.0.0.2"], gone: [] },
    });
  });

  it("does not believe that a container between two starts runs", () => {
    const State = { ...inspected.State, Restarting: true, FinishedAt: "2026-01-01T00:00:02Z" };
    const found = toEngineContainer({ ...inspected, State });
    expect(found).toMatchObject({ running: false, finishedAt: NOW + 2_000 });
  });
});
