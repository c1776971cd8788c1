import { loadKubeconfig } from "@kubehop/client";
import type { Status } from "@kubehop/api";
import { Agent, request } from "undici";

/** Sends a body as it is, which may be no JSON at all, with the kubeconfig's credentials. */
export async function postRaw(
  kubeconfig: string,
  path: string,
  { contentType, body }: { contentType: string; body: string },
): Promise<Status> {
  const { server, ca, cert, key } = loadKubeconfig(kubeconfig);
  const dispatcher = new Agent({
    connect: { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) },
  });
  try {
    const headers = { "content-type": contentType };
    const answer = await request(new URL(path, server), {
      method: "POST",
      dispatcher,
      headers,
      body,
      signal: AbortSignal.timeout(60_000),
    });
    return (await answer.body.json()) as Status;
  } finally {
    await dispatcher.destroy();
  }
}
