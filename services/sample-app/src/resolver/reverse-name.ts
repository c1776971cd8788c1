import { isIP } from "node:net";

/** The name that PTR records of an address have (RFC 1035 §3.5, RFC 3596 §2.5); fully qualified. */
export function reverseName(address: string): string {
  if (isIP(address) === 4) return `${address.split(".").toReversed().join(".")}.in-addr.arpa.`;
  const digits = expandGroups(address).join("");
  return `${digits.split("").toReversed().join(".")}.ip6.arpa.`;
}

function expandGroups(address: string): string[] {
  const [head = "", tail] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, "0"));
}
