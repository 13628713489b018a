// Milliseconds of the run as people read them: 1:05.2, 1:02:03.
function clock(ms, digits = 1) {
  if (ms === null || ms === undefined) return "–";
  const tenths = Math.round(ms / 10 ** (3 - digits));
  const unit = 10 ** digits;
  const whole = Math.floor(tenths / unit);
  const two = (n) => String(n).padStart(2, "0");
  const rest = digits ? "." + String(tenths % unit).padStart(digits, "0") : "";
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(whole % 60) + rest;
}
function lasting(ms) {
  if (ms < 1000) return Math.round(ms) + " ms";
  return ms < 60000 ? (ms / 1000).toFixed(1) + " s" : clock(ms, 0) + " min";
}
