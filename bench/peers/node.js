// The same job by hand, keeping nothing: frames from a WebSocket, through the rules, to a file or
// to an HTTP receiver. Run as: node node.js SETTINGS.json, where the settings are
// { url, rules: [{ name, category, status, from, to, regex, flags }], file | hook }.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const WebSocket = require('ws');
const { Pool } = require('undici');

const settings = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const rules = settings.rules.map((rule) => ({
  ...rule,
  pattern: rule.regex === undefined ? undefined : new RegExp(rule.regex, rule.flags),
}));

function matches(rule, booking) {
  return (rule.category === undefined || rule.category === booking.type)
    && (rule.status === undefined || rule.status === booking.status)
    && (rule.from === undefined || (booking.amount >= rule.from && booking.amount <= rule.to))
    && (rule.pattern === undefined || rule.pattern.test(booking.title));
}

let socket;
const ring = settings.file ? toFile(settings.file) : toHook(new URL(settings.hook));

// Lines of one turn of the event loop are written together; a slow disk stops the feed.
function toFile(path) {
  const out = fs.createWriteStream(path, { flags: 'a' });
  let lines = '';
  const write = () => {
    if (!out.write(lines)) {
      socket.pause();
      out.once('drain', () => socket.resume());
    }
    lines = '';
  };
  return (booking, matched) => {
    if (lines === '') setImmediate(write);
    lines += `${booking.timestamp} ${booking.status} ${booking.id} ${booking.type} ${booking.title}`
      + ` ${booking.customerName} ${booking.amount} ${booking.currency} (${matched.join(', ')})\n`;
  };
}

// At most 64 sockets, kept alive; more than 1,024 unanswered requests stop the feed.
function toHook(url) {
  const pool = new Pool(url.origin, { connections: 64, pipelining: 1 });
  let waiting = 0;
  return (booking, matched) => {
    const body = JSON.stringify({ booking, matched });
    const headers = { 'content-type': 'application/json', 'webhook-id': booking.id };
    waiting += 1;
    if (waiting === 1024) socket.pause();
    pool.request({ path: url.pathname, method: 'POST', headers, body })
      .then((answer) => answer.body.dump())
      .catch((error) => console.error(`lost ${booking.id}: ${error.message}`))
      .finally(() => { waiting -= 1; if (waiting === 512) socket.resume(); });
  };
}

function receive(data) {
  const frame = JSON.parse(data);
  if (!frame.type.startsWith('booking:')) return;
  const matched = [];
  for (const rule of rules) if (matches(rule, frame.payload)) matched.push(rule.name);
  if (matched.length > 0) ring(frame.payload, matched);
}

function connect() {
  socket = new WebSocket(settings.url, { perMessageDeflate: false });
  socket.on('message', receive);
  socket.on('error', (error) => console.error(error.message));
  socket.on('close', () => setTimeout(connect, 1000));
}
connect();
