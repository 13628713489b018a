// A client that has the API's address and a key in its code: once with fetch, once with an agent of its own.
import https from "node:https";

const API = "https://api.konpro.ai/v1/streaming.";
const headers = { Authorization: "Bearer key-in-the-code", "Content-Type": "application/json" };
const agent = new https.Agent({ keepAlive: true });

const byFetch = async (call, body) => (await fetch(API + call, { method: "POST", headers, body: JSON.stringify(body) })).json();

const byAgent = (call, body) =>
  new Promise((resolve, reject) => {
    const request = https.request(API + call, { method: "POST", headers, agent }, async (answer) => {
      const parts = [];
      for await (const part of answer) parts.push(part);
      resolve(JSON.parse(Buffer.concat(parts)));
    });
    request.on("error", reject);
    request.end(JSON.stringify(body));
  });

for (const [name, post] of Object.entries({ fetch: byFetch, agent: byAgent })) {
  const { data } = await post("new", { activity_idle_timeout: 600 });
  console.log(name, (await post("stop", { session_id: data.session_id })).message);
}
await fetch("https://telemetry.example/").then(
  () => console.log("telemetry was reached"),
  () => console.log("telemetry was refused"),
);
agent.destroy();
