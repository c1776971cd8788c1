import { expect, test } from "vitest";
import { renderPage } from "./web-page.ts";

test("the page says who served it, what it called and who answered", () => {
  const page = renderPage(
    { pod: "my-web-1", node: "node-2" },
    { url: "http://my-api/hello", ok: true, status: 200, text: '{"pod":"my-api-1"}', ms: 3.5 },
  );
  expect(page).toContain("<b>my-web-1</b> on node-2");
  expect(page).toContain("<code>http://my-api/hello</code>: HTTP 200 after 3.5 ms");
  expect(page).toContain("{&quot;pod&quot;:&quot;my-api-1&quot;}");
});

test("what the API says cannot become markup", () => {
  const page = renderPage({ pod: "p" }, { url: "u", ok: false, text: "<script>x</script>", ms: 1 });
  expect(page).toContain("&lt;script&gt;x&lt;/script&gt;");
  expect(page).toContain("no response");
});
