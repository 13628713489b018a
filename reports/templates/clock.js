// Milliseconds of the run as people read them: 1:05.2, 1:02:03; or the wall clock's time then, in UTC or local.
function clock(ms, digits = 1) {
  if (ms === null || ms === undefined) return "–";
  const tenths = Math.round((ms + Math.max(0, origin())) / 10 ** (3 - digits));
  const unit = 10 ** digits;
  const whole = Math.floor(tenths / unit);
  const two = (n) => String(n).padStart(2, "0");
  const rest = digits ? "." + String(tenths % unit).padStart(digits, "0") : "";
  const minutes = Math.floor(whole / 60) % 60;
  if (origin() >= 0) return two(Math.floor(whole / 3600) % 24) + ":" + two(minutes) + ":" + two(whole % 60) + rest;
  const hours = Math.floor(whole / 3600);
  return (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(whole % 60) + rest;
}
// What is added to milliseconds of the run for the wall clock's; -1 for the run's own time.
function origin() {
  const { started, times = "run" } = document.documentElement.dataset;
  if (!started || times === "run") return -1;
  return Number(started) - (times === "local" ? 60000 * new Date(Number(started)).getTimezoneOffset() : 0);
}
// "1:02:03", "2:05.5" or "65" in milliseconds; NaN if it is none of these.
function readClock(text) {
  const parts = text.trim().split(":");
  if (parts.length > 3 || !parts.every((part) => /^\d+(\.\d+)?$/.test(part))) return NaN;
  return 1000 * parts.reduce((sum, part) => 60 * sum + Number(part), 0);
}
// The run's time in a field: h:mm:ss, with tenths where there are some.
function fieldClock(ms) {
  const tenths = Math.round(ms / 100);
  const whole = Math.floor(tenths / 10);
  const two = (n) => String(n).padStart(2, "0");
  return Math.floor(whole / 3600) + ":" + two(Math.floor(whole / 60) % 60) + ":" + two(whole % 60) + (tenths % 10 ? "." + (tenths % 10) : "");
}
function lasting(ms) {
  if (ms < 1000) return Math.round(ms) + " ms";
  if (ms < 60000) return Number((ms / 1000).toFixed(1)) + " s";
  const seconds = Math.round(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return [[hours, "h"], [minutes, "min"], [hours ? 0 : rest, "s"]].filter(([n]) => n).map((part) => part.join(" ")).join(" ");
}
