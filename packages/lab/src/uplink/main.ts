import { runService } from "@kubehop/kit";
import { schema } from "./config.ts";
import { build } from "./relay.ts";

runService({ name: "relay", schema, build });
