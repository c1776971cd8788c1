export { serveDial } from "./dial-server.ts";
export { mirrorTcp } from "./mirror.ts";
export { checkTcp, listenTcp, type Relay, type RelayOptions } from "./tcp-relay.ts";
export { DialError, type DialRequest } from "./tunnel.ts";
export { listenUdp } from "./udp-relay.ts";
