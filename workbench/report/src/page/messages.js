// The messages: time downwards, a column for each participant.

const HUES = ["#2f81f7", "#d4820a", "#2ea043", "#d6336c", "#8e5bd9", "#129ba5", "#9a6b3f", "#c2410c", "#5b6ee1", "#7d8590"];

// More lines than this make no picture: of more, some are drawn.
const LINES = 4000;

// The most lines that get labels.
const LABELLED = 400;

// Tells of a JSON text whether it holds a value as a whole, outside the fields that number messages.
function holder(value) {
  const part = value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const whole = new RegExp(`(^|[\\[\\]{},:\\s])${part}($|[\\[\\]{},:\\s])`);
  return (text) => whole.test(text.replace(/"(msg_id|in_reply_to)"\s*:\s*\d+/g, ""));
}

function readMessages(data) {
  const names = ["id", "sent", "received", "src", "dest", "type", "text"];
  return data.messages.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
}

// A button that is on or off.
function toggle(parent, text, isOn, act, swatch) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", isOn);
  if (swatch) {
    const dot = document.createElement("span");
    dot.className = "swatch";
    dot.style.background = swatch;
    button.append(dot);
  }
  button.append(text);
  button.addEventListener("click", act);
  parent.append(button);
  return button;
}

function messageDiagram(data) {
  const section = document.getElementById("messages");
  if (!section.querySelector("canvas")) return null;
  const messages = readMessages(data);
  const longest = messages.reduce((longest, { sent, received }) => Math.max(longest, (received ?? sent) - sent), 0);
  const [first, last] = data.span;
  const others = data.nodes + data.services;
  const clients = data.columns.length - others;
  const shown = { types: new Set(data.types.keys()), columns: new Set(), merged: clients > 8 };
  const hue = (type) => HUES[type % HUES.length];
  let drawn = [];

  const column = (place) => (shown.merged ? Math.min(place, others) : place);
  const names = () => (shown.merged ? [...data.columns.slice(0, others), "clients"] : data.columns);
  const isShown = ({ type, src, dest }) =>
    shown.types.has(type) && (!shown.columns.size || shown.columns.has(column(src)) || shown.columns.has(column(dest)));

  const diagram = new Diagram(section, {
    along: "y",
    head: 30,
    tail: 10,
    least: first,
    most: last,
    faults: data.faults,
    partial: data.partial,
    density: data.sent,
    marks: [],
    // The messages that hold the value whose path is shown, and where each node got it first.
    path: null,
    height: () => 760,
    describe: ({ id, sent, received, src, dest, type, text }) =>
      `${data.types[type]}: ${data.columns[src]} to ${data.columns[dest]}, number ${id}\n` +
      `sent at ${timeText(sent)}, ` +
      (received === null ? "never received" : `received at ${timeText(received)} (${timeText(received - sent)})`) +
      `\n${text}`,
    all: () => messages.filter(isShown),
    stretch: ({ sent, received }) => [sent, received ?? sent],
    find(x, y) {
      let [nearest, best] = [null, 7];
      for (const { message, ends } of drawn) {
        const distance = fromLine(x, y, ends);
        if (distance < best) [nearest, best] = [message, distance];
      }
      return nearest;
    },
    paint(pen, width, height) {
      paintGrid(this, pen, width, height);
      pen.save();
      pen.beginPath();
      pen.rect(0, this.head - 2, width, height - this.head);
      pen.clip();
      drawn = inView(this).map((message) => ({ message, ends: ends(message) }));
      for (const { message, ends } of drawn) paintMessage(this, pen, message, ends, drawn.length);
      paintLabels(this, pen);
      paintArrivals(this, pen);
      paintMarks(this, pen, width);
      pen.restore();
    },
  });

  const x = (place) => 96 + ((column(place) + 0.5) / names().length) * (diagram.canvas.clientWidth - 106);

  // Where a line begins and ends; one of a message that was lost is short.
  function ends({ sent, received, src, dest }) {
    const [left, right] = [x(src), x(dest)];
    const top = diagram.place(sent);
    if (received !== null) return [left, top, right, diagram.place(received)];
    return [left, top, left + (right - left) * 0.4, top + 14];
  }

  function inView(diagram) {
    const earliest = search(messages.length, (at) => messages[at].sent >= diagram.from - longest);
    const found = [];
    for (let at = earliest; at < messages.length && messages[at].sent <= diagram.to; at += 1) {
      const message = messages[at];
      if ((message.received ?? message.sent) >= diagram.from && isShown(message)) found.push(message);
    }
    const every = Math.ceil(found.length / LINES);
    diagram.note = `${found.length} messages${every > 1 ? `, one of ${every} drawn: zoom in for all` : ""}`;
    return every > 1 ? found.filter((_, at) => at % every === 0) : found;
  }

  function paintGrid(diagram, pen, width, height) {
    const stretch = (begin, end) => [
      Math.max(diagram.place(begin), diagram.head),
      Math.min(diagram.place(end ?? last), height),
    ];
    for (const [begin, end, name] of data.faults) {
      const [top, bottom] = stretch(begin, end);
      if (bottom <= top) continue;
      pen.fillStyle = colour("--fault");
      pen.fillRect(84, top, width - 84, bottom - top);
      pen.fillStyle = colour("--soft");
      pen.textAlign = "right";
      if (bottom - top > 16) pen.fillText(name, width - 6, top + 9);
    }
    pen.strokeStyle = colour("--edge");
    pen.fillStyle = colour("--soft");
    pen.lineWidth = 1;
    pen.textAlign = "right";
    for (const at of ticks(diagram.from, diagram.to, 14)) {
      pen.fillText(timeText(at), 78, diagram.place(at), 76);
      line(pen, [84, diagram.place(at), 90, diagram.place(at)]);
    }
    for (const [begin, end, sides] of data.sides) paintSides(pen, stretch(begin, end), sides);
    pen.fillStyle = colour("--ink");
    pen.textAlign = "center";
    const room = (width - 106) / names().length;
    names().forEach((name, at) => {
      const isOff = shown.columns.size && !shown.columns.has(at);
      pen.globalAlpha = isOff ? 0.5 : 1;
      if (room > 24 || at % Math.ceil(24 / room) === 0) pen.fillText(name.slice(0, 20), x(at), 14, Math.max(room - 3, 22));
      line(pen, [x(at), diagram.head, x(at), height]);
    });
    pen.globalAlpha = 1;
  }

  // A band on the line of each node, with the letter of its side.
  function paintSides(pen, [top, bottom], sides) {
    if (bottom <= top || Math.max(...sides) === 0) return;
    pen.textAlign = "center";
    pen.strokeStyle = colour("--soft");
    sides.forEach((side, node) => {
      pen.fillStyle = colour(side % 2 ? "--side-b" : "--side-a");
      pen.fillRect(x(node) - 9, top, 18, bottom - top);
      pen.setLineDash(side % 2 ? [2, 3] : []);
      pen.strokeRect(x(node) - 9, top, 18, bottom - top);
      pen.setLineDash([]);
      if (bottom - top > 14) haloed(pen, String.fromCharCode(65 + (side % 26)), x(node), top + 9);
    });
  }

  function paintMessage(diagram, pen, message, [left, top, right, bottom], count) {
    pen.strokeStyle = hue(message.type);
    pen.fillStyle = pen.strokeStyle;
    const isOnPath = diagram.path?.messages.has(message);
    const isStrong = diagram.chosen === message || isOnPath;
    pen.globalAlpha = diagram.path && !isStrong ? 0.15 : 1;
    pen.lineWidth = isStrong ? 3 : count > 1500 ? 0.6 : 1.3;
    if (message.received === null) pen.setLineDash([4, 3]);
    if (left === right) {
      pen.beginPath();
      pen.arc(left, (top + bottom) / 2, Math.max((bottom - top) / 2, 3), -Math.PI / 2, Math.PI / 2);
      pen.stroke();
    } else {
      line(pen, [left, top, right, bottom]);
    }
    pen.setLineDash([]);
    if (message.received === null) {
      line(pen, [right - 4, bottom - 4, right + 4, bottom + 4]);
      line(pen, [right - 4, bottom + 4, right + 4, bottom - 4]);
    } else if (count <= 1500) {
      paintArrow(pen, [left, top, right, bottom]);
    }
    pen.globalAlpha = 1;
  }

  // The types of messages on their lines, where there is room.
  function paintLabels(diagram, pen) {
    if (drawn.length > LABELLED && !diagram.path) return;
    const taken = [];
    pen.textAlign = "center";
    for (const { message, ends } of drawn) {
      if (diagram.path && !diagram.path.messages.has(message)) continue;
      const [left, top, right, bottom] = ends;
      const text = data.types[message.type].slice(0, 24);
      const half = pen.measureText(text).width / 2 + 3;
      const fits = [0.5, 0.3, 0.7].find((part) => {
        const [middle, level] = [left + (right - left) * part, top + (bottom - top) * part];
        return taken.every(([x, y, other]) => Math.abs(y - level) > 14 || Math.abs(x - middle) > half + other);
      });
      if (fits === undefined || Math.abs(right - left) < half * 1.2) continue;
      const [middle, level] = [left + (right - left) * fits, top + (bottom - top) * fits];
      taken.push([middle, level, half]);
      haloed(pen, text, middle, level);
    }
  }

  // Where each node got the value first.
  function paintArrivals(diagram, pen) {
    if (!diagram.path) return;
    for (const [node, { time }] of diagram.path.arrivals) {
      pen.fillStyle = colour("--mark");
      pen.beginPath();
      pen.arc(x(node), diagram.place(time), 6, 0, 2 * Math.PI);
      pen.fill();
      pen.textAlign = "left";
      haloed(pen, timeText(time), x(node) + 10, diagram.place(time) + 10);
    }
  }

  function paintArrow(pen, [left, top, right, bottom]) {
    const angle = Math.atan2(bottom - top, right - left || 0.01);
    pen.beginPath();
    pen.moveTo(right, bottom);
    for (const side of [-0.4, 0.4]) pen.lineTo(right - 7 * Math.cos(angle + side), bottom - 7 * Math.sin(angle + side));
    pen.fill();
  }

  function paintMarks(diagram, pen, width) {
    pen.strokeStyle = colour("--mark");
    pen.fillStyle = colour("--mark");
    pen.lineWidth = 1.5;
    pen.textAlign = "right";
    for (const { time, text } of diagram.marks) {
      line(pen, [84, diagram.place(time), width, diagram.place(time)]);
      pen.fillText(text, width - 8, diagram.place(time) - 7);
    }
  }

  // Shows the messages that hold a value, and tells where each node got it first.
  diagram.spread = (value) => {
    const [status, list] = [section.querySelector(".spread [role=status]"), section.querySelector("ol.path")];
    list.replaceChildren();
    list.hidden = true;
    status.textContent = "";
    diagram.path = null;
    diagram.request();
    if (!value) return;
    const holds = holder(value);
    const found = messages.filter(({ text }) => holds(text));
    if (!found.length) return void (status.textContent = `No message in this page holds ${value}.`);
    const arrivals = new Map();
    const byTime = [...found].sort((one, other) => (one.received ?? Infinity) - (other.received ?? Infinity));
    for (const message of byTime) {
      const { received, src, dest } = message;
      if (received !== null && dest < data.nodes && !arrivals.has(dest)) arrivals.set(dest, { time: received, message });
      // A node that tells of a value has it, even if no message brought it.
      if (src < data.nodes && !arrivals.has(src)) arrivals.set(src, { time: message.sent, message });
    }
    diagram.path = { messages: new Set(found), arrivals };
    const missing = data.columns.slice(0, data.nodes).filter((_, node) => !arrivals.has(node));
    status.textContent =
      `${found.length} messages hold ${value}; ` +
      (missing.length ? `it reached ${arrivals.size} of ${data.nodes} nodes, not ${missing.join(", ")}` : "it reached every node");
    const order = [...arrivals].sort(([, one], [, other]) => one.time - other.time);
    for (const [node, { time, message }] of order) {
      const item = document.createElement("li");
      item.textContent = `${data.columns[node]} at ${timeText(time)}, ${data.types[message.type]} from ${data.columns[message.src]}`;
      list.append(item);
    }
    list.hidden = false;
    const times = [...order.map(([, { time }]) => time), Math.min(...found.map(({ sent }) => sent))];
    const [from, to] = [Math.min(...times), Math.max(...times)];
    const margin = Math.max((to - from) * 0.1, 1e6);
    diagram.show(from - margin, to + margin);
  };
  const form = section.querySelector("form.spread");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    diagram.spread(form.querySelector("#value").value.trim());
  });
  form.addEventListener("reset", () => diagram.spread(""));

  filters(section, data, diagram, shown, { names, hue, clients });
  // At first as much as can be told apart, from the first operation on. What sets the nodes up comes before, perhaps at the same
  // moment. A page of a stretch of time shows all of it.
  if (document.getElementById("findings")) {
    const start = data.operations.length ? data.operations[0][6] : 0;
    const isSetup = ({ type }) => /^(init|topology)(_ok)?$/.test(data.types[type]);
    let begin = search(messages.length, (at) => messages[at].sent >= start);
    while (begin < messages.length - 1 && isSetup(messages[begin])) begin += 1;
    const end = messages[Math.min(begin + 60, messages.length - 1)];
    if (begin < messages.length) diagram.show(messages[begin].sent - 1e3, (end.received ?? end.sent) + 1e3);
  }
  return diagram;
}

// How far a point is from a line.
function fromLine(x, y, [left, top, right, bottom]) {
  const [wide, tall] = [right - left, bottom - top];
  const square = wide * wide + tall * tall;
  const part = square ? Math.min(Math.max(((x - left) * wide + (y - top) * tall) / square, 0), 1) : 0;
  return Math.hypot(x - left - part * wide, y - top - part * tall);
}

function filters(section, data, diagram, shown, { names, hue, clients }) {
  const [types, columns] = [section.querySelector("#types"), section.querySelector("#columns")];
  const flip = (set, value) => (set.has(value) ? set.delete(value) : set.add(value));
  const redraw = () => {
    types.replaceChildren();
    columns.replaceChildren();
    const act = (change) => () => {
      change();
      redraw();
      diagram.request();
    };
    data.types.forEach((type, at) => {
      toggle(types, type || "(no type)", shown.types.has(at), act(() => flip(shown.types, at)), hue(at));
    });
    const all = [...data.types.keys()];
    toggle(types, "all", true, act(() => (shown.types = new Set(all))));
    toggle(types, "none", true, act(() => (shown.types = new Set())));
    names().forEach((name, at) => {
      toggle(columns, name, !shown.columns.size || shown.columns.has(at), act(() => flip(shown.columns, at)));
    });
    const merge = () => {
      shown.merged = !shown.merged;
      shown.columns = new Set();
    };
    if (clients > 1) toggle(columns, "clients in one column", shown.merged, act(merge));
  };
  redraw();
}
