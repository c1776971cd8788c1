import { ConfigError, createLogger, runService } from "@kubehop/kit";
import { build } from "./build.ts";
import { schema } from "./config.ts";
import { configFileOf, readConfigFile } from "./config-file.ts";
import { cleanUpModes } from "./dataplane/cleanup.ts";
import { systemCommands } from "./dataplane/kernel/commands.ts";

const NAME = "kube-proxy";

if (process.argv.slice(2).some((word) => word === "--cleanup" || word === "--cleanup=true")) {
  await cleanUpModes(systemCommands, createLogger({ name: NAME, level: "info" }));
} else {
  try {
    const file = configFileOf(process.argv, process.env);
    // What the file says stands behind the environment, as a default of the user's own.
    if (file !== undefined) process.env = { ...readConfigFile(file), ...process.env };
    runService({ name: NAME, schema, build });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`kubehop ${NAME}: ${error.message}\n`);
    process.exitCode = 2;
  }
}
