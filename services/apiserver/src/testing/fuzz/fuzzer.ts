import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "undici";
import type { Choice } from "./choice.ts";
import { createStock, type FuzzedKind, type FuzzRequest, requestOf } from "./requests.ts";

/** What came of the requests. */
export interface FuzzReport {
  /** How many answers each code had. */
  readonly codes: Map<number, number>;
  /** Answers that should not be, each with its request; the first of many. */
  readonly defects: string[];
  /** The longest answer, ms. */
  slowestMs: number;
}

/** How to fuzz. */
export interface FuzzOptions {
  readonly pool: Pool;
  readonly kinds: readonly FuzzedKind[];
  readonly choice: Choice;
  readonly requests: number;
}

/** Requests under way at a time, and how many defects are worth telling. */
const PARALLEL = 24;
const MAX_DEFECTS = 40;
const BODY_LIMIT = 3 * 1024 * 1024;
const MAX_ATTEMPTS = 4;

/** Sends requests drawn at random, several at a time, and judges every answer. */
export async function fuzz({ pool, kinds, choice, requests }: FuzzOptions): Promise<FuzzReport> {
  const report: FuzzReport = { codes: new Map(), defects: [], slowestMs: 0 };
  const stock = createStock(choice);
  let left = requests;
  const worker = async (): Promise<void> => {
    while (left > 0 && report.defects.length < MAX_DEFECTS) {
      left -= 1;
      const kind = choice.of(kinds);
      const text = await sendOne(pool, requestOf(kind, choice, stock), report);
      for (const object of objectsIn(text, kind)) stock.keep(kind, object);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return report;
}

/** The objects of a kind in an answer: itself, or a few of its items. */
function objectsIn(text: string, { group, version, kind }: FuzzedKind): object[] {
  if (!isJson(text) || !text.startsWith("{")) return [];
  const body = JSON.parse(text) as { kind?: string; items?: object[] };
  if (body.kind === kind) return [body];
  if (body.kind !== `${kind}List`) return [];
  const type = { apiVersion: group === "" ? version : `${group}/${version}`, kind };
  return (body.items ?? []).slice(0, 3).map((item) => ({ ...type, ...item }));
}

/** Sends a request and judges the answer; gives its text. */
async function sendOne(pool: Pool, request: FuzzRequest, report: FuzzReport): Promise<string> {
  const { method, path, headers, body } = request;
  const started = performance.now();
  const tell = (what: string): void => {
    const sent = body?.toString().slice(0, 2_000) ?? "";
    report.defects.push(`${method} ${path} ${JSON.stringify(headers)} ${sent}\n  → ${what}`);
  };
  let text = "";
  try {
    const answer = await ask(pool, request);
    ({ text } = answer);
    const { code, type } = answer;
    report.codes.set(code, (report.codes.get(code) ?? 0) + 1);
    const wrong = defectOf(request, answer);
    if (wrong !== undefined) tell(`${wrong}: ${code} ${type} ${text.slice(0, 500)}`);
  } catch (error) {
    // A server need not read a body to its end that is too large.
    const isTooLarge = (body?.length ?? 0) > BODY_LIMIT;
    if (!isTooLarge)
      tell(`no answer: ${String((error as NodeJS.ErrnoException).code)} ${String(error)}`);
  }
  report.slowestMs = Math.max(report.slowestMs, performance.now() - started);
  return text;
}

/**
 * Asks; and again, as the answer says, when the registry was too slow for it: that is the fault of a
 * machine that does much else, unless it is so every time.
 */
async function ask(pool: Pool, { method, path, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const asked = await pool.request({ method, path, headers, body: body ?? null });
    const text = await asked.body.text();
    const type = String(asked.headers["content-type"] ?? "");
    const code = asked.statusCode;
    const after = Number(asked.headers["retry-after"]);
    const isOfRegistry = method === "HEAD" || text.includes("is nats-server running?");
    const isSlow = code === 504 && after > 0 && isOfRegistry;
    if (!isSlow || attempt === MAX_ATTEMPTS) return { code, type, text };
    await delay(after * 1_000);
  }
}

interface FuzzAnswer {
  readonly code: number;
  readonly type: string;
  readonly text: string;
}

/**
 * Answers above 499 that are meant. 504: a version in the future that did not come (list, get), as
 * upstream has it. 502 and 503: a kubelet, a pod or a Service that a request should be passed on to
 * can't be reached.
 */
const PASSED_ON = /\/(?:log|proxy|exec|attach|portforward)(?:[/?]|$)/;

function isMeant(code: number, { path }: FuzzRequest, text: string): boolean {
  if (code === 504) return text.includes("Too large resource version");
  return PASSED_ON.test(path) && (code === 502 || code === 503 || text.includes("dial"));
}

/** What is wrong with an answer; undefined when nothing is. */
function defectOf(request: FuzzRequest, answer: FuzzAnswer): string | undefined {
  const { code, type, text } = answer;
  if (code >= 500 && !isMeant(code, request, text)) return "an error of the server";
  if (request.method === "HEAD") return undefined;
  if (code >= 400) return isStatus(answer) ? undefined : "an error that is no Status";
  if (code >= 300 || type.includes("yaml") || PASSED_ON.test(request.path)) return undefined;
  return text.split("\n").every(isJson) || isJson(text) ? undefined : "no JSON";
}

function isStatus({ code, type, text }: FuzzAnswer): boolean {
  if (code === 404 && text === "404 page not found\n") return true;
  if (!type.startsWith("application/json") || !isJson(text)) return false;
  const status = JSON.parse(text) as Record<string, unknown>;
  if (status["kind"] !== "Status" || status["code"] !== code) return false;
  return status["status"] === "Failure" && typeof status["message"] === "string";
}

function isJson(text: string): boolean {
  if (text === "") return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
