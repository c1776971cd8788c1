// How many of each product were sold: GET /orders; POST /orders/ID sells one. It keeps them in
// memory, knows nothing of the shop's cluster, and runs as a container of its own.
import { createServer } from "node:http";

const sold = {};

createServer((request, response) => {
  const [, , id] = request.url.split("/");
  if (request.method === "POST") sold[id] = (sold[id] ?? 0) + 1;
  response.end(JSON.stringify(request.method === "POST" ? { sold: sold[id] } : sold));
}).listen(3000, () => process.stdout.write("orders can be taken\n"));

process.on("SIGTERM", () => process.exit());
