import { badRequest, methodNotAllowed, type Pod, type StatusError } from "@kubehop/api";
import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import {
  type ContainerAddress,
  kubeletError,
  type KubeletCredentials,
  locateContainer,
  requestKubelet,
} from "../kubelet/kubelet.ts";
import type { Resources } from "../resources/resources.ts";
import type { Call } from "./call.ts";
import { entryOf } from "./read.ts";
import { startStream, type StreamSet } from "./streams.ts";

/** What the log route needs beyond the objects. */
export interface LogDeps {
  readonly resources: Resources;
  readonly kubelet: KubeletCredentials;
  readonly streams: StreamSet;
}

/** Parameters a kubelet understands. */
const PASSED = [
  "follow",
  "tailLines",
  "sinceSeconds",
  "sinceTime",
  "timestamps",
  "previous",
  "limitBytes",
];
/** Most of a kubelet's error text that is passed on, bytes. */
const ERROR_TEXT_LIMIT = 4_096;

/** GET of pods/NAME/log: streams what the kubelet sends until it or the client ends. */
export async function streamLogs(deps: LogDeps, call: Call): Promise<void> {
  if (call.resource.verb !== "get") throw methodNotAllowed();
  const { query, reply } = call;
  const { object } = await entryOf(deps.resources, call);
  const pod = object as unknown as Pod;
  const address = locateContainer(deps.resources.cache, pod, query.get("container") ?? undefined);
  const path = `/containerLogs/${address.path}?${passedQuery(query).toString()}`;
  const answer = await logsOf(deps.kubelet, address, path);
  if (answer.statusCode !== 200) throw await refusalOf(answer, address, path);
  const response = startStream(reply, "text/plain");
  deps.streams.add(response, () => response.end());
  await pipeline(answer, response).catch(() => {
    // The client or the kubelet went away: the end of the stream has told whoever is left.
  });
}

function passedQuery(query: URLSearchParams): URLSearchParams {
  const passed = new URLSearchParams();
  for (const name of PASSED) {
    const value = query.get(name);
    if (value !== null) passed.set(name, value);
  }
  return passed;
}

function logsOf(
  credentials: KubeletCredentials,
  address: ContainerAddress,
  path: string,
): Promise<IncomingMessage> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const request = requestKubelet(
      credentials,
      { host, port, path },
      { method: "GET", headers: {} },
    );
    request.once("response", (answer) => {
      request.setTimeout(0);
      resolve(answer);
    });
    request.once("error", (error) => reject(kubeletError(address, path, error)));
    request.end();
  });
}

async function refusalOf(
  answer: IncomingMessage,
  address: ContainerAddress,
  path: string,
): Promise<StatusError> {
  let text = "";
  for await (const chunk of answer) {
    text += String(chunk);
    if (text.length > ERROR_TEXT_LIMIT) break;
  }
  answer.destroy();
  const why = text.slice(0, ERROR_TEXT_LIMIT).trim();
  if (answer.statusCode === 400 || answer.statusCode === 404) return badRequest(why);
  return kubeletError(address, path, new Error(`${answer.statusCode ?? 0}: ${why}`));
}
