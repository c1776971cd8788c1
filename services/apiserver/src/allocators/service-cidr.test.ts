import type { ServiceCIDR } from "@kubehop/api";
import { expect, test } from "vitest";
import { planServiceCidr, SERVICE_CIDR_FINALIZER } from "./service-cidr.ts";

const NOW = Date.parse("2026-01-01T00:01:00Z");

function range(cidr: string, change: Partial<ServiceCIDR["metadata"]> = {}): ServiceCIDR {
  const metadata = { name: cidr, finalizers: [SERVICE_CIDR_FINALIZER], ...change };
  const conditions = [{ type: "Ready", status: "True" as const, reason: "" }];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata,
    spec: { cidrs: [cidr] },
    status: { conditions },
  };
}

const plan = (one: ServiceCIDR, addresses: string[] = [], others: ServiceCIDR[] = []): unknown =>
  planServiceCidr(one, { all: () => [one, ...others], addresses: () => addresses, now: NOW });

const deleted = (seconds: number): Partial<ServiceCIDR["metadata"]> => {
  return { deletionTimestamp: new Date(NOW - seconds * 1_000).toISOString() };
};

test("a new range gets a finalizer and is ready", () => {
  const { status: _none, ...fresh } = range("10.0.0.0/24", { finalizers: [] });
  expect(plan(fresh)).toMatchObject({ finalizer: true, condition: { status: "True" } });
  expect(plan(range("10.0.0.0/24"), ["10.0.0.1"])).toEqual({});
});

test("a deleted range stays as long as an address of it would belong to none", () => {
  const going = range("10.0.0.0/24", deleted(60));
  const terminating = { condition: { status: "False", reason: "Terminating" } };
  expect(plan(going, ["10.1.0.1", "10.0.0.9"])).toMatchObject(terminating);
  const wider = range("10.0.0.0/16");
  expect(plan(going, ["10.0.0.9"], [wider])).toEqual({ finalizer: false });
  const goingToo = range("10.0.0.0/16", deleted(60));
  expect(plan(going, ["10.0.0.9"], [goingToo])).toMatchObject(terminating);
  expect(plan(going, ["10.1.0.1"])).toEqual({ finalizer: false });
});

test("a range that was just deleted waits for addresses that are being given out", () => {
  expect(plan(range("10.0.0.0/24", deleted(3)))).toEqual({});
});

test("a range with no finalizer, or those of others alone, is left to them", () => {
  expect(plan(range("10.0.0.0/24", { ...deleted(60), finalizers: ["other"] }))).toEqual({});
});
