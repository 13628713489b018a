// @browserbasehq/sdk (npm): opens two sessions, is refused the third, lists and releases them.
import assert from "node:assert";
import Browserbase from "@browserbasehq/sdk";

const { BROWSERBASE_API_KEY: apiKey, STREAMSOAK_BASE_URL: baseURL } = process.env;
const client = new Browserbase({ apiKey, baseURL, maxRetries: 0 });
const opened = [];
for (let n = 0; n < 2; n++) opened.push(await client.sessions.create({ projectId: "p", keepAlive: true, timeout: 120 }));
assert(opened.every((session) => session.status === "RUNNING" && session.connectUrl));
await assert.rejects(client.sessions.create({ projectId: "p" }), Browserbase.RateLimitError);
const listed = await client.sessions.list({ status: "RUNNING" });
assert.deepEqual(new Set(listed.map(({ id }) => id)), new Set(opened.map(({ id }) => id)));
for (const { id } of opened) await client.sessions.update(id, { projectId: "p", status: "REQUEST_RELEASE" });
assert.equal((await client.sessions.list({ status: "RUNNING" })).length, 0);
