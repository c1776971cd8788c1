import { runService } from "@kubehop/kit";
import { build } from "./build.ts";
import { schema } from "./config.ts";

runService({ name: "kubelet", schema, build });
