import { describe, expect, it } from "vitest";
import type { Mount } from "../runtime.ts";
import type { HostEntry, HostRoot } from "./host-root.ts";
import { fstabText, type HostFiles, planRoot, type RootPlan } from "./root-plan.ts";

/** A node with /usr/share/doc, /etc/passwd, /var/run → /run and devices. */
const FILES: HostFiles = {
  resolve: (path) => path.replace(/^\/var\/run/, "/run"),
  kind(path) {
    if (["/etc/passwd", "/src/file", "/dev/null"].includes(path)) return "file";
    return ["/", "/usr", "/usr/share", "/etc", "/var", "/src"].includes(path)
      ? "directory"
      : "missing";
  },
  list: (directory) =>
    ({ "/usr": ["bin", "share"], "/usr/share": ["doc"], "/etc": ["passwd"] })[directory] ?? [],
};

function host(kind: "overlay" | "bind"): HostRoot {
  const named = (name: string): HostEntry => ({ name, kind });
  return {
    entries: [
      { name: "bin", kind: "symlink", target: "usr/bin" },
      named("usr"),
      named("etc"),
      { name: "root", kind: "empty" },
    ],
    mounts: [
      { path: "/", flags: [] },
      { path: "/usr/share", flags: ["nodev"] },
    ],
  };
}

function plan(
  kind: "overlay" | "bind",
  mounts: readonly Partial<Mount>[],
  visible: readonly string[] = [],
): RootPlan {
  const all = mounts.map((mount) => ({ source: "/src", target: "/x", readOnly: false, ...mount }));
  return planRoot(
    { host: host(kind), fs: "/c/fs", mounts: all, visible, files: { "/etc/hostname": "h\n" } },
    FILES,
  );
}

const targets = ({ mounts }: RootPlan): string[] => mounts.map(({ target }) => target);

describe("planRoot with overlay", () => {
  it("mirrors the node's root and puts every directory under a layer of its own", () => {
    const built = plan("overlay", []);
    expect(built.symlinks["root/bin"]).toBe("usr/bin");
    expect(built.directories).toEqual(
      expect.arrayContaining(["root/usr", "upper/usr", "scratch/usr", "root/root", "root/tmp"]),
    );
    expect(built.mounts).toContainEqual({
      source: "overlay",
      target: "root/usr",
      type: "overlay",
      options: "lowerdir=/usr,upperdir=/c/fs/upper/usr,workdir=/c/fs/scratch/usr,userxattr",
    });
    expect(built.files).toMatchObject({ "upper/etc/hostname": "h\n", "root/dev/null": "" });
    expect(targets(built).slice(0, 1)).toEqual(["root"]);
  });

  it("makes places for mounts in the layer, whether the node has them or not", () => {
    const built = plan("overlay", [
      { target: "/usr/share/nginx/html" },
      { target: "/etc/app.conf", source: "/src/file", readOnly: true },
      { target: "/var/run/secrets/x" },
      { target: "/data" },
    ]);
    expect(built.directories).toEqual(
      expect.arrayContaining(["upper/usr/share/nginx/html", "root/run/secrets/x", "root/data"]),
    );
    expect(built.files).toHaveProperty("upper/etc/app.conf", "");
    expect(built.mounts.at(-4)).toEqual({
      source: "/src",
      target: "root/data",
      type: "none",
      options: "rbind",
    });
    expect(built.mounts.find(({ target }) => target === "root/etc/app.conf")?.options).toBe(
      "rbind,ro",
    );
  });

  it("mounts outer volumes before inner ones, whose place is made in the outer volume", () => {
    const built = plan("overlay", [{ target: "/data/inner" }, { target: "/data", source: "/vol" }]);
    expect(targets(built).slice(-2)).toEqual(["root/data", "root/data/inner"]);
    expect(built.inVolumes).toEqual([{ path: "/vol/inner", isFile: false }]);
  });

  it("binds what must stay visible where the mirror would hide it", () => {
    const visible = ["/tmp/checkout", "/usr/share/node", "/usr/lib"];
    const built = plan("overlay", [], visible);
    expect(targets(built)).toContain("root/tmp/checkout");
    expect(targets(built)).toContain("root/usr/share/node");
    expect(targets(built)).not.toContain("root/usr/lib");
    const share = built.mounts.find(({ target }) => target === "root/usr/share/node");
    expect(share?.options).toBe("rbind,ro,nodev");
  });

  it.each(["/proc/x", "/sys", "/"])("refuses a mount at %s", (target) => {
    expect(() => plan("overlay", [{ target }])).toThrow(`mountPath "${target}"`);
  });
});

describe("planRoot without overlay", () => {
  it("binds the node's directories read-only", () => {
    const built = plan("bind", []);
    expect(built.mounts).toContainEqual({
      source: "/usr",
      target: "root/usr",
      type: "none",
      options: "rbind,ro",
    });
  });

  it("opens the directories above a place that is missing", () => {
    const built = plan("bind", [{ target: "/usr/share/nginx/html" }]);
    expect(built.directories).toEqual(
      expect.arrayContaining(["root/usr", "root/usr/share", "root/usr/share/nginx/html"]),
    );
    expect(built.symlinks).toMatchObject({
      "root/usr/bin": "/.host/usr/bin",
      "root/usr/share/doc": "/.host/usr/share/doc",
    });
    expect(built.symlinks).not.toHaveProperty("root/usr/share");
    expect(targets(built)).toContain("root/.host");
    expect(targets(built)).not.toContain("root/usr");
  });
});

it("fstabText writes absolute targets and escapes what separates fields", () => {
  const mount = { source: "/a b", target: "root/c\td", type: "none", options: "bind" } as const;
  expect(fstabText([mount], "/fs")).toBe("/a\\040b /fs/root/c\\011d none bind 0 0\n");
});
