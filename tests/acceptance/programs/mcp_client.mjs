// Asks an MCP server, started as an assistant would start it, and prints its answers as JSON lines.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const [server, token, host, ...calls] = process.argv.slice(2);
const flags = [`--access-token=${token}`, `--host=${host}`, "--insecure-http"];
const child = spawn(process.execPath, ["--experimental-require-module", server, ...flags], {
  env: { PATH: process.env.PATH, HOME: process.env.HOME },
  stdio: ["pipe", "pipe", "inherit"],
});
const waiting = new Map();
createInterface({ input: child.stdout }).on("line", (line) => {
  const message = JSON.parse(line);
  waiting.get(message.id)?.(message);
});
const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const ask = (id, method, params) =>
  new Promise((resolve) => {
    waiting.set(id, resolve);
    send({ id, method, params });
  });

const capabilities = { protocolVersion: "2024-11-05", capabilities: {}, clientInfo: { name: "test", version: "1" } };
await ask(0, "initialize", capabilities);
send({ method: "notifications/initialized" });
for (const [number, call] of calls.entries()) {
  const [name, given] = JSON.parse(call);
  const { result, error } = await ask(number + 1, "tools/call", { name, arguments: given });
  const text = (result?.content ?? []).map((part) => part.text ?? "").join("\n");
  console.log(JSON.stringify({ name, failed: Boolean(error || result?.isError), text: error?.message ?? text }));
}
child.kill();
