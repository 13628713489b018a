// The person leaves after one task; closeSession forgets the timer and streaming.stop. A server goes on until it is
// interrupted; this one for twice the idle timeout. Argument: idle timeout (s).
const { KONPRO_BASE_URL, KONPRO_API_KEY } = process.env;
const timeout = Number(process.argv[2] ?? 30);

async function call(name, body) {
  const answer = await fetch(`${KONPRO_BASE_URL}/v1/streaming.${name}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${KONPRO_API_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await answer.json()).data;
}

const { session_id } = await call("new", { activity_idle_timeout: timeout });
setInterval(() => call("keep_alive", { session_id }), timeout * 250);
await call("start", { session_id });
await call("task", { session_id, text: "Good morning" });
setTimeout(() => process.exit(0), timeout * 2000);
