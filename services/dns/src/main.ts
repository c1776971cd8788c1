import { runService } from "@kubehop/kit";
import { build } from "./app.ts";
import { DnsConfigSchema } from "./config.ts";
import { pluginNames } from "./block.ts";

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
