// Loaded into each Node process of `streamsoak audit --intercept` (NODE_OPTIONS), because Node before version 24 ignores
// HTTPS_PROXY, and because later versions ignore it for connections that a library opens by itself.
//
// A connection to the API goes to the audit's proxy instead; so does one to port 80 or 443 of any other host that is not allowed,
// where it is refused by name. Connections within this machine, to other ports and to Unix sockets are left alone.
"use strict";

const net = require("node:net");

const settings = process.env.STREAMSOAK_INTERCEPT;
const { host: api, tls, plain, allowed } = settings ? JSON.parse(settings) : {};
const WEB_PORTS = ["80", "443"];

const isLocal = (host) => host === "localhost" || host === "::1" || host.startsWith("127.");
const isAllowed = (host) =>
  allowed.some((pattern) => pattern === "*" || pattern === host || (pattern.startsWith("*.") && host.endsWith(pattern.slice(1))));

// The port of the audit's proxy that answers a connection; undefined: the connection is left alone.
function portFor(host, port) {
  if (host !== api && (isLocal(host) || isAllowed(host) || !WEB_PORTS.includes(port))) return undefined;
  return tls[port] ?? plain[port];
}

const connect = net.Socket.prototype.connect;

function connectElsewhere(...given) {
  // Node's own modules give an array of normalized arguments, [options, callback].
  const first = Array.isArray(given[0]) ? given[0][0] : given[0];
  const isOptions = typeof first === "object" && first !== null;
  const options = isOptions ? first : { port: first, host: typeof given[1] === "string" ? given[1] : undefined };
  const host = String(options.host ?? "localhost").toLowerCase().replace(/\.$/, "");
  // With a path it is a Unix socket; a first argument that is a path is no port.
  const port = options.path ? undefined : portFor(host, String(options.port));
  if (port === undefined) return connect.apply(this, given);
  const callback = (Array.isArray(given[0]) ? given[0] : given).find((each) => typeof each === "function");
  const changed = { ...options, host: "127.0.0.1", port };
  return callback ? connect.call(this, changed, callback) : connect.call(this, changed);
}

// A program may start others without these settings.
if (settings) net.Socket.prototype.connect = connectElsewhere;
