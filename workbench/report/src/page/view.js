// What both diagrams have in common: a stretch of time in view, the ways to move it, what is under the pointer.
// Times are nanoseconds. Texts come from nodes: they are only ever set as text or drawn.

const FONT = "12px system-ui, sans-serif";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function timeText(nanos) {
  const size = Math.abs(nanos);
  if (size >= 1e9) return `${+(nanos / 1e9).toFixed(6)} s`;
  if (size >= 1e6) return `${+(nanos / 1e6).toFixed(3)} ms`;
  return size < 1 ? "0 ms" : `${+(nanos / 1e3).toFixed(3)} µs`;
}

// The first place in a sorted list at which `reached` holds.
function search(count, reached) {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

// Round moments in a stretch of time, no more than `most`.
function ticks(from, to, most) {
  const rough = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  const list = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) list.push(at);
  return list;
}

// A canvas as large as it is shown, and its size.
function prepare(canvas, height) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = FONT;
  pen.textBaseline = "middle";
  return { pen, width, height };
}

function line(pen, [left, top, right, bottom]) {
  pen.beginPath();
  pen.moveTo(left, top);
  pen.lineTo(right, bottom);
  pen.stroke();
}

// A text that can be read on whatever is behind it.
function haloed(pen, text, x, y) {
  pen.save();
  pen.setLineDash([]);
  pen.lineWidth = 4;
  pen.lineJoin = "round";
  pen.strokeStyle = colour("--paper");
  pen.strokeText(text, x, y);
  pen.fillStyle = colour("--ink");
  pen.fillText(text, x, y);
  pen.restore();
}

const tip = document.getElementById("tip");

function showTip(event, text) {
  tip.textContent = text;
  tip.style.display = text ? "block" : "none";
  const left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
  const below = event.clientY + 16;
  const top = below + tip.offsetHeight > window.innerHeight ? event.clientY - tip.offsetHeight - 8 : below;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

// A diagram: `least` and `most` bound its time, `along` says which coordinate is time, `head` and `tail` how many pixels
// at its ends are none, `paint` draws it, `all` lists what is in it by time, `stretch` gives the times of one of these, `find`
// the one under a point, and `describe` its text.
class Diagram {
  constructor(section, parts) {
    Object.assign(this, parts);
    this.section = section;
    this.canvas = section.querySelector("canvas.diagram");
    this.overview = section.querySelector("canvas.overview");
    this.output = section.querySelector("output");
    this.pinned = section.querySelector("pre.pinned");
    this.whole = section.querySelector("a.whole");
    this.from = this.least;
    this.to = this.most;
    this.listen();
  }

  show(from, to) {
    const whole = this.most - this.least;
    const length = Math.min(Math.max(to - from, 1000), whole);
    this.from = Math.min(Math.max(from, this.least), this.most - length);
    this.to = this.from + length;
    this.request();
  }

  zoom(factor, at = (this.from + this.to) / 2) {
    this.show(at - (at - this.from) * factor, at + (this.to - at) * factor);
  }

  move(part) {
    const distance = (this.to - this.from) * part;
    this.show(this.from + distance, this.to + distance);
  }

  request() {
    if (this.requested) return;
    this.requested = true;
    requestAnimationFrame(() => {
      this.requested = false;
      this.draw();
    });
  }

  size() {
    return this.along === "y" ? this.canvas.clientHeight : this.canvas.clientWidth;
  }

  // Where a moment is, and which moment is at a place.
  place(time) {
    return this.head + ((time - this.from) / (this.to - this.from)) * (this.size() - this.head - this.tail);
  }

  time(place) {
    return this.from + ((place - this.head) / (this.size() - this.head - this.tail)) * (this.to - this.from);
  }

  // The names of the faults in force at a moment.
  faultsAt(time) {
    const inForce = ([begin, end]) => begin <= time && time <= (end ?? this.most);
    return this.faults.filter(inForce).map(([, , name]) => name).join("\n");
  }

  draw() {
    const { pen, width, height } = prepare(this.canvas, this.height());
    this.paint(pen, width, height);
    const step = 10 ** Math.floor(Math.log10((this.to - this.from) / 1000));
    const rounded = (time) => timeText(Math.round(time / step) * step);
    this.output.textContent = `${rounded(this.from)} to ${rounded(this.to)}${this.note ? ` · ${this.note}` : ""}`;
    // Only a server has what is not in the page.
    if (this.partial && location.protocol.startsWith("http")) {
      this.whole.hidden = false;
      this.whole.href = `?from=${Math.max(Math.floor(this.from), 0)}&to=${Math.max(Math.ceil(this.to), 1)}#${this.section.id}`;
    }
    this.drawOverview();
  }

  drawOverview() {
    const { pen, width, height } = prepare(this.overview, 28);
    const place = (time) => ((time - this.least) / (this.most - this.least)) * width;
    pen.fillStyle = colour("--fault");
    for (const [begin, end] of this.faults) {
      pen.fillRect(place(begin), 0, place(end ?? this.most) - place(begin), height);
    }
    const highest = this.density.reduce((one, other) => Math.max(one, other), 1);
    const wide = width / this.density.length;
    pen.fillStyle = colour("--soft");
    this.density.forEach((count, at) => {
      const tall = (count / highest) * (height - 4);
      if (count) pen.fillRect(at * wide, height - Math.max(tall, 1), Math.max(wide * 0.75, 0.75), Math.max(tall, 1));
    });
    pen.strokeStyle = colour("--mark");
    pen.lineWidth = 2;
    pen.strokeRect(place(this.from) + 1, 1, Math.max(place(this.to) - place(this.from) - 2, 2), height - 2);
  }

  listen() {
    const { canvas, overview } = this;
    const acts = {
      in: () => this.zoom(0.5),
      out: () => this.zoom(2),
      back: () => this.move(-0.5),
      on: () => this.move(0.5),
      all: () => this.show(this.least, this.most),
    };
    for (const button of this.section.querySelectorAll("[data-act]")) {
      button.addEventListener("click", acts[button.dataset.act]);
    }
    const keys = { "+": acts.in, "=": acts.in, "-": acts.out, ArrowLeft: acts.back, ArrowRight: acts.on, 0: acts.all };
    Object.assign(keys, { n: () => this.choose(1), p: () => this.choose(-1), Escape: () => this.keep(null) });
    if (this.along === "y") Object.assign(keys, { ArrowUp: acts.back, ArrowDown: acts.on });
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      keys[event.key]();
    });
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (document.activeElement !== canvas && !event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const at = this.time(this.along === "y" ? event.offsetY : event.offsetX);
        this.zoom(Math.exp(Math.sign(event.deltaY) * 0.25), at);
      },
      { passive: false },
    );
    this.listenToPointer();
    const centre = (event) => {
      const at = this.least + (event.offsetX / overview.clientWidth) * (this.most - this.least);
      const half = (this.to - this.from) / 2;
      this.show(at - half, at + half);
    };
    overview.addEventListener("pointerdown", (event) => {
      overview.setPointerCapture(event.pointerId);
      centre(event);
    });
    overview.addEventListener("pointermove", (event) => event.buttons && centre(event));
    new ResizeObserver(() => this.request()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.request());
  }

  listenToPointer() {
    const { canvas } = this;
    const place = this.along === "y" ? "offsetY" : "offsetX";
    let grip = null;
    canvas.addEventListener("pointerdown", (event) => {
      grip = { x: event.offsetX, y: event.offsetY, from: this.from, to: this.to, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!grip) {
        const found = this.find(event.offsetX, event.offsetY);
        return showTip(event, found ? this.describe(found) : this.faultsAt(this.time(event[place])));
      }
      const distance = event[place] - grip[this.along];
      grip.moved ||= Math.abs(distance) > 3;
      if (grip.moved) {
        const shift = (distance / (this.size() - this.head - this.tail)) * (grip.to - grip.from);
        this.show(grip.from - shift, grip.to - shift);
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      if (grip && !grip.moved) this.keep(this.find(event.offsetX, event.offsetY));
      grip = null;
    });
    canvas.addEventListener("pointerleave", (event) => showTip(event, ""));
  }

  // Pins the thing after or before the one that is pinned, or the first in view, and moves so that it is seen.
  choose(step) {
    const all = this.all();
    const pinned = all.indexOf(this.chosen);
    const at = pinned < 0 ? all.findIndex((thing) => this.stretch(thing)[0] >= this.from) : pinned + step;
    const thing = all[Math.min(Math.max(at, 0), all.length - 1)];
    if (!thing) return;
    const [begin, end] = this.stretch(thing);
    const length = this.to - this.from;
    if (begin < this.from || Math.min(end, begin + length * 0.9) > this.to) this.show(begin - length * 0.1, begin + length * 0.9);
    this.keep(thing);
  }

  keep(found) {
    this.pinned.hidden = !found;
    this.pinned.textContent = found ? this.describe(found) : "";
    this.chosen = found ?? null;
    this.request();
  }
}
