/**
 * Numbers of linux/netlink.h, linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h, by the
 * names they have there, and those of nft's own that `nft list` reads back.
 */

/** Types of messages; those of nf_tables are in the subsystem 10. */
export const MESSAGE = {
  NLMSG_ERROR: 2,
  BATCH_BEGIN: 0x10,
  BATCH_END: 0x11,
  NEWCHAIN: 0xa03,
  DELCHAIN: 0xa05,
  NEWRULE: 0xa06,
  DELRULE: 0xa08,
  NEWSET: 0xa09,
  DELSET: 0xa0b,
  NEWSETELEM: 0xa0c,
  DELSETELEM: 0xa0e,
} as const;

/** Flags of messages. */
export const FLAG = { REQUEST: 1, ACK: 4, CREATE: 0x400, APPEND: 0x800 } as const;

/** Families, as in AF_INET and NFPROTO_IPV4. */
export const FAMILY = { IPv4: 2, IPv6: 10 } as const;

/** The attributes NFTA_… of each kind of message and expression. */
export const NFTA = {
  LIST_ELEM: 1,
  CHAIN: { TABLE: 1, NAME: 3 },
  RULE: { TABLE: 1, CHAIN: 2, EXPRESSIONS: 4, USERDATA: 7 },
  EXPR: { NAME: 1, DATA: 2 },
  SET: {
    TABLE: 1,
    NAME: 2,
    FLAGS: 3,
    KEY_TYPE: 4,
    KEY_LEN: 5,
    DATA_TYPE: 6,
    DATA_LEN: 7,
    DESC: 9,
    ID: 10,
    TIMEOUT: 11,
    USERDATA: 13,
  },
  SET_DESC_SIZE: 1,
  SET_ELEM_LIST: { TABLE: 1, SET: 2, ELEMENTS: 3, SET_ID: 4 },
  SET_ELEM: { KEY: 1, DATA: 2, FLAGS: 3, USERDATA: 6 },
  DATA: { VALUE: 1, VERDICT: 2 },
  VERDICT: { CODE: 1, CHAIN: 2 },
  META: { DREG: 1, KEY: 2, SREG: 3 },
  CMP: { SREG: 1, OP: 2, DATA: 3 },
  PAYLOAD: { DREG: 1, BASE: 2, OFFSET: 3, LEN: 4 },
  LOOKUP: { SET: 1, SREG: 2, DREG: 3, SET_ID: 4 },
  DYNSET: { SET_NAME: 1, OP: 3, SREG_KEY: 4 },
  IMMEDIATE: { DREG: 1, DATA: 2 },
  BITWISE: { SREG: 1, DREG: 2, LEN: 3, MASK: 4, XOR: 5, OP: 6 },
  BYTEORDER: { SREG: 1, DREG: 2, OP: 3, LEN: 4, SIZE: 5 },
  NUMGEN: { DREG: 1, MODULUS: 2, TYPE: 3, OFFSET: 4 },
  NAT: { TYPE: 1, FAMILY: 2, REG_ADDR_MIN: 3, REG_PROTO_MIN: 5, FLAGS: 7 },
  FIB: { DREG: 1, RESULT: 2, FLAGS: 3 },
} as const;

/** Registers: the verdict's, those of 16 octets, and the second of 4 octets. */
export const REGISTER = { VERDICT: 0, FIRST: 1, SECOND: 2, FIRST_32_01: 9 } as const;

/** NFT_SET_… */
export const SET_FLAG = {
  ANONYMOUS: 1,
  CONSTANT: 2,
  INTERVAL: 4,
  MAP: 8,
  TIMEOUT: 16,
  EVAL: 32,
} as const;

/** NFT_GOTO, NFT_RETURN and NF_DROP, each as the unsigned number that is sent. */
export const VERDICT = { goto: 0xffff_fffc, return: 0xffff_fffb, drop: 0 } as const;

/** NFT_META_MARK and NFT_META_L4PROTO. */
export const META = { MARK: 3, L4PROTO: 16 } as const;

/** nft's numbers of data types; the kernel keeps them for whoever lists. */
export const TYPE = {
  INTEGER: 4,
  ADDRESS: { IPv4: 7, IPv6: 8 },
  PORT: 13,
  VERDICT: 0xffff_ff00,
} as const;

/** IPPROTO_TCP and IPPROTO_UDP. */
export const PROTOCOL = { tcp: 6, udp: 17 } as const;
