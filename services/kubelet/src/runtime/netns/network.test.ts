import { expect, it } from "vitest";
import { nodeCommands, podCommands } from "./network.ts";

const network = {
  netns: "pod-a",
  veth: "veth2",
  ips: ["10.244.1.2", "fd00:10:244:1::2"],
  gateway: "10.244.1.1",
};

it("wires the node's side with a host route an address and no bridge", () => {
  expect(nodeCommands(network)).toBe(
    [
      "netns add pod-a",
      "link add veth2 type veth peer name eth0 netns pod-a",
      "link set veth2 up",
      "addr add fe80::1/64 dev veth2 nodad",
      "route replace 10.244.1.2/32 dev veth2",
      "route replace fd00:10:244:1::2/128 dev veth2",
      "",
    ].join("\n"),
  );
});

it("wires the pod's side with the node as the way out", () => {
  expect(podCommands(network)).toBe(
    [
      "link set lo up",
      "addr add 10.244.1.2/32 dev eth0",
      "addr add fd00:10:244:1::2/128 dev eth0 nodad",
      "link set eth0 up",
      "route add 10.244.1.1 dev eth0",
      "route add default via 10.244.1.1",
      "route add default via fe80::1 dev eth0",
      "",
    ].join("\n"),
  );
});
