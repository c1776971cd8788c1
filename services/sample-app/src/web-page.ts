import type { PodIdentity } from "./pod-identity.ts";

/** How the call to the API went. */
export interface ApiReply {
  readonly url: string;
  readonly ok: boolean;
  /** HTTP status; absent when no response came. */
  readonly status?: number;
  /** The body, or the error. */
  readonly text: string;
  readonly ms: number;
}

/** The front page: who serves it, what it called, who answered. */
export function renderPage(web: PodIdentity, api: ApiReply): string {
  const outcome = api.status === undefined ? "no response" : `HTTP ${api.status}`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>my-web</title></head>
<body>
<h1>my-web</h1>
<p>This page was made by pod <b>${escapeHtml(web.pod)}</b>${web.node ? ` on ${escapeHtml(web.node)}` : ""}.</p>
<p>It called <code>${escapeHtml(api.url)}</code>: ${outcome} after ${api.ms} ms.</p>
<pre>${escapeHtml(api.text)}</pre>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
