'use strict';
// A consumer on loopback whose calls to a provider go through opossum. Its log of transitions comes from the events
// of the breaker itself. opossum goes half-open by its own timer, not with the next call.

const fs = require('fs');
const http = require('http');
const CircuitBreaker = require('opossum');

const given = {};
for (let at = 2; at + 1 < process.argv.length; at += 2) given[process.argv[at].replace(/^--/, '')] = process.argv[at + 1];
for (const name of ['port', 'provider', 'log', 'health', 'page', 'timeout', 'reset', 'fallback']) {
  if (given[name] === undefined) throw new Error(`--${name} is missing`);
}
const [providerHost, providerPort] = given.provider.split(':');
const timeout = Number(given.timeout) * 1000;

const FALLBACK = '{"status": "degraded", "message": "the catalogue is not to be had now", "retry": true}';
const FAILED = '{"error": "upstream unavailable"}';
const MISSING = '{"error": "not found"}';

function ask () {
  return new Promise((resolve, reject) => {
    const asked = http.request({ host: providerHost, port: providerPort, path: '/offer', agent: false }, answer => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', part => { body += part; });
      answer.on('error', reject);
      answer.on('end', () => answer.statusCode === 200 ? resolve(body) : reject(new Error(`the provider answers ${answer.statusCode}`)));
    });
    // A little beyond opossum's own limit, so that the breaker is what times out; then the socket is let go.
    asked.setTimeout(timeout + 200, () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end();
  });
}

const breaker = new CircuitBreaker(ask, {
  name: 'provider',
  group: 'catalogue',
  timeout,
  resetTimeout: Number(given.reset) * 1000,
  errorThresholdPercentage: 50,
  rollingCountTimeout: 4000,
  rollingCountBuckets: 4
});
if (given.fallback === 'yes') breaker.fallback(() => FALLBACK);

const out = fs.openSync(given.log, 'a');
function tell (state) {
  fs.writeSync(out, `{"t": ${(performance.timeOrigin + performance.now()) / 1000}, "state": "${state}"}\n`);
}
tell('closed');

// opossum-prometheus counts the events that somebody listens to when it is given the circuit: `halfOpen` is among its
// series only where the service itself listens to it before.
let prometheus;
const listen = () => {
  breaker.on('open', () => tell('open'));
  breaker.on('halfOpen', () => tell('half_open'));
  breaker.on('close', () => tell('closed'));
};
if (given.page === 'prometheus-without-half-open') {
  prometheus = new (require('opossum-prometheus'))({ circuits: [breaker] });
  listen();
} else {
  listen();
  if (given.page === 'prometheus') prometheus = new (require('opossum-prometheus'))({ circuits: [breaker] });
}
const hystrix = given.page === 'hystrix' ? new (require('opossum-hystrix'))([breaker]) : undefined;

function reply (response, status, body, type = 'application/json') {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function health (response) {
  const kinds = {
    absent: async () => undefined,
    constant: async () => true,
    'while-open': async () => !breaker.opened,
    dependency: () => Promise.race([
      ask().then(() => true, () => false),
      new Promise(resolve => setTimeout(resolve, timeout, false))
    ])
  };
  const well = await kinds[given.health]();
  if (well === undefined) return reply(response, 404, MISSING);
  return reply(response, well ? 200 : 503, JSON.stringify({ status: well ? 'UP' : 'DOWN' }));
}

const server = http.createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  if (path === '/invoke') {
    return breaker.fire().then(body => reply(response, 200, body), () => reply(response, 503, FAILED));
  }
  if (path === '/health') return health(response);
  if (path === '/metrics' && prometheus) return reply(response, 200, await prometheus.metrics, 'text/plain; version=0.0.4');
  if ((path === '/hystrix.stream' || path === '/actuator/hystrix.stream') && hystrix) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.write('ping: \n');
    const each = data => response.write(data);
    const stream = hystrix.getHystrixStream();
    stream.on('data', each);
    request.on('close', () => stream.off('data', each));
    return;
  }
  reply(response, 404, MISSING);
});
server.listen(Number(given.port), '127.0.0.1');
