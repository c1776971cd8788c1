import { describeNetwork } from "./support/describe-network.ts";

describeNetwork("userspace", "node");
