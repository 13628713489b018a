// @heygen/liveavatar-web-sdk (npm), its REST part: starts a session by its token, keeps it alive and stops it, without its id.
import assert from "node:assert";

// What a browser has: the SDK looks at it. The part that is tried opens no such connection.
globalThis.RTCPeerConnection ??= class { addTransceiver() {} };
const { LiveAvatarSession } = await import("@heygen/liveavatar-web-sdk");

const { LIVEAVATAR_API_KEY, STREAMSOAK_BASE_URL: apiUrl } = process.env;
// The SDK begins with a token, which a server asks for.
const asked = await fetch(`${apiUrl}/v1/sessions/token`, {
  method: "POST",
  headers: { "X-API-KEY": LIVEAVATAR_API_KEY, "Content-Type": "application/json" },
  body: JSON.stringify({ mode: "FULL", avatar_id: "a" }),
});
const { data } = await asked.json();
const rest = new LiveAvatarSession(data.session_token, { apiUrl }).sessionClient;
const started = await rest.startSession();
assert.equal(started.session_id, data.session_id);
assert(started.livekit_url && started.livekit_client_token);
await rest.keepAlive();
await rest.stopSession();
await assert.rejects(rest.keepAlive(), { status: 400 });
process.exit(0);
