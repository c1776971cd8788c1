/** What the generator and the backend of the bench say to each other. */
export const REQUEST: Buffer = Buffer.from("GET / HTTP/1.1\r\nHost: bench\r\n\r\n");
export const REPLY: Buffer = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
/** First byte of a connection whose bytes are only read. */
export const STREAM_BYTE = 0x53;

/** Ports of the backends: web is nginx where it is installed, plain and udp are backend.ts. */
export const BACKEND_PORTS = { web: 8080, plain: 8081, udp: 8082 } as const;
/** Ports of the Service and of each forwarder in front of them. */
export const FRONT_PORTS = { web: 80, plain: 81, udp: 82 } as const;
