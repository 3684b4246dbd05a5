// A page whose button fails: bundled and minified as people ship it, run in a real browser.
import * as Sentry from "@sentry/browser";

const options = JSON.parse(document.querySelector("script[type='application/json']").textContent);
Sentry.init({ ...options, release: "page@4.5.6", environment: "staging", initialScope: { user: { id: "7" } } });
Sentry.setTag("page", "checkout");

class PaymentError extends Error {
  constructor(text) {
    super(text);
    this.name = "PaymentError";
  }
}

function pay(amount) {
  throw new PaymentError(`declined: ${amount}`);
}

document.querySelector("#pay").addEventListener("click", () => pay(12));
document.querySelector("#ask").addEventListener("click", () => {
  Promise.reject(new RangeError("nobody answered"));
});
