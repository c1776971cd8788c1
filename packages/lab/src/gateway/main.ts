import { runService } from "@kubehop/kit";
import { schema } from "./config.ts";
import { build } from "./gateway.ts";

runService({ name: "gateway", schema, build });
