// Draws the diagrams, and leads from a finding to its place in them: `#timeline=3,14`,
// `#messages=3,14` and `#spread=5`.

const data = JSON.parse(document.getElementById("data").textContent);
const operationsShown = timeline(data);
const messagesShown = messageDiagram(data);

function follow() {
  const [, value] = /^#spread=(.+)$/.exec(location.hash) ?? [];
  if (value && messagesShown) {
    document.getElementById("value").value = decodeURIComponent(value);
    messagesShown.spread(decodeURIComponent(value));
    document.getElementById("messages").scrollIntoView();
    return;
  }
  const [, name, list] = /^#(timeline|messages)=([\d,]+)$/.exec(location.hash) ?? [];
  if (!name || !operationsShown) return;
  const entries = new Set(list.split(",").map(Number));
  const found = operationsShown.operations.filter(({ begun, ended }) => entries.has(begun) || entries.has(ended));
  if (found.length) {
    const from = Math.min(...found.map(({ begin }) => begin));
    const to = Math.max(...found.map(({ until }) => until));
    const margin = Math.max((to - from) * 0.15, 1e6);
    operationsShown.marked = new Set(found);
    operationsShown.show(from - margin, to + margin);
    if (messagesShown) {
      messagesShown.marks = found.flatMap(({ begun, ended, begin, end }) => [
        { time: begin, text: `entry ${begun}` },
        ...(end === null ? [] : [{ time: end, text: `entry ${ended}` }]),
      ]);
      messagesShown.marks = messagesShown.marks.filter(({ text }) => entries.has(Number(text.slice(6))));
      messagesShown.show(from - margin, to + margin);
    }
  }
  document.getElementById(name).scrollIntoView();
}

addEventListener("hashchange", follow);
follow();
operationsShown?.draw();
messagesShown?.draw();
document.documentElement.dataset.ready = "true";
