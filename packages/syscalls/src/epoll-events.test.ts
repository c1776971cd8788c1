import { expect, it } from "vitest";
import { epollLayout } from "./epoll-events.ts";

it.each([
  ["x64", { words: 3, data: 1 }],
  ["arm64", { words: 4, data: 2 }],
])("knows how %s lays out an event", (arch, layout) => {
  expect(epollLayout(arch)).toEqual(layout);
});
