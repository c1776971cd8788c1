/**
 * Asks another service for JSON; rejects when it has none in time. Each request has a connection of
 * its own, so that the next one may reach another endpoint.
 */
export async function ask(url, { method = "GET", patienceMs = 5_000 } = {}) {
  const signal = AbortSignal.timeout(patienceMs);
  const response = await fetch(url, { method, signal, headers: { connection: "close" } });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.json();
}
