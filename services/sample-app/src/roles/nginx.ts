import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { WELCOME_PAGE } from "../nginx-welcome.ts";
import { plainAddress } from "../pod-identity.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";
import { aborted, drain, listen, servingFlags } from "../serving.ts";

const NGINX_PORT = 80;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "application/javascript",
  ".json": "application/json",
  ".txt": "text/plain",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** What tutorials use nginx for: a page on port 80, files from its document root, an access log. */
export const nginx: Role = defineRole({
  name: "nginx",
  summary: "Static web server that behaves as the nginx image's default site.",
  operands: "[ignored]",
  flags: {
    ...servingFlags(NGINX_PORT),
    root: {
      type: "string",
      default: "/usr/share/nginx/html",
      description: "document root; where it has no index.html, / is the welcome page",
    },
  },
  run: async ({ signal, stdout, stderr }, flags) => {
    const server = createServer((request, response) => {
      serve(request, response, flags.root)
        .catch(() => void response.destroy())
        .finally(() => stdout(accessLogLine(request, response, new Date())));
    });
    const { port } = await listen(server, flags.host, flags.port);
    stderr(`nginx: serving ${flags.root} on port ${port}\n`);
    await aborted(signal);
    await drain(server, flags["lame-duck"], flags["shutdown-grace"]);
    return 0;
  },
});

async function serve(request: IncomingMessage, response: ServerResponse, root: string) {
  request.resume();
  response.setHeader("server", "nginx");
  if (request.method !== "GET" && request.method !== "HEAD") return errorPage(response, 405);
  const path = toPath(request.url ?? "/");
  if (path === undefined) return errorPage(response, 400);
  const file = await findFile(join(root, path));
  if (file === undefined && path === "/") return sendPage(response, 200, WELCOME_PAGE);
  if (file === undefined) return errorPage(response, 404);
  const type = CONTENT_TYPES[extname(file.name)] ?? "application/octet-stream";
  response.writeHead(200, { "content-type": type, "content-length": file.size });
  if (request.method === "HEAD") return void response.end();
  await pipeline(createReadStream(file.name), response);
}

/** The decoded, normalized path, which cannot climb above the root; undefined when it is malformed. */
function toPath(url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, "http://nginx").pathname);
    return path.includes("\0") ? undefined : normalize(path);
  } catch {
    return undefined;
  }
}

async function findFile(path: string): Promise<{ name: string; size: number } | undefined> {
  const name = path.endsWith("/") ? join(path, "index.html") : path;
  const found = await stat(name).catch(() => undefined);
  return found?.isFile() ? { name, size: found.size } : undefined;
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Not Allowed",
};

function errorPage(response: ServerResponse, status: number): void {
  const title = `${status} ${REASONS[status]}`;
  sendPage(
    response,
    status,
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
      `<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
  );
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  const length = Buffer.byteLength(html);
  response.writeHead(status, { "content-type": "text/html", "content-length": length });
  response.end(html);
}

/** nginx's "main" log format. */
function accessLogLine(request: IncomingMessage, response: ServerResponse, now: Date): string {
  const peer = plainAddress(request.socket.remoteAddress) || "-";
  const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
  const bytes = Number(response.getHeader("content-length") ?? 0);
  const referer = request.headers.referer ?? "-";
  const agent = request.headers["user-agent"] ?? "-";
  const status = response.statusCode;
  return `${peer} - - [${logTime(now)}] "${line}" ${status} ${bytes} "${referer}" "${agent}" "-"\n`;
}

/** "23/Nov/2026:06:01:56 +0000" */
function logTime(now: Date): string {
  const [, day, month, year, time] =
    /\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(now.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
