import { expect, it } from "vitest";
import { ERRNO, errnoName, orThrow, SyscallError } from "./errno.ts";

it("names errors as Node.js does, and numbers without a name", () => {
  expect(errnoName(ERRNO.EMFILE)).toBe("EMFILE");
  expect(errnoName(ERRNO.EAGAIN)).toBe("EAGAIN");
  expect(errnoName(9_999)).toBe("errno 9999");
});

it("throws what failed, why and where", () => {
  expect(orThrow(7, "socket")).toBe(7);
  const fail = (): number => orThrow(-ERRNO.ECONNREFUSED, "connect", "10.0.0.1:80");
  expect(fail).toThrow(SyscallError);
  expect(fail).toThrow("connect ECONNREFUSED 10.0.0.1:80");
});
