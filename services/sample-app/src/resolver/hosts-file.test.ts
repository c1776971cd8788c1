import { expect, test } from "vitest";
import { lookupHosts } from "./hosts-file.ts";

const HOSTS = `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost
10.244.1.7 my-db-0.my-db.default.svc.cluster.local my-db-0 # me
`;

test.each([
  ["localhost", ["127.0.0.1", "::1"]],
  ["MY-DB-0", ["10.244.1.7"]],
  ["my-db-0.", ["10.244.1.7"]],
  ["me", []],
  ["10.244.1.7", []],
])("%s → %j", (name, addresses) => {
  expect(lookupHosts(HOSTS, name)).toEqual(addresses);
});
