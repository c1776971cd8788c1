import { expect, it } from "vitest";
import { rewriteHtml, rewriteLink } from "./link-rewriting.ts";

const page = { backend: "10.1.2.3:80", prefix: "/api/v1/namespaces/default/pods/web:80/proxy" };

it.each([
  ["/login?next=1", `${page.prefix}/login?next=1`],
  ["/", `${page.prefix}/`],
  [`${page.prefix}/again`, `${page.prefix}/again`],
  ["relative/page", "relative/page"],
  ["http://10.1.2.3:80/a#b", "http://10.1.2.3:80/a#b"],
  ["http://elsewhere.example/a", "http://elsewhere.example/a"],
  ["//elsewhere.example/a", "//elsewhere.example/a"],
])("%s becomes %s", (link, rewritten) => {
  expect(rewriteLink(link, page)).toBe(rewritten);
});

it("a link that names the backend goes through the API server", () => {
  const other = { ...page, backend: "10.1.2.3:8080" };
  expect(rewriteLink("http://10.1.2.3:8080/a#b", other)).toBe(`${page.prefix}/a#b`);
});

it("links in tags are rewritten, text is not", () => {
  const html = `<p title="/t">/text</p><a class='x' href="/a">a</a><img src='/i.png'><form action="/f">`;
  expect(rewriteHtml(html, page)).toBe(
    `<p title="/t">/text</p><a class='x' href="${page.prefix}/a">a</a>` +
      `<img src='${page.prefix}/i.png'><form action="${page.prefix}/f">`,
  );
});
