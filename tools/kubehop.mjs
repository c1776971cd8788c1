#!/usr/bin/env node
import { existsSync } from "node:fs";
import { join } from "node:path";
import { reportFailure, setup } from "./setup.mjs";
import { runInForeground } from "./toolchain/foreground.mjs";
import { COMPILE_CACHE, envWithNode, ROOT } from "./toolchain/paths.mjs";
import { VENDOR_FLAGS } from "./toolchain/vendor.mjs";

const MAIN = join(ROOT, "packages", "cli", "src", "main.ts");

const node = await reportFailure(setup);
const flags = existsSync(VENDOR_FLAGS[1]) ? VENDOR_FLAGS : [];
process.exitCode = await runInForeground(node, [...flags, MAIN, ...process.argv.slice(2)], {
  ...envWithNode(node),
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? COMPILE_CACHE,
});
