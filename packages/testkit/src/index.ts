export { type ApiServerOptions, type ApiServerProcess, startApiServer } from "./api-server.ts";
export { freePort } from "./free-port.ts";
export { startTestLab, type TestLabOptions } from "./lab.ts";
export { type NatsServer, startNats } from "./nats.ts";
export { waitFor, type WaitOptions } from "./wait-for.ts";
