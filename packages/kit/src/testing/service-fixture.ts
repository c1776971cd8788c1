import { Type } from "typebox";
import { runService } from "../run-service.ts";

/** A process for the tests of runService: says what happens to it on standard output. */
runService({
  name: "fixture",
  schema: Type.Object({
    greeting: Type.String({ description: "What to say." }),
    failing: Type.Boolean({ default: false }),
  }),
  build: async (config, kit) => {
    if (config.failing) throw new Error("cannot bind 10.0.0.1:53");
    process.stdout.write(`${config.greeting}\n`);
    const idle = setInterval(() => {}, 1_000);
    return {
      ready: () => true,
      [Symbol.asyncDispose]: async () => {
        clearInterval(idle);
        process.stdout.write(`disposed, signalled ${kit.signal.aborted}\n`);
      },
    };
  },
});
