// Checks an evidence bundle on the visitor's own device: the verifier is a WebAssembly module that imports nothing, and once
// it is here the browser refuses every further request of this page. What a bundle says becomes text, never markup.

const page = document.getElementById("verifier");
const words = page.dataset;
const chinese = document.documentElement.lang.startsWith("zh");
const roles = JSON.parse(words.roles);
const element = (id) => document.getElementById(id);

let verifier; // compiled
let own; // this node's founding statement: its bytes, and what it says of itself
let trusted;
let bundle; // the file that was given last
let turn = 0;

// A fresh instance for each question: what an earlier bundle left in its memory is gone.
async function ask(question, ...inputs) {
  const { exports } = await WebAssembly.instantiate(verifier, {});
  const given = inputs.flatMap((bytes) => {
    const at = exports.alloc(bytes.length) >>> 0;
    new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
    return [at, bytes.length];
  });
  const answer = BigInt.asUintN(64, exports[question](...given));
  const json = new Uint8Array(exports.memory.buffer, Number(answer >> 32n), Number(answer & 0xffffffffn));
  return JSON.parse(new TextDecoder().decode(json));
}

async function begin() {
  const load = async (address) => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  };
  const [module, bytes] = await Promise.all([load(words.module), load(words.founding)]);
  verifier = await WebAssembly.compile(module);
  own = { bytes, ...(await ask("founding", bytes)) };
  trust(own);
  silence();
  element("bundle").addEventListener("change", ({ target }) => chosen(target));
  element("founding").addEventListener("change", ({ target }) => chosen(target, true));
  element("own").addEventListener("click", () => {
    trust(own);
    element("founding").focus();
    check();
  });
  say(words.ready);
  // A file may have been chosen while the verifier was on its way.
  chosen(element("bundle"));
}

function chosen(chooser, founding) {
  const [file] = chooser.files;
  if (!file) return;
  // Emptied, so that the same file can be chosen again when it has changed.
  chooser.value = "";
  take(file, founding);
}

// From here on a request of this page comes to nothing, whoever makes it.
function silence() {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "default-src 'none'; script-src 'wasm-unsafe-eval'; style-src 'self'; form-action 'none'";
  document.head.append(policy);
}

function say(sentence) {
  element("status").textContent = sentence;
}

function trust(founding) {
  trusted = founding;
  const source = element("source");
  source.textContent = trusted === own ? source.dataset.own : source.dataset.other;
  element("root").textContent = named(trusted);
  element("founding-id").textContent = fours(trusted.id);
  element("own").hidden = trusted === own;
}

// A founding statement is told by its ending, wherever it was dropped.
async function take(file, founding = /\.cose$/i.test(file.name)) {
  const mine = ++turn;
  say(words.busy);
  if (file.size > Number(words.longest)) return stop(words.long);
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    return stop(words.unread);
  }
  if (mine !== turn) return;
  if (!founding) {
    bundle = { name: file.name, bytes };
    element("bundle-name").textContent = plain(file.name);
    return check();
  }
  const said = await ask("founding", bytes);
  if (mine !== turn) return;
  if (!said.ok) return stop(`${words.noFounding} ${plain(said.en)}`);
  trust({ bytes, ...said });
  say(words.ready);
  check();
}

function stop(sentence) {
  element("result").replaceChildren();
  say(sentence);
}

async function check() {
  if (!bundle) return;
  const mine = ++turn;
  say(words.busy);
  element("result").replaceChildren();
  // The sentence is painted before a long bundle keeps this thread.
  await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
  let told;
  try {
    told = await ask("verify", bundle.bytes, trusted.bytes);
  } catch {
    if (mine === turn) stop(words.stopped);
    return;
  }
  if (mine !== turn) return;
  const common = {
    head: told.ok ? words.good : words.bad,
    file: bundle.name,
    size: `${bundle.bytes.length.toLocaleString("en")} B`,
    sha256: fours(told.sha256),
    root: named(trusted),
    source: element("source").textContent,
    founding: fours(trusted.id),
    at: moment(Date.now()),
  };
  const result = element("result");
  result.replaceChildren(told.ok ? good(told.report, common) : made("t-bad", {
    ...common,
    thing: told.thing,
    reason: chinese ? told.zh : told.en,
  }));
  result.querySelector("[data-print]").addEventListener("click", () => window.print());
  say(common.head);
  result.querySelector("[data-slot=head]").focus();
}

function good(report, common) {
  const [first, ...lines] = chinese ? report.words_zh : report.words_en;
  return made("t-good", {
    ...common,
    say: first,
    lines: lines.map(item),
    records: report.records.map(record),
    logs: report.horizon.map((log) => made("t-log", {
      org: named(log.org),
      log: log.log,
      size: log.size.toLocaleString("en"),
      by: log.witnessed ? named(log.witnessed.by) : words.unwitnessed,
      seen: log.witnessed && moment(log.witnessed.time),
      upto: log.witnessed && ((place) => place.dataset.say.replace("%", log.witnessed.size.toLocaleString("en"))),
    })),
  });
}

function record(record) {
  const [kind, ...lines] = chinese ? record.words_zh : record.words_en;
  // Of the fields that every record has, the one that says most: not a date.
  const titles = record.title.map((field) => (chinese ? field.value_zh : field.value_en));
  const [title] = titles.filter((value) => !/^\d{4}-\d\d-\d\d/.test(value)).sort((a, b) => b.length - a.length);
  const verdicts = record.changes.map((change) => verdict(change.verdict));
  const tags = [...new Set(verdicts)].map((name) => {
    const count = verdicts.filter((other) => other === name).length;
    const tag = made(name, {});
    tag.firstElementChild.append(` ${count}`);
    return tag;
  });
  return made("t-record", {
    title: title || kind,
    kind,
    id: record.id,
    tags,
    changes: record.changes.flatMap(change),
    lines: lines.map(item),
  });
}

function change(change) {
  const { author, witnessed } = change;
  const name = verdict(change.verdict);
  const row = made("t-change", {
    who: author ? author.name : words.noAuthor,
    role: author && [named(author.org), ...author.roles.map((role) => roles[role] ?? role)].join(words.comma),
    chain: author && words.chain.replace("%", author.chain.slice(1).map((link) => named(link.org)).join(" ← ")),
    when: moment(change.recorded),
    by: witnessed ? named(witnessed.by) : words.unwitnessed,
    seen: witnessed && moment(witnessed.time),
    tag: made(name, {}),
  });
  // Whatever does not count, or counts because somebody adopted it, says why, in the sentence of the report.
  if ((name === "t-counts" || name === "t-provisional") && !change.verdict.adopted) return [row];
  return [row, made("t-why", { say: chinese ? change.words_zh : change.words_en })];
}

// The template that names a verdict. One that this page does not know is called so; its sentence says what it is.
function verdict({ verdict, provisional }) {
  const id = `t-${verdict === "counts" && provisional ? "provisional" : verdict}`;
  return element(id) ? id : "t-other";
}

// --- from values to what is shown -------------------------------------------------------------------------------------

// Fills the places of a template: a text, parts, or what the place itself makes of it. A place without a value goes away.
function made(id, values) {
  const part = element(id).content.cloneNode(true);
  for (const place of part.querySelectorAll("[data-slot]")) {
    let value = values[place.dataset.slot];
    if (typeof value === "function") value = value(place);
    if (value === null || value === undefined || value === "") place.remove();
    else if (typeof value === "string") place.textContent = plain(value);
    else place.replaceChildren(...[value].flat());
  }
  return part;
}

function item(line) {
  const item = document.createElement("li");
  item.textContent = plain(line);
  return item;
}

const named = (org) => (chinese ? org.zh : org.en);
const fours = (hex) => hex.replace(/.{4}(?=.)/g, "$& ");
// UTC+8 and whole seconds, as the report's own sentences have it.
const moment = (ms) => `${new Date(ms + 8 * 3600e3).toISOString().slice(0, 19).replace("T", " ")} +08:00`;
// Without what turns the direction of reading or cannot be seen.
const plain = (text) => text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

// --- dropping ---------------------------------------------------------------------------------------------------------

// A file that misses its place must not leave the page for it.
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
document.addEventListener("dragover", () => element("drop").classList.add("over"));
document.addEventListener("dragleave", (event) => event.relatedTarget ?? element("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  element("drop").classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file && verifier) take(file);
});

begin().catch(() => say(words.broken));
