import { setFlagsFromString } from "node:v8";
import { runService } from "@kubehop/kit";
import { build } from "./app.ts";
import { DnsConfigSchema } from "./config.ts";
import { pluginNames } from "./block.ts";

// New objects keep the little room they begin with. Under load V8 would give them 128 MiB and more,
// without answering faster.
setFlagsFromString("--semi-space-growth-factor=1");

runService({
  name: "dns",
  schema: DnsConfigSchema,
  build(config, kit) {
    if (config.plugins) {
      process.stdout.write(`${pluginNames().join("\n")}\n`);
      process.exit(0);
    }
    return build(config, kit, { env: process.env, abort: () => process.exit(1) });
  },
});
