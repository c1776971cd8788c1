// The products, each with how many were sold; without `orders` nobody knows, and `sold` is null.
import { createServer } from "node:http";
import { ask } from "./ask.mjs";

const ORDERS = process.env.ORDERS_URL ?? "http://orders.warehouse";
/** Less than those have who ask for products. */
const PATIENCE_MS = 2_000;
const PRODUCTS = [
  { id: "kettle", name: "Kettle", price: 39 },
  { id: "teapot", name: "Teapot", price: 24 },
];

createServer(async (request, response) => {
  const [, , id] = request.url.split("/");
  const found = id === undefined ? PRODUCTS : PRODUCTS.find((product) => product.id === id);
  if (found === undefined) return response.writeHead(404).end();
  if (id !== undefined) return response.end(JSON.stringify(found));
  const sold = await ask(`${ORDERS}/orders`, { patienceMs: PATIENCE_MS }).catch(() => undefined);
  const products = found.map((product) => {
    return { ...product, sold: sold === undefined ? null : (sold[product.id] ?? 0) };
  });
  return response.end(JSON.stringify({ products, pod: process.env.HOSTNAME }));
}).listen(8080);

process.on("SIGTERM", () => process.exit());
