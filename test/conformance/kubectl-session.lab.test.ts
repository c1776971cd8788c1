import { afterAll, beforeAll, expect, test } from "vitest";
import { describeLab } from "../support/describe-lab.ts";
import { type KubectlSession, openKubectlSession } from "../support/kubectl-session.ts";
import { access, nodes } from "./kubectl-session/cluster.ts";
import { lookAround, useConfig } from "./kubectl-session/look-around.ts";
import { apply, change, create, edit, get, kustomize } from "./kubectl-session/objects.ts";
import { debug, exec, forward, overSpdy, runAndRead } from "./kubectl-session/pods.ts";
import { jobs, remove, revise, rollOut } from "./kubectl-session/workloads.ts";

/** What the session does, in this order: later parts use what earlier ones have made. */
const STORY: Readonly<Record<string, (session: KubectlSession) => Promise<void>>> = {
  "looks around": lookAround,
  "chooses a namespace": useConfig,
  "applies, compares and replaces": apply,
  "edits in an editor": edit,
  "applies a kustomization": kustomize,
  "creates by generators": create,
  "labels, annotates and patches": change,
  "prints, selects and watches": get,
  "rolls out, exposes and scales": rollOut,
  "changes, undoes and restarts": revise,
  "runs pods and reads their logs": runAndRead,
  "runs commands in pods and copies": exec,
  "adds containers to a pod that runs": debug,
  "falls back to SPDY": overSpdy,
  "reaches pods from outside": forward,
  "runs Jobs": jobs,
  "gives and asks for permissions": access,
  "drains a node": nodes,
  deletes: remove,
};

describeLab("a session of stock kubectl", { nodes: 3 }, (lab) => {
  let session: KubectlSession;
  beforeAll(async () => {
    session = await openKubectlSession(lab().kubeconfig);
  });
  afterAll(() => session[Symbol.asyncDispose]());

  test.each(Object.entries(STORY))("%s", (_name, part) => part(session));

  test("was of more than 170 different commands", () => {
    const commands = [...session.lines].filter((line) => line.includes("kubectl "));
    expect(commands.length).toBeGreaterThan(170);
  });
});
