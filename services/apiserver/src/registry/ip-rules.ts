import { invalidValue, type IPFamily, type StatusCause } from "@kubehop/api";
import { familyOf, parseAddress, parseCidr } from "@kubehop/kit/addresses";

const NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/** The text must be an IP address, without leading zeros (StrictIPCIDRValidation). */
export function ipCauses(field: string, ip: string): StatusCause[] {
  return familyOf(ip) === undefined ? [invalidValue(field, ip, NO_ADDRESS)] : [];
}

/** The address must not be unspecified, loopback, link-local or link-local multicast. */
export function nonSpecialIpCauses(field: string, ip: string): StatusCause[] {
  const address = parseAddress(ip);
  if (address === undefined) return ipCauses(field, ip);
  return SPECIAL.filter(({ ranges }) => ranges.some((range) => contains(range, ip))).map(
    ({ why }) => invalidValue(field, ip, why),
  );
}

/** The address must belong to a family. */
export function familyCauses(field: string, ip: string, family: IPFamily): StatusCause[] {
  if (familyOf(ip) === family) return [];
  return [invalidValue(field, ip, `must be an ${family} address`)];
}

const SPECIAL = [
  { why: "may not be unspecified (0.0.0.0 or ::)", ranges: ["0.0.0.0/32", "::/128"] },
  {
    why: "may not be in the loopback range (127.0.0.0/8, ::1/128)",
    ranges: ["127.0.0.0/8", "::1/128"],
  },
  {
    why: "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
    ranges: ["169.254.0.0/16", "fe80::/10"],
  },
  {
    why: "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
    ranges: ["224.0.0.0/24", "ff02::/10"],
  },
];

function contains(range: string, ip: string): boolean {
  return parseCidr(range)?.contains(ip) ?? false;
}
