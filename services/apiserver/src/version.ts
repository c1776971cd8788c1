/**
 * What GET /version says: the Kubernetes version whose behaviour and error texts this server follows.
 * kubectl 1.31 to 1.33 know it as their own (a version of skew); fields and values that later versions
 * have added are taken as well.
 */
export const VERSION: Readonly<Record<string, string>> = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.0+kubehop",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "v8",
  platform: `${process.platform}/${process.arch}`,
};
