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
  const most = operations.reduce((most, { begin, end }) => Math.max(most, begin, end ?? 0), 1e6);
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
    least: 0,
    most,
    faults: data.faults,
    moments: operations.map((operation) => operation.begin),
    marked: new Set(),
    operations,
    height: () => top + lanes.length * row + 26,
    describe: operationText,
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
    pen.fillStyle = colour("--fault");
    for (const [begin, end] of data.faults) {
      const left = diagram.place(begin);
      pen.fillRect(left, 0, diagram.place(end ?? most) - left, bottom);
    }
    pen.strokeStyle = colour("--edge");
    pen.lineWidth = 1;
    for (const at of ticks(diagram.from, diagram.to, 10)) line(pen, [diagram.place(at), 0, diagram.place(at), bottom]);
  }

  function paintLane(diagram, pen, lane, y) {
    const colours = OUTCOMES.map(([, name]) => colour(name));
    const tall = Math.max(row - 4, 2);
    let [covered, coveredBy] = [-1, -1];
    for (let at = firstAt(lane, diagram.from); at < lane.length && lane[at].begin <= diagram.to; at += 1) {
      const operation = lane[at];
      const left = Math.max(diagram.place(operation.begin), diagram.head - 4);
      const wide = Math.max(diagram.place(operation.until) - left, 2);
      const isMarked = diagram.marked.has(operation) || diagram.chosen === operation;
      if (left + wide <= covered && operation.outcome === coveredBy && !isMarked) continue;
      [covered, coveredBy] = [left + wide, operation.outcome];
      pen.fillStyle = colours[operation.outcome];
      pen.fillRect(left, y + 2, wide, tall);
      if (wide > 36 && row > 12) {
        pen.fillStyle = "#ffffff";
        pen.textAlign = "left";
        pen.save();
        pen.beginPath();
        pen.rect(left, y, wide - 3, row);
        pen.clip();
        pen.fillText(`${operation.f} ${operation.result ?? operation.value}`.slice(0, 200), left + 4, y + row / 2);
        pen.restore();
      }
      if (isMarked) {
        pen.strokeStyle = colour("--ink");
        pen.lineWidth = 2;
        pen.strokeRect(left - 1, y + 1, wide + 2, tall + 2);
      }
    }
  }
  return diagram;
}
