// A chart over the run's time, drawn as SVG: stacked areas, lines or bars. Text is inserted as text, never as markup.
const NAMESPACE = "http://www.w3.org/2000/svg";
const HEIGHT = 190, LEFT = 52, RIGHT = 20, TOP = 16, TICKS = 12, BOTTOM = 20;

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function make(name, attributes = {}, text = "") {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

function niceStep(span, parts) {
  const rough = span / parts, power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

function timeStep(span) {
  return [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400].find((step) => span / step <= 6) ?? 28800;
}

export class Chart {
  // spec: {id, title, kind: "stack" | "lines" | "bars", series: [{key, label, colour, dash}], show(value), floor,
  // limit: whether it is drawn, ticks: key of a figure that is marked at the top where it is above 0, height in pixels}
  // on: {hover(t | null), choose(from, to)}
  constructor(parent, spec, on) {
    this.spec = spec;
    this.height = spec.height ?? HEIGHT;
    this.top = spec.ticks ? TOP + TICKS : TOP;
    this.on = on;
    this.figure = document.createElement("figure");
    this.figure.id = `chart-${spec.id}`;
    const caption = document.createElement("figcaption");
    caption.textContent = spec.title;
    this.svg = make("svg", { role: "img", tabindex: "0", "aria-label": spec.title });
    this.svg.style.height = `${this.height}px`;
    this.figure.append(caption, this.legend(), this.svg);
    parent.append(this.figure);
    this.points = [];
    this.listen();
  }

  legend() {
    const legend = document.createElement("div");
    legend.className = "legend";
    for (const series of this.spec.series) {
      const entry = document.createElement("span"), mark = document.createElement("i");
      mark.className = `c-${series.colour}`;
      entry.append(mark, series.label);
      legend.append(entry);
    }
    if (this.spec.ticks) {
      const entry = document.createElement("span"), mark = document.createElement("i");
      mark.className = "tick-mark";
      entry.append(mark, "hit");
      legend.append(entry);
    }
    return legend;
  }

  listen() {
    const at = (event) => this.time(event.clientX - this.svg.getBoundingClientRect().left);
    this.svg.addEventListener("pointermove", (event) => {
      if (this.from !== undefined) this.shade(this.from, at(event));
      this.on.hover(at(event));
    });
    this.svg.addEventListener("pointerleave", () => this.on.hover(null));
    this.svg.addEventListener("blur", () => this.on.hover(null));
    this.svg.addEventListener("pointerdown", (event) => {
      this.from = at(event);
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointerup", (event) => {
      const [low, high] = [this.from, at(event)].sort((a, b) => a - b);
      this.from = undefined;
      this.drag?.remove();
      if (this.x(high) - this.x(low) > 8) this.on.choose(low, high);
    });
    this.svg.addEventListener("keydown", (event) => this.step(event));
  }

  step(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move || !this.points.length) return;
    event.preventDefault();
    const last = this.points.length - 1;
    const now = this.cursor === undefined ? last : Math.min(last, Math.max(0, this.cursor + move));
    this.on.hover(this.points[now].t);
    this.cursor = now;
  }

  x(t) { return LEFT + ((t - this.low) / (this.high - this.low || 1)) * (this.width - LEFT - RIGHT); }
  y(value) { return this.height - BOTTOM - ((value - this.least) / (this.most - this.least || 1)) * (this.height - this.top - BOTTOM); }
  time(x) { return this.low + ((x - LEFT) / (this.width - LEFT - RIGHT)) * (this.high - this.low); }

  draw(points, low, high, limit, moments = []) {
    this.points = points.filter((point) => point.t >= low - 1 && point.t <= high + 1);
    [this.low, this.high] = [low, high];
    this.width = this.svg.clientWidth || 400;
    this.scale(limit);
    this.svg.replaceChildren(...this.axes(), ...this.marks(), ...this.line(limit), ...this.ticks(), ...this.moments(moments));
    this.label();
    if (this.shown !== undefined) this.hover(this.shown);
  }

  scale(limit) {
    const keys = this.spec.series.map((series) => series.key);
    const height = this.spec.kind === "stack"
      ? (point) => [keys.reduce((sum, key) => sum + (point[key] ?? 0), 0)]
      : (point) => keys.map((key) => point[key]).filter((value) => value != null);
    const values = this.points.flatMap(height);
    if (this.spec.limit && limit) values.push(limit);
    const most = Math.max(this.spec.floor, ...values);
    this.tick = niceStep(most - Math.min(0, ...values), 4);
    this.least = Math.floor(Math.min(0, ...values) / this.tick) * this.tick;
    this.most = Math.ceil(most / this.tick) * this.tick;
  }

  axes() {
    const parts = [], step = timeStep(this.high - this.low);
    for (let value = this.least; value <= this.most + this.tick / 2; value += this.tick) {
      const y = this.y(value);
      parts.push(make("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }));
      parts.push(make("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, this.spec.show(value)));
    }
    for (let t = Math.ceil(this.low / step) * step; t <= this.high; t += step) {
      parts.push(make("text", { x: this.x(t), y: this.height - 5, "text-anchor": "middle" }, clock(t)));
    }
    return parts;
  }

  marks() {
    return { stack: () => this.stack(), lines: () => this.lines(), bars: () => this.bars() }[this.spec.kind]();
  }

  stack() {
    const base = this.points.map(() => 0);
    return this.spec.series.map(({ key, colour }) => {
      const lower = this.points.map((point, at) => `${this.x(point.t).toFixed(1)},${this.y(base[at]).toFixed(1)}`);
      this.points.forEach((point, at) => { base[at] += point[key] ?? 0; });
      const upper = this.points.map((point, at) => `${this.x(point.t).toFixed(1)},${this.y(base[at]).toFixed(1)}`);
      const path = upper.length ? `M${upper.join("L")}L${lower.reverse().join("L")}Z` : "";
      return make("path", { class: `area c-${colour}`, "data-key": key, d: path });
    });
  }

  lines() {
    return this.spec.series.map(({ key, colour, dash }) => {
      let path = "", pen = "M";
      for (const point of this.points) {
        if (point[key] == null) { continue; }
        path += `${pen}${this.x(point.t).toFixed(1)},${this.y(point[key]).toFixed(1)}`;
        pen = "L";
      }
      return make("path", { class: `line c-${colour}${dash ? " dash" : ""}`, "data-key": key, d: path });
    });
  }

  bars() {
    const { key, colour } = this.spec.series[0], zero = this.y(0);
    const path = this.points.filter((point) => point[key] > 0).map((point) => {
      const right = this.x(point.t), left = Math.min(this.x(point.t - point.seconds), right - 1), top = this.y(point[key]);
      return `M${left.toFixed(1)},${zero}V${top.toFixed(1)}H${right.toFixed(1)}V${zero}Z`;
    });
    return [make("path", { class: `bar c-${colour}`, "data-key": key, d: path.join("") })];
  }

  line(limit) {
    if (!this.spec.limit || !limit) return [];
    const y = this.y(limit);
    return [
      make("path", { class: "line dash c-limit", d: `M${LEFT},${y}H${this.width - RIGHT}` }),
      make("text", { x: this.width - RIGHT, y: y - 4, "text-anchor": "end" }, `limit ${limit}`),
    ];
  }

  ticks() {
    if (!this.spec.ticks) return [];
    const path = this.points.filter((point) => point[this.spec.ticks] > 0)
      .map((point) => `M${this.x(point.t - point.seconds / 2).toFixed(1)},2v9`).join("");
    return [make("path", { class: "tick", "data-key": this.spec.ticks, d: path })];
  }

  moments(moments) {
    const seen = moments.filter(({ t }) => t >= this.low && t <= this.high), lines = [];
    let free = LEFT; // Labels of stages must not cover each other.
    for (const { kind, t, said } of seen) {
      const x = this.x(t), line = make("line", { class: `moment ${kind}`, x1: x, x2: x, y1: this.top, y2: this.height - BOTTOM });
      line.append(make("title", {}, said));
      lines.push(line);
      const label = said.replace("Stage: ", "");
      if (this.spec.ticks && kind === "stage" && x >= free && x + label.length * 6.5 < this.width - RIGHT - 60) {
        lines.push(make("text", { x: x + 4, y: this.top + 10, class: "stage" }, label));
        free = x + label.length * 6.5 + 8;
      }
    }
    return lines;
  }

  label() {
    const last = this.points.at(-1);
    const values = last ? this.values(last).join(", ") : "no data yet";
    this.svg.setAttribute("aria-label", `${this.spec.title}: ${values}`);
  }

  values(point) {
    return this.spec.series.map(({ key, label }) =>
      `${label} ${point[key] == null ? "–" : this.spec.show(point[key])}`);
  }

  hover(t) {
    this.rule?.remove();
    this.shown = t ?? undefined;
    if (t === null || !this.points.length) { this.cursor = undefined; return; }
    this.cursor = this.points.reduce((best, point, at) =>
      (Math.abs(point.t - t) < Math.abs(this.points[best].t - t) ? at : best), 0);
    const point = this.points[this.cursor], x = this.x(point.t);
    this.rule = make("line", { class: "rule", x1: x, x2: x, y1: this.top, y2: this.height - BOTTOM });
    this.svg.append(this.rule);
  }

  // The point under the pointer; undefined: the pointer is elsewhere.
  pointed() { return this.cursor === undefined ? undefined : this.points[this.cursor]; }

  shade(from, to) {
    this.drag?.remove();
    const [low, high] = [this.x(Math.min(from, to)), this.x(Math.max(from, to))];
    this.drag = make("rect", { class: "drag", x: low, y: this.top, width: high - low, height: this.height - this.top - BOTTOM });
    this.svg.append(this.drag);
  }
}
