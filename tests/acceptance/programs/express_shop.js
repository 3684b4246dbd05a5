// An Express site that fails while it answers; asks itself once and ends.
const Sentry = require("@sentry/node");
Sentry.init({ dsn: process.env.DSN, release: "shop@1.2.3", environment: "staging" });
const http = require("node:http");
const express = require("express");

function priceOf(article) {
  const prices = { 1: { euros: 10 } };
  return prices[article].euros;
}

const app = express();
app.get("/checkout/:article", (request, response) => {
  Sentry.setUser({ id: "7", email: "jane@example.com" });
  Sentry.setTag("basket", "full");
  Sentry.addBreadcrumb({ category: "shop", message: "added to the basket" });
  response.json(priceOf(request.params.article));
});
Sentry.setupExpressErrorHandler(app);

const server = app.listen(0, "127.0.0.1", () => {
  http.get(`http://127.0.0.1:${server.address().port}/checkout/5?coupon=free`, (answer) => {
    answer.resume();
    answer.on("end", () => Sentry.close(10000).then(() => process.exit(answer.statusCode === 500 ? 0 : 4)));
  });
});
