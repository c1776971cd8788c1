/** The socket's name in the uplink's folder. */
export const UPLINK_SOCKET = "uplink.sock";
