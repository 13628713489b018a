// Opens a session, sends a task and keep-alives, and closes the session whatever happens. Argument: idle timeout (s).
const { KONPRO_BASE_URL, KONPRO_API_KEY } = process.env;
const timeout = Number(process.argv[2] ?? 30);

async function call(name, body) {
  const answer = await fetch(`${KONPRO_BASE_URL}/v1/streaming.${name}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${KONPRO_API_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return (await answer.json()).data;
}

const { session_id } = await call("new", { activity_idle_timeout: timeout });
const timer = setInterval(() => call("keep_alive", { session_id }), timeout * 250);
try {
  await call("start", { session_id });
  await call("task", { session_id, text: "Good morning" });
  await new Promise((resolve) => setTimeout(resolve, timeout * 1500)); // reading the answer
} finally {
  clearInterval(timer);
  await call("stop", { session_id });
}
