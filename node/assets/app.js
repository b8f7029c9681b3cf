// Pages work without this file. It keeps parts of a page fresh, submits with Ctrl+Enter, and stops a double press.

const live = () => [...document.querySelectorAll("[data-live]")];
const topics = (element) => (element.dataset.liveTopics ?? "").split(/\s+/).filter(Boolean);
const stale = new Set();
let timer = 0;

// One message is a line of topics: "visits record:019a...". The page asks for what it shows, so a message holds no data.
function heard(line) {
  const changed = new Set(line.split(/\s+/));
  for (const element of live()) {
    if (topics(element).some((topic) => changed.has(topic))) stale.add(element.id);
  }
  soon();
}

// Many changes in a burst are one fetch; a page that nobody sees waits until it is seen.
function soon() {
  if (stale.size === 0 || document.hidden || timer) return;
  timer = setTimeout(() => {
    timer = 0;
    const ids = [...stale];
    stale.clear();
    ids.forEach(refresh);
  }, 200);
}

async function refresh(id) {
  const element = document.getElementById(id);
  if (!element) return;
  try {
    const answer = await fetch(element.dataset.live, { headers: { "X-Fragment": id }, credentials: "same-origin" });
    // A redirect is the sign-in page; without the echo it is a whole page. Neither belongs inside this one.
    if (answer.ok && !answer.redirected && answer.headers.get("X-Fragment") === id) replace(element, await answer.text());
  } catch {
    // No network: the connection reports itself, and coming back refreshes everything.
  }
}

function replace(element, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const before = element.cloneNode(false);
  before.append(fresh.content.cloneNode(true));
  if (element.dataset.shown === undefined) element.dataset.shown = fingerprint(element);
  if (element.dataset.shown === fingerprint(before)) return;

  const keys = new Set([...element.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
  const open = new Set([...element.querySelectorAll("details[id][open]")].map((part) => part.id));
  const active = element.contains(document.activeElement) ? address(element, document.activeElement) : null;
  const edge = element.getBoundingClientRect();
  const above = edge.bottom < 0 ? edge.height : null;

  element.replaceChildren(fresh.content);
  element.dataset.shown = fingerprint(element);
  for (const part of element.querySelectorAll("details[id]")) if (open.has(part.id)) part.open = true;
  // A new row keeps its tint until the next one comes.
  for (const row of element.querySelectorAll("[data-key]")) row.classList.toggle("new", keys.size > 0 && !keys.has(row.dataset.key));
  if (active) find(element, active)?.focus({ preventScroll: true });
  if (above !== null) window.scrollBy(0, element.getBoundingClientRect().height - above);
  if (element.dataset.said) announce(element.dataset.said);
}

// The words are enough: attributes such as tints differ without anything having changed.
const fingerprint = (element) => element.textContent.replace(/\s+/g, " ").trim();

// What had the focus is found again by its id, else by the row and the link it stood on.
function address(element, active) {
  return { id: active.id, key: active.closest("[data-key]")?.dataset.key, href: active.getAttribute("href") };
}
function find(element, { id, key, href }) {
  if (id) return document.getElementById(id);
  const row = key ? element.querySelector(`[data-key="${CSS.escape(key)}"]`) : element;
  return (href && row?.querySelector(`a[href="${CSS.escape(href)}"]`)) || row?.querySelector("a, button");
}

const words = new Set();
function announce(sentence) {
  const place = document.getElementById("announce");
  if (!place) return;
  words.add(sentence);
  place.textContent = "";
  setTimeout(() => {
    if (words.size > 0) place.textContent = [...words].join(" ");
    words.clear();
  }, 300);
}

// The browser reconnects by itself after a break, but not after an answer that is no event stream.
let wait = 5000;
function listen() {
  const source = new EventSource("/events");
  source.onopen = () => {
    wait = 5000;
    // What came since the page was made, or while the connection was broken, was not heard.
    live().forEach((element) => stale.add(element.id));
    soon();
  };
  source.onmessage = (event) => heard(event.data);
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    live().forEach((element) => stale.add(element.id));
    setTimeout(listen, wait);
    wait = Math.min(wait * 2, 60000);
  };
  window.addEventListener("pagehide", () => source.close(), { once: true });
}

if (live().length > 0 && "EventSource" in window) {
  listen();
  document.addEventListener("visibilitychange", soon);
}

// A page from the back-forward cache is old and its connection is closed.
window.addEventListener("pageshow", (event) => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  if (event.persisted && live().length > 0) {
    live().forEach((element) => stale.add(element.id));
    listen();
    soon();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = document.activeElement?.closest("form[method=post]") ?? document.querySelector("form[data-main]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("button.main") ?? undefined);
});

// Escape closes a form that was opened, with what was typed in it, and gives the focus back.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  const open = document.activeElement?.closest("details.open-form[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// A question stands within its page; here it lies above it, and Escape is the way out that its page has as a link.
for (const dialog of document.querySelectorAll("dialog[data-leave]")) {
  dialog.close();
  dialog.showModal();
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    location.assign(dialog.dataset.leave);
  });
}

// A filter that is chosen is applied at once; without script there is its button.
document.addEventListener("change", (event) => {
  if (event.target.matches("form[data-auto] select")) event.target.form.requestSubmit();
});

// The second press of one deed is not a second deed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 10000);
});

// A page that waits for its machine asks for itself again; when it waits no longer, the next one is opened. While the machine
// starts anew nobody answers.
async function again(waiting) {
  try {
    const answer = await fetch(waiting.dataset.again, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && (answer.redirected || !page.querySelector("[data-again]"))) return location.assign(waiting.dataset.again);
    for (const part of answer.ok ? waiting.querySelectorAll("h1, .steps") : []) {
      const fresh = page.querySelector(part.matches("h1") ? "main h1" : "main .steps");
      if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
    }
  } catch {
    // Asked again below.
  }
  setTimeout(again, 1000, waiting);
}
for (const waiting of document.querySelectorAll("[data-again]")) setTimeout(again, 1000, waiting);

// A page that is meant for paper offers to print it.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// What is typed is kept on the node a moment after the last key, and once more when the page is left. Nothing of it stays in
// the browser. Files are not part of it.
for (const form of document.querySelectorAll("form[data-keep]")) {
  let timer = 0, sent = "";
  const typed = () => {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
    fields.set("do", "keep");
    return fields;
  };
  const first = typed().toString();
  const keep = async (leaving) => {
    clearTimeout(timer);
    const fields = typed(), line = fields.toString();
    if (line === first || line === sent || form.dataset.sent) return;
    sent = line;
    try {
      const options = { method: "POST", body: fields, headers: { "X-Fragment": "kept" }, credentials: "same-origin", keepalive: leaving && line.length < 60000 };
      const answer = await fetch(form.action, options);
      if (answer.ok && answer.headers.get("X-Fragment") === "kept") document.getElementById("kept").textContent = await answer.text();
      else sent = "";
    } catch {
      sent = "";
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(false), 1200);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(true); });
}

// What may be meant by what is typed into a reference is asked for while it is typed.
for (const input of document.querySelectorAll("input[data-choices][list]")) {
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (!input.value.trim() || input.value.includes(" #")) return;
    timer = setTimeout(async () => {
      try {
        const answer = await fetch(`${input.dataset.choices}&q=${encodeURIComponent(input.value)}`, { credentials: "same-origin" });
        if (answer.ok && !answer.redirected) input.list.innerHTML = await answer.text();
      } catch {
        // No network: what was offered before stays.
      }
    }, 250);
  });
}
