import { describe, expect, it } from "vitest";
import { testContainer, testPod } from "../testing/objects.ts";
import { withServiceAccount } from "./service-account.ts";

const PATH = "/var/run/secrets/kubernetes.io/serviceaccount";

describe("withServiceAccount", () => {
  it("gives every container the credentials", () => {
    const pod = withServiceAccount(testPod({ initContainers: [testContainer({ name: "init" })] }));
    for (const { volumeMounts } of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      expect(volumeMounts).toEqual([{ name: "kube-api-access", mountPath: PATH, readOnly: true }]);
    }
    expect(pod.spec.volumes?.map(({ name }) => name)).toEqual(["kube-api-access"]);
  });

  it("leaves a pod alone that declines, or mounts something there", () => {
    const declined = testPod({ automountServiceAccountToken: false });
    expect(withServiceAccount(declined)).toBe(declined);
    const volumeMounts = [{ name: "own", mountPath: PATH }];
    const own = testPod({ containers: [testContainer({ volumeMounts })] });
    expect(withServiceAccount(own)).toBe(own);
  });

  it("does not change the pod it was given", () => {
    const pod = testPod();
    withServiceAccount(pod);
    expect(pod).toEqual(testPod());
  });
});
