export { type ExecOptions, execInPod } from "./exec-socket.ts";
export { type ExecOutput, execToText } from "./exec-to-text.ts";
export {
  type FetchConnection,
  type FetchFailedConnection,
  type FetchQuery,
  type FetchReport,
} from "./fetch-report.ts";
export { type HopStream, openHopStream } from "./hop-stream.ts";
export { formatMs } from "./format-ms.ts";
export {
  joinTrace,
  type ProxyHop,
  type TracedConnection,
  type TracedFailure,
  type TracedQuery,
  type TracedRequest,
} from "./join.ts";
export { formatLadder, REJECTIONS } from "./ladder.ts";
export { type LookupReport } from "./lookup-report.ts";
export { PodError } from "./pod-error.ts";
export { findPod, findPods, isReady } from "./pod-target.ts";
export { createStyle, type Style } from "./style.ts";
export { type LookupOptions, type TracedLookup, traceLookup } from "./trace-lookup.ts";
export { type Trace, type TraceOptions, traceRequest } from "./trace-request.ts";
export { type TracedPod } from "./traced-pod.ts";
