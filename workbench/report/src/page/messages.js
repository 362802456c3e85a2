// The messages: time downwards, a column for each participant.

const HUES = ["#2f81f7", "#d4820a", "#2ea043", "#d6336c", "#8e5bd9", "#129ba5", "#9a6b3f", "#c2410c", "#5b6ee1", "#7d8590"];

// More lines than this make no picture: of more, some are drawn.
const LINES = 4000;

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
  const last = messages.reduce((last, { sent, received }) => Math.max(last, sent, received ?? 0), 1e6);
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
    least: Math.min(messages[0].sent, 0),
    most: last,
    faults: data.faults,
    moments: messages.map((message) => message.sent),
    marks: [],
    height: () => 760,
    describe: ({ id, sent, received, src, dest, type, text }) =>
      `${data.types[type]}: ${data.columns[src]} to ${data.columns[dest]}, number ${id}\n` +
      `sent at ${timeText(sent)}, ` +
      (received === null ? "never received" : `received at ${timeText(received)} (${timeText(received - sent)})`) +
      `\n${text}`,
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
    const first = search(messages.length, (at) => messages[at].sent >= diagram.from - longest);
    const found = [];
    for (let at = first; at < messages.length && messages[at].sent <= diagram.to; at += 1) {
      const message = messages[at];
      if ((message.received ?? message.sent) >= diagram.from && isShown(message)) found.push(message);
    }
    const every = Math.ceil(found.length / LINES);
    diagram.note = `${found.length} messages${every > 1 ? `, one of ${every} drawn: zoom in for all` : ""}`;
    return every > 1 ? found.filter((_, at) => at % every === 0) : found;
  }

  function paintGrid(diagram, pen, width, height) {
    pen.fillStyle = colour("--fault");
    for (const [begin, end] of data.faults) {
      const top = Math.max(diagram.place(begin), diagram.head);
      const bottom = Math.min(diagram.place(end ?? last), height);
      if (bottom > top) pen.fillRect(84, top, width - 84, bottom - top);
    }
    pen.strokeStyle = colour("--edge");
    pen.fillStyle = colour("--soft");
    pen.lineWidth = 1;
    pen.textAlign = "right";
    for (const at of ticks(diagram.from, diagram.to, 14)) {
      pen.fillText(timeText(at), 78, diagram.place(at), 76);
      line(pen, [84, diagram.place(at), 90, diagram.place(at)]);
    }
    pen.fillStyle = colour("--ink");
    pen.textAlign = "center";
    const room = (width - 106) / names().length;
    names().forEach((name, at) => {
      const isOff = shown.columns.size && !shown.columns.has(at);
      pen.globalAlpha = isOff ? 0.4 : 1;
      if (room > 16 || at % Math.ceil(16 / room) === 0) pen.fillText(name.slice(0, 20), x(at), 14, Math.max(room - 3, 16));
      line(pen, [x(at), diagram.head, x(at), height]);
    });
    pen.globalAlpha = 1;
  }

  function paintMessage(diagram, pen, message, [left, top, right, bottom], count) {
    pen.strokeStyle = hue(message.type);
    pen.fillStyle = pen.strokeStyle;
    const isChosen = diagram.chosen === message;
    pen.lineWidth = isChosen ? 3 : count > 1500 ? 0.6 : 1.3;
    if (message.received === null) pen.setLineDash([3, 3]);
    if (left === right) {
      pen.beginPath();
      pen.arc(left, (top + bottom) / 2, Math.max((bottom - top) / 2, 3), -Math.PI / 2, Math.PI / 2);
      pen.stroke();
    } else {
      line(pen, [left, top, right, bottom]);
    }
    pen.setLineDash([]);
    if (count <= 1500) paintArrow(pen, [left, top, right, bottom]);
    if (count <= 40 && left !== right) {
      pen.textAlign = "center";
      pen.fillText(data.types[message.type].slice(0, 40), (left + right) / 2, (top + bottom) / 2 - 7);
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

  filters(section, data, diagram, shown, { names, hue, clients });
  // As much as can be told apart.
  const begin = search(messages.length, (at) => messages[at].sent >= 0);
  const end = messages[Math.min(begin + 120, messages.length - 1)];
  if (begin < messages.length) diagram.show(messages[begin].sent - 1e3, (end.received ?? end.sent) + 1e3);
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
