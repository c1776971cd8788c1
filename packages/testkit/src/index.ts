export { type NatsServer, startNats } from "./nats.ts";
export { waitFor, type WaitOptions } from "./wait-for.ts";
