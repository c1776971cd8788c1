// What customers see: GET / is the list of products, POST /buy/ID buys one.
import { createServer } from "node:http";
import { ask } from "./ask.mjs";

const CATALOG = process.env.CATALOG_URL ?? "http://catalog";
const ORDERS = process.env.ORDERS_URL ?? "http://orders.warehouse";

createServer(async (request, response) => {
  const [, page, id] = request.url.split("/");
  try {
    if (page === "healthz") return send(response, 200, { ok: true });
    if (page === "buy") return send(response, 200, await buy(id));
    return send(response, 200, await ask(`${CATALOG}/products`));
  } catch (error) {
    return send(response, 503, { sorry: `please try again: ${error.message}` });
  }
}).listen(8080);

async function buy(id) {
  const { name } = await ask(`${CATALOG}/products/${id}`);
  return { bought: name, ...(await ask(`${ORDERS}/orders/${id}`, { method: "POST" })) };
}

function send(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

process.on("SIGTERM", () => process.exit());
