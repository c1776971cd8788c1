import { expect, test } from "vitest";
import { reverseName } from "./reverse-name.ts";

test.each([
  ["10.96.0.50", "50.0.96.10.in-addr.arpa."],
  ["::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."],
  ["fd00:10:96::50", "0.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa."],
])("the reverse name of %s", (address, name) => {
  expect(reverseName(address)).toBe(name);
});
