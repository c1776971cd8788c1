import { expect, it } from "vitest";
import { parseMountinfo } from "./host-root.ts";

it("parseMountinfo reads paths and the flags a remount must repeat", () => {
  const text = [
    "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "22 21 0:20 / /a\\040b rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw",
    "",
  ].join("\n");
  expect(parseMountinfo(text)).toEqual([
    { path: "/", flags: [] },
    { path: "/a b", flags: ["nosuid", "nodev", "noexec"] },
  ]);
});
