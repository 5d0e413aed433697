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
  if (emotions.length === 0) list.replaceChildren(make("li", "not inferred now", "quiet none"));
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
  for (let minutes = 10; minutes >= 0; minutes -= 2) {
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
