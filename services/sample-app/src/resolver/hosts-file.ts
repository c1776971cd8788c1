/** The addresses hosts(5) gives for `name`, in order; none when it does not have it. */
export function lookupHosts(text: string, name: string): string[] {
  const wanted = name.replace(/\.$/, "").toLowerCase();
  const addresses: string[] = [];
  for (const line of text.split("\n")) {
    const [address, ...names] = line.replace(/#.*$/, "").trim().split(/\s+/);
    const matches = names.some((candidate) => candidate.toLowerCase() === wanted);
    if (address && matches) addresses.push(address);
  }
  return addresses;
}
