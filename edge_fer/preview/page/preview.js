"use strict";

const byId = (id) => document.getElementById(id);
const HISTORY_S = 600;
let state = null;
let slow = null;
let streaming = false;

function make(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

// The picture stream is an image whose source never ends. It is left when there is nothing to see.
function setStream(wanted) {
  const overlay = byId("overlay").checked ? "1" : "0";
  const key = wanted ? overlay : "";
  if (streaming === key) return;
  streaming = key;
  const picture = byId("picture");
  if (wanted) picture.src = `/pictures?overlay=${overlay}&n=${Date.now()}`;
  else picture.removeAttribute("src");
}

function seconds(value) {
  return value < 60 ? `${value.toFixed(0)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

function drawState() {
  const live = state.connection === "live";
  document.body.classList.toggle("is-live", live && !state.standby);
  setStream(state.connection === "live" || state.connection === "idle");
  const message = state.ended !== null ? `Stopped: ${state.ended}.`
    : state.standby ? "Standby: the vehicle has switched the camera off."
    : !live ? `${state.connection}…`
    : !state.picture ? "The camera gives no pictures." : "";
  byId("message").hidden = message === "";
  byId("again").hidden = state.ended === null;
  setText("message-text", message);
  setText("live-text", live ? (state.standby ? "Standby" : "Live: the vehicle is told that somebody is watching") : state.connection);

  setText("label", state.label || "—");
  setText("reason", state.label ? `${state.reason}, for ${seconds(state.since_s)}` : "");
  byId("state-card").style.borderLeftColor = state.colour || "";
  byId("question").hidden = !state.question;
  setText("question", state.question ? `The driver is asked: ${state.question}` : "");

  const senses = byId("senses");
  senses.replaceChildren(...state.senses.map((sense) => {
    const item = make("li");
    item.append(make("span", sense.name));
    const seen = live && sense.unseen_s !== null && sense.unseen_s < 0.5;
    const text = !live ? "" : seen ? "seen" : sense.unseen_s === null ? "not seen yet" : `not seen for ${seconds(sense.unseen_s)}`;
    item.append(make("span", text, seen ? "yes" : "no"));
    return item;
  }));
  drawCheck(state.check || null);
  pairs("readings", (state.readings || []).filter(([name]) => name !== "camera"));
  drawEmotions(state.emotions || []);
}

function pairs(id, rows) {
  const list = byId(id);
  list.replaceChildren(...rows.flatMap(([name, value]) => [make("dt", name), make("dd", value)]));
}

function drawEmotions(emotions) {
  const list = byId("emotions");
  list.querySelector(".none")?.remove();
  while (list.children.length < emotions.length) {
    const item = make("li");
    const bar = make("div", undefined, "bar");
    bar.append(make("i"));
    item.append(make("span"), bar);
    list.append(item);
  }
  const off = slow && slow.status && slow.status.emotions_off;
  const why = off ? "off: driver_state.emotion_states" : "not inferred now";
  if (emotions.length === 0) list.replaceChildren(make("li", why, "quiet none"));
  emotions.forEach(([name, share, colour], place) => {
    const item = list.children[place];
    item.title = `${name} ${(100 * share).toFixed(0)} %`;
    item.firstChild.textContent = name;
    const bar = item.querySelector("i");
    bar.style.width = `${(100 * share).toFixed(1)}%`;
    bar.style.backgroundColor = colour;
  });
}

function drawSlow() {
  const status = slow.status;
  setText("source", status ? status.camera : "");
  setText("rates", status ? `${status.fps.toFixed(0)} of ${status.camera_fps.toFixed(0)} fps judged` : "");
  pairs("device", status === null ? [["daemon", "does not answer"]] : [
    ["camera", status.camera_error || (state && state.camera) || "—"],
    ["light", state && state.light ? state.light : "—"],
    ["rate", `${status.fps.toFixed(0)} fps`],
    ["latency", status.latency_ms === null ? "unknown" : `${status.latency_ms.toFixed(0)} ms`],
    ["link", status.link_trouble || (status.link_connected ? `${status.link_fps.toFixed(0)} /s` : "lost")],
    ["temperature", status.temperature_c === null ? "unknown" : `${status.temperature_c.toFixed(0)} °C`],
    ["recording", status.recording || "off"],
    ["watchers", String(status.watchers)],
  ].filter(([name]) => name !== "light" || (state && state.light)));
  byId("frames").replaceChildren(...slow.frames.map((frame) => {
    const row = make("tr");
    const signals = frame.signals === null ? frame.status
      : Object.entries(frame.signals).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`).join(", ");
    row.append(
      make("td", frame.id, "id"), make("td", frame.message || "unknown"), make("td", String(frame.count), "number"),
      make("td", frame.data.replace(/../g, "$& ").trim(), "data"),
      make("td", signals, frame.status === "ok" ? "" : "bad"));
    return row;
  }));
  drawHistory();
}

function drawHistory() {
  const canvas = byId("history");
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const x = (ago) => width * (1 - ago / HISTORY_S);
  const bottom = height - 20;
  pen.fillStyle = style.getPropertyValue("--track");
  pen.fillRect(0, 0, width, bottom);
  const labels = new Map();
  for (const span of slow.history) {
    pen.fillStyle = span.colour;
    pen.fillRect(x(span.from_s), 0, Math.max(x(span.to_s) - x(span.from_s), 1.5), bottom);
    labels.set(span.state, span.colour);
  }
  pen.fillStyle = style.getPropertyValue("--quiet");
  pen.font = "12px system-ui, sans-serif";
  const step = width < 480 ? 5 : 2; // as many labels as there is room for
  for (let minutes = 10; minutes >= 0; minutes -= step) {
    const text = minutes === 0 ? "now" : `−${minutes} min`;
    pen.textAlign = minutes === 10 ? "left" : minutes === 0 ? "right" : "center";
    pen.fillText(text, x(60 * minutes), height - 5);
  }
  byId("legend").replaceChildren(...[...labels].map(([name, colour]) => {
    const item = make("span");
    const swatch = make("i", undefined, "swatch");
    swatch.style.backgroundColor = colour;
    item.append(swatch, name);
    return item;
  }));
}

// A short tone: whoever has closed eyes cannot read.
let tones = null;
function beep() {
  if (tones === null) return;
  const tone = tones.createOscillator();
  const gain = tones.createGain();
  gain.gain.value = 0.1;
  tone.connect(gain).connect(tones.destination);
  tone.start();
  tone.stop(tones.currentTime + 0.2);
}

let passed = 0;
function drawCheck(check) {
  const step = check && check.step;
  byId("check-intro").hidden = check !== null;
  byId("check-step").hidden = byId("check-bar").hidden = !step;
  setText("check-start", check === null ? "Start the check" : "Start again");
  if (step) {
    setText("check-step", `${step.number} of ${step.of}: ${step.text}`);
    const bar = byId("check-bar").firstElementChild;
    bar.style.width = step.measuring ? `${Math.min(100, 100 * step.left_s / 6)}%` : "0";
  }
  const results = check ? check.results : [];
  if (results.length > passed) beep();
  if (results.length !== passed || check === null) {
    passed = results.length;
    byId("check-results").replaceChildren(...results.map((one) => {
      const item = make("li");
      const signs = { ok: "✓", warning: "!", failed: "✕" };
      item.append(make("span", signs[one.level] || "·", one.level), make("span", `${one.step}: ${one.text}`));
      if (one.remedy) item.append(make("span", one.remedy, "remedy"));
      return item;
    }));
  }
  const done = check !== null && !step;
  byId("check-report").hidden = byId("check-report-md").hidden = !done;
  byId("check-save").hidden = !done || Object.keys(check.settings).length === 0;
}

async function post(path, value) {
  const response = await fetch(path, { method: "POST", body: value === undefined ? undefined : JSON.stringify(value) });
  return (await response.text()).trim();
}

byId("check-start").addEventListener("click", () => {
  if (tones === null && window.AudioContext) tones = new AudioContext();
  passed = -1;
  setText("saved", "");
  post("/check");
});
byId("check-save").addEventListener("click", async () => setText("saved", await post("/settings", state.check.settings)));

// The seat region, in shares of the picture, which fills the stage but for bars at its sides.
let region = null;
let anchor = null;

function shown() {
  const stage = byId("stage").getBoundingClientRect();
  const picture = byId("picture");
  const ratio = (picture.naturalWidth || 4) / (picture.naturalHeight || 3);
  const width = Math.min(stage.width, stage.height * ratio), height = width / ratio;
  return { left: (stage.width - width) / 2, top: (stage.height - height) / 2, width, height, stage };
}

function place(event) {
  const box = shown();
  const within = (value) => Math.min(Math.max(value, 0), 1);
  return [within((event.clientX - box.stage.left - box.left) / box.width), within((event.clientY - box.stage.top - box.top) / box.height)];
}

function showRegion() {
  const box = shown();
  const element = byId("region");
  element.hidden = region === null;
  byId("region-save").hidden = byId("region-text").hidden = region === null;
  if (region === null) return;
  const [left, top, right, bottom] = region;
  element.style.left = `${box.left + left * box.width}px`;
  element.style.top = `${box.top + top * box.height}px`;
  element.style.width = `${(right - left) * box.width}px`;
  element.style.height = `${(bottom - top) * box.height}px`;
  setText("region-text", `The middle of the driver's face lies within ${regionText()}.`);
}

function regionText() {
  return region.map((value) => String(Math.round(1000 * value) / 1000)).join(" ");
}

function draw(wanted) {
  document.body.classList.toggle("is-drawing", wanted);
}

byId("region-draw").addEventListener("click", () => {
  draw(true);
  setText("saved", "Draw a rectangle in the picture around the places of the driver's face.");
});
// A region in the config would win over the side: the side takes its place.
async function saveSide(side) {
  region = null;
  showRegion();
  setText("saved", await post("/settings", { "driver_state.driver_side": side, "face.seat_region": "" }));
}
byId("side-left").addEventListener("click", () => saveSide("left"));
byId("side-right").addEventListener("click", () => saveSide("right"));
byId("region-save").addEventListener("click", async () => setText("saved", await post("/settings", { "face.seat_region": regionText() })));
byId("stage").addEventListener("pointerdown", (event) => {
  if (!document.body.classList.contains("is-drawing")) return;
  event.preventDefault();
  byId("stage").setPointerCapture(event.pointerId);
  anchor = place(event);
});
byId("stage").addEventListener("pointermove", (event) => {
  if (anchor === null) return;
  const [x, y] = place(event);
  region = [Math.min(x, anchor[0]), Math.min(y, anchor[1]), Math.max(x, anchor[0]), Math.max(y, anchor[1])];
  showRegion();
});
byId("stage").addEventListener("pointerup", () => {
  if (anchor === null) return;
  anchor = null;
  draw(false);
  if (region !== null && (region[2] - region[0] < 0.02 || region[3] - region[1] < 0.02)) region = null;
  setText("saved", "");
  showRegion();
});
window.addEventListener("resize", showRegion);

function click() {
  fetch("/click", { method: "POST" }).catch(() => {});
}

let clicked = 0;
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => {
    if (Date.now() - clicked < 5000) return;
    clicked = Date.now();
    click();
  });
}
byId("again").addEventListener("click", click);
byId("overlay").addEventListener("change", () => { if (state) drawState(); });
window.addEventListener("resize", () => { if (slow) drawHistory(); });

const events = new EventSource("/events");
events.addEventListener("state", (event) => { state = JSON.parse(event.data); drawState(); });
events.addEventListener("slow", (event) => { slow = JSON.parse(event.data); drawSlow(); });
events.addEventListener("error", () => {
  state = { connection: "The preview has ended", ended: null, standby: false, picture: false, senses: [], readings: [] };
  drawState();
});
