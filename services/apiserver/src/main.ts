import { runService } from "@kubehop/kit";
import { buildApiServer } from "./api-server.ts";
import { configSchema } from "./config.ts";

runService({ name: "apiserver", schema: configSchema, build: buildApiServer });
