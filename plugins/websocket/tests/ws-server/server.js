// Job: a feed written with another library, which does as the test says.
// Takes: one line of JSON on its command line: a list of steps for each connection in turn.
// Gives: its port as the first line of its output, then one line for each thing the client did.
// Never: outlives its parent: it ends when its input is closed.

import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const scripts = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(`${line}\n`);

const http = createServer((_, response) => response.writeHead(426).end());
const feed = new WebSocketServer({ noServer: true, autoPong: false });
let connection = 0;

http.on("upgrade", (request, socket, head) => {
  const script = scripts[Math.min(connection, scripts.length - 1)];
  connection += 1;
  const [first] = script;
  if (first.refuse) {
    socket.end(`HTTP/1.1 ${first.refuse}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  } else if (first.neverAnswer) {
    say("asked");
  } else {
    feed.handleUpgrade(request, socket, head, (client) => perform(client, script));
  }
});

function perform(client, script) {
  client.on("pong", (payload) => say(`pong ${payload}`));
  client.on("ping", (payload) => {
    say("ping");
    if (!script.some((step) => step.silent)) client.pong(payload);
  });
  client.on("message", (message) => say(`message ${message}`));
  client.on("close", (code) => say(`close ${code}`));
  client.on("error", () => say("error"));
  for (const step of script) {
    if (step.send) for (let i = 0; i < (step.times ?? 1); i += 1) client.send(step.send);
    if (step.ping) client.ping(step.ping);
    if (step.close) client.close(step.close, step.reason);
    if (step.drop) client.terminate();
  }
}

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
http.listen(0, "127.0.0.1", () => say(http.address().port));
