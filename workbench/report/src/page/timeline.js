// The operations: time to the right, a row for each client.

const OUTCOMES = [
  ["ok", "--ok"],
  ["info", "--info"],
  ["fail", "--fail"],
  ["not ended", "--open"],
];

function readOperations(data) {
  const names = ["begun", "ended", "lane", "process", "f", "outcome", "begin", "end", "value", "result", "error"];
  const operations = data.operations.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
  const [, most] = data.span;
  for (const operation of operations) {
    operation.f = data.functions[operation.f];
    operation.until = operation.end ?? most;
  }
  return { operations, most };
}

function operationText(operation) {
  const { begin, end, process, f, outcome, begun, ended } = operation;
  const lines = [
    `${f}, process ${process}: ${OUTCOMES[outcome][0]}`,
    `entry ${begun}${ended === null ? "" : ` to ${ended}`}, at ${timeText(begin)}` +
      (end === null ? "" : ` for ${timeText(end - begin)}`),
    `value   ${operation.value}`,
  ];
  if (operation.result !== null) lines.push(`result  ${operation.result}`);
  if (operation.error !== null) lines.push(`error   ${operation.error}`);
  return lines.join("\n");
}

function timeline(data) {
  const section = document.getElementById("timeline");
  if (!section.querySelector("canvas")) return null;
  const { operations, most } = readOperations(data);
  const lanes = data.lanes.map(() => []);
  for (const operation of operations) lanes[operation.lane].push(operation);
  const row = lanes.length <= 12 ? 26 : lanes.length <= 50 ? 16 : Math.max(4, Math.floor(800 / lanes.length));
  const top = 6;
  // No two operations of a row overlap: their beginnings and their ends are in order.
  const firstAt = (lane, time) => search(lane.length, (at) => lane[at].until >= time);

  const diagram = new Diagram(section, {
    along: "x",
    head: 80,
    tail: 10,
    least: Math.max(data.span[0], 0),
    most,
    faults: data.faults,
    partial: data.partial,
    density: data.begun,
    marked: new Set(),
    operations,
    height: () => top + lanes.length * row + 26,
    describe: operationText,
    all: () => operations,
    stretch: ({ begin, until }) => [begin, until],
    find(x, y) {
      const lane = lanes[Math.floor((y - top) / row)];
      if (!lane || x < this.head - 4) return null;
      const near = this.time(x + 3);
      const operation = lane[firstAt(lane, this.time(x - 3))];
      return operation && operation.begin <= near ? operation : null;
    },
    paint(pen, width, height) {
      const bottom = top + lanes.length * row;
      pen.save();
      pen.beginPath();
      pen.rect(this.head - 2, 0, width - this.head, height);
      pen.clip();
      paintTime(this, pen, bottom);
      lanes.forEach((lane, at) => paintLane(this, pen, lane, top + at * row));
      pen.restore();
      pen.fillStyle = colour("--soft");
      pen.textAlign = "center";
      for (const at of ticks(this.from, this.to, 10)) pen.fillText(timeText(at), this.place(at), bottom + 13);
      pen.textAlign = "right";
      data.lanes.forEach(({ first, last }, at) => {
        const every = Math.ceil(12 / row);
        const name = first === last ? `${first}` : `${first} … ${last}`;
        if (at % every === 0) pen.fillText(name, this.head - 8, top + at * row + row / 2, this.head - 12);
      });
    },
  });

  function paintTime(diagram, pen, bottom) {
    pen.lineWidth = 1;
    for (const [begin, end] of data.faults) {
      const [left, right] = [diagram.place(begin), diagram.place(end ?? most)];
      pen.fillStyle = colour("--fault");
      pen.fillRect(left, 0, right - left, bottom);
      pen.strokeStyle = colour("--soft");
      pen.setLineDash([4, 4]);
      line(pen, [left, 0, left, bottom]);
      line(pen, [right, 0, right, bottom]);
      pen.setLineDash([]);
    }
    pen.strokeStyle = colour("--edge");
    for (const at of ticks(diagram.from, diagram.to, 10)) line(pen, [diagram.place(at), 0, diagram.place(at), bottom]);
  }

  function paintLane(diagram, pen, lane, y) {
    const tall = Math.max(row - 4, 2);
    let [covered, coveredBy] = [-1, -1];
    for (let at = firstAt(lane, diagram.from); at < lane.length && lane[at].begin <= diagram.to; at += 1) {
      const operation = lane[at];
      const left = Math.max(diagram.place(operation.begin), diagram.head - 4);
      const wide = Math.max(diagram.place(operation.until) - left, 3);
      const isMarked = diagram.marked.has(operation) || diagram.chosen === operation;
      if (left + wide <= covered && operation.outcome === coveredBy && !isMarked) continue;
      [covered, coveredBy] = [left + wide, operation.outcome];
      paintBar(pen, operation.outcome, [left, y + 2, wide, tall]);
      if (wide > 36 && row > 12) {
        pen.fillStyle = colour(operation.outcome === 0 ? "--on-ok" : "--ink");
        pen.textAlign = "left";
        pen.save();
        pen.beginPath();
        pen.rect(left, y, wide - 3, row);
        pen.clip();
        pen.fillText(`${operation.f} ${operation.result ?? operation.value}`.slice(0, 200), left + 5, y + row / 2);
        pen.restore();
      }
      if (isMarked) {
        pen.strokeStyle = colour("--mark");
        pen.lineWidth = 3;
        pen.strokeRect(left - 2, y, wide + 4, tall + 4);
      }
    }
  }

  // Outcomes differ in form as well: a full bar succeeded, a lower half may have happened, a frame did not, and a thin
  // line did not end.
  function paintBar(pen, outcome, [left, top, wide, tall]) {
    pen.fillStyle = colour(OUTCOMES[outcome][1]);
    pen.strokeStyle = pen.fillStyle;
    pen.lineWidth = 1.5;
    if (outcome === 0) pen.fillRect(left, top, wide, tall);
    if (outcome === 1) {
      pen.fillRect(left, top + tall * 0.75, wide, tall * 0.25);
      pen.strokeRect(left + 0.75, top + tall * 0.4, Math.max(wide - 1.5, 1), tall * 0.6 - 0.75);
    }
    if (outcome === 2) pen.strokeRect(left + 0.75, top + 0.75, Math.max(wide - 1.5, 1), Math.max(tall - 1.5, 1));
    if (outcome === 3) pen.fillRect(left, top + tall * 0.42, wide, Math.max(tall * 0.16, 2));
  }
  return diagram;
}
