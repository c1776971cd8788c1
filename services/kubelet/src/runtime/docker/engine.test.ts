import { expect, it } from "vitest";
import { createEngine, EngineError, isMissing, olderOf } from "./engine.ts";

it.each([
  ["1.41", "1.52", "1.41"],
  ["1.52", "1.53", "1.52"],
  ["1.9", "1.10", "1.9"],
])("of API versions %s and %s, %s is spoken", (a, b, older) => {
  expect(olderOf(a, b)).toBe(older);
  expect(olderOf(b, a)).toBe(older);
});

it.each(["", "/var/run/docker.sock", "tcp://127.0.0.1:2375", "unix://docker.sock"])(
  "refuses the endpoint %j",
  (endpoint) => {
    expect(() => createEngine(endpoint)).toThrow("is not of the form unix:///path/of/docker.sock");
  },
);

it("names the endpoint when there is no engine", async () => {
  await using engine = createEngine("unix:///nowhere/docker.sock");
  await expect(engine.negotiate()).rejects.toThrow(
    "cannot reach the Docker Engine at unix:///nowhere/docker.sock: connect ENOENT",
  );
  const exec = engine.upgrade({ method: "POST", path: "/exec/x/start" });
  await expect(exec).rejects.toMatchObject({ statusCode: 0 });
});

it("tells what is missing from what failed", () => {
  expect(isMissing(new EngineError(404, "No such container"))).toBe(true);
  expect(isMissing(new EngineError(500, "no"))).toBe(false);
  expect(isMissing(new Error("no"))).toBe(false);
});
