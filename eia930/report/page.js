// Puts uPlot over the static histories as they come into view, and reads out what the pointer is on.
(() => {
"use strict";
const DAY = 24, HOUR = 3600, FINE = 150 * DAY;

// The way back from packing.py: base64 → 7-bit groups → numbers.
function numbers(text) {
  const bytes = atob(text), out = [];
  let value = 0, scale = 1;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) { out.push(value); value = 0; scale = 1; }
  }
  return out;
}
function values(text) {
  let last = 0;
  return numbers(text).map(code => {
    if (!code) return null;
    const zigzag = code - 1;
    last += zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2;
    return last;
  });
}
function rising(text) {
  let last = 0;
  return numbers(text).map(step => last += step);
}

function unpack(data) {
  const at = rising(data.flag_at), kind = numbers(data.flag_kind), value = values(data.flag_value);
  const gapAt = rising(data.gap_at), gapHours = numbers(data.gap_hours);
  const flags = at.map((place, i) => ({place, kind: data.flags[kind[i]], value: value[i]}));
  const gaps = gapAt.map((place, i) => ({place, hours: gapHours[i]}));
  const guess = values(data.estimate), estimates = rising(data.estimate_at).map((place, i) => ({place, value: guess[i]}));
  const one = {...data, flags, gaps, estimates};
  if (data.step === 1) {
    const flagged = new Set(at);
    one.hourly = values(data.value);
    one.trusted = one.hourly.map((value, place) => flagged.has(place) ? null : value);
    one.coarse = byDay(one.trusted);
  } else {
    one.coarse = {step: data.step, mean: values(data.mean), low: values(data.low), high: values(data.high)};
  }
  return one;
}
function byDay(hourly) {
  const mean = [], low = [], high = [];
  for (let start = 0; start < hourly.length; start += DAY) {
    const day = hourly.slice(start, start + DAY).filter(v => v !== null);
    mean.push(day.length ? day.reduce((a, b) => a + b, 0) / day.length : null);
    low.push(day.length ? Math.min(...day) : null);
    high.push(day.length ? Math.max(...day) : null);
  }
  return {step: DAY, mean, low, high};
}
// Times, least, largest, what sets the scale (nothing flagged in it), and as reported.
function table(one, fine) {
  const {step, mean, low, high} = fine ? {step: 1, mean: one.trusted} : one.coarse;
  const x = mean.map((_, i) => (one.first + (i + 0.5) * step - 0.5) * HOUR), none = mean.map(() => null);
  return [x, low || none, high || none, mean, fine ? one.hourly : none];
}

const stamp = seconds => new Date(seconds * 1000).toISOString().slice(0, 13);
const figure = (value, unit) => value === null ? "no value" : `${Math.round(value).toLocaleString("en-US").replace("-", "−")} ${unit}`;
const listed = (flags, unit) => `${flags.length} flagged: ${flags.slice(0, 3).map(f => `${f.kind} ${figure(f.value, unit)}`).join(", ")}${flags.length > 3 ? ", …" : ""}`;
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function build(box, one) {
  const live = box.querySelector(".live"), readout = box.querySelector(".readout");
  const unit = box.dataset.unit, first = one.first * HOUR, last = (one.first + one.hours - 1) * HOUR;
  let fine = false;

  function range(_, min, max) {
    const [low, high] = min === null ? one.scale : [min, max], margin = 0.05 * (high - low) || 1;
    return [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin];
  }

  function marks(u) {
    const {ctx} = u, {left, top, width, height} = u.bbox, ratio = devicePixelRatio, holes = [];
    ctx.save();
    ctx.beginPath(); ctx.rect(left, top, width, height); ctx.clip();
    // Flags of the newest hours may still change.
    const newest = u.valToPos(first + (one.provisional - 0.5) * HOUR, "x", true), end = u.valToPos(last + 0.5 * HOUR, "x", true);
    ctx.fillStyle = colour("--newest");
    ctx.fillRect(newest, top, Math.max(ratio, end - newest), height);
    ctx.fillStyle = colour("--gap");
    for (const gap of one.gaps) {
      const a = u.valToPos(first + (gap.place - 0.5) * HOUR, "x", true);
      const b = u.valToPos(first + (gap.place + gap.hours - 0.5) * HOUR, "x", true);
      if (b >= left && a <= left + width) holes.push([a, Math.max(ratio, b - a)]);
    }
    for (const [a, wide] of holes) ctx.fillRect(a, top, wide, height);
    ctx.fillStyle = colour("--ink");
    for (const [a, wide] of holes) ctx.fillRect(a, top + height - 5 * ratio, wide, 5 * ratio);
    ctx.restore();
  }
  function flagged(u) {
    const {ctx} = u, {left, top, width, height} = u.bbox, r = 2.5 * devicePixelRatio;
    ctx.save();
    ctx.fillStyle = colour("--flag");
    for (const flag of one.flags) {
      const x = u.valToPos(first + flag.place * HOUR, "x", true);
      if (x < left || x > left + width) continue;
      const y = Math.min(top + height, Math.max(top, u.valToPos(flag.value, "y", true)));
      ctx.beginPath(); ctx.arc(x, y, r, 0, 2 * Math.PI); ctx.fill();
    }
    ctx.fillStyle = colour("--estimate");
    const side = 1.7 * devicePixelRatio;
    for (const {place, value} of one.estimates) {
      const x = u.valToPos(first + place * HOUR, "x", true);
      if (x < left || x > left + width) continue;
      const y = Math.min(top + height, Math.max(top, u.valToPos(value, "y", true)));
      ctx.fillRect(x - side, y - side, 2 * side, 2 * side);
    }
    ctx.restore();
  }
  function zoomed(u) {
    const {min, max} = u.scales.x;
    const want = !!one.hourly && (max - min) / HOUR <= FINE;
    if (want !== fine) { fine = want; u.setData(table(one, fine), false); }
  }
  function told(u) {
    const i = u.cursor.idx;
    if (i === null || i === undefined) { readout.textContent = ""; return; }
    const at = u.data[0][i], place = Math.round((at - first) / HOUR), span = fine ? 1 : one.coarse.step;
    const here = one.flags.filter(f => Math.abs(f.place - place) < (span + 1) / 2);
    let text = fine ? `${stamp(at)} UTC: ${figure(u.data[4][i], unit)}`
      : `${stamp(at).slice(0, 10)}${span > DAY ? ", the week" : ""}: mean ${figure(u.data[3][i], unit)}, ${figure(u.data[1][i], unit)} to ${figure(u.data[2][i], unit)}`;
    if (here.length) text += ` · ${listed(here, unit)}`;
    const told = one.estimates.filter(e => Math.abs(e.place - place) < (span + 1) / 2);
    if (told.length) text += fine ? ` · estimate ${figure(told[0].value, unit)}` : ` · ${told.length} estimated`;
    readout.textContent = text;
  }
  const axis = {stroke: colour("--soft"), grid: {stroke: colour("--rule"), width: 1}, ticks: {show: false}, font: "11px system-ui, sans-serif"};
  const narrow = live.parentElement.clientWidth < 500;
  const u = new uPlot({
    width: live.parentElement.clientWidth, height: narrow ? 180 : 214, tzDate: s => uPlot.tzDate(new Date(s * 1000), "Etc/UTC"),
    cursor: {y: false, drag: {x: true, y: false}}, legend: {show: false},
    scales: {x: {time: true}, y: {range}},
    axes: [
      {...axis, size: 34, grid: {show: false}, values: [[365 * DAY * HOUR, "{YYYY}", null, null, null, null, null, null, 1], [28 * DAY * HOUR, "{YYYY}-{MM}", null, null, null, null, null, null, 1], [DAY * HOUR, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1], [HOUR, "{HH}h", "\n{YYYY}-{MM}-{DD}", null, null, null, null, null, 1]]},
      {...axis, size: narrow ? 50 : 62, values: (_, ticks) => ticks.map(t => t.toLocaleString("en-US").replace("-", "−"))},
    ],
    series: [{}, {width: 0, points: {show: false}}, {width: 0, points: {show: false}}, ...[true, false].map(auto => ({auto, stroke: colour("--line"), width: 1.4, points: {show: false}}))],
    bands: [{series: [2, 1], fill: colour("--band")}],
    hooks: {drawClear: [marks], draw: [flagged], setScale: [(u, key) => key === "x" && zoomed(u)], setCursor: [told]},
  }, table(one, false), live);
  live.setAttribute("role", "img");
  live.setAttribute("aria-label", box.querySelector(".chart title").textContent);
  return {u, first, last, flags: one.flags, unit, live, readout};
}

function show(view, from, hours) {
  const span = Math.min(hours * HOUR, view.last - view.first);
  const min = Math.max(view.first, Math.min(from, view.last - span));
  view.u.setScale("x", {min, max: min + span});
}
function buttons(view) {
  const width = () => view.u.scales.x.max - view.u.scales.x.min, middle = () => (view.u.scales.x.max + view.u.scales.x.min) / 2;
  const zoom = hours => () => show(view, middle() - hours * HOUR / 2, hours);
  const move = share => () => show(view, view.u.scales.x.min + share * width(), width() / HOUR);
  const list = [["All", zoom(1e9), "whole history"], ["Year", zoom(365 * DAY), "one year"], ["Month", zoom(30 * DAY), "one month"], ["Week", zoom(7 * DAY), "one week"], ["◀", move(-0.5), "earlier"], ["▶", move(0.5), "later"]];
  if (view.flags.length) list.push(["Next flagged", () => nextFlag(view), "next flagged hour"]);
  return list.map(([text, act, label]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    return button;
  });
}
function nextFlag(view) {
  const places = view.flags.map(flag => flag.place);
  view.next = places.find(place => place > (view.next ?? -1) + DAY) ?? places[0];
  const at = view.first + view.next * HOUR;
  show(view, at - 7 * DAY * HOUR, 14 * DAY);
  view.readout.textContent = `${stamp(at)} UTC and the day after: ${listed(view.flags.filter(f => f.place >= view.next && f.place < view.next + DAY), view.unit)}`;
}

const views = new Map();
function draw(box) {
  if (views.has(box) || !box.clientWidth) return;
  const one = unpack(JSON.parse(box.querySelector("script").textContent));
  const live = box.querySelector(".live"), tools = box.querySelector(".tools");
  live.hidden = tools.hidden = false;
  const view = build(box, one);
  view.data = one;
  views.set(box, view);
  box.querySelector(".chart").style.display = "none";
  tools.replaceChildren(...buttons(view));
}
function again() {
  for (const [box, view] of views) {
    const {min, max} = view.u.scales.x;
    view.u.destroy();
    const fresh = build(box, view.data);
    Object.assign(view, fresh);
    if (view.live.parentElement.clientWidth) view.u.setScale("x", {min, max});
  }
}
const watch = new IntersectionObserver(entries => entries.forEach(e => e.isIntersecting && draw(e.target)), {rootMargin: "300px"});
document.querySelectorAll("figure.history").forEach(box => watch.observe(box));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
let width = innerWidth, later = 0;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(later);
  later = setTimeout(again, 150);
});

// Heatmap: which month the pointer is on.
const {months, hours} = JSON.parse(document.getElementById("months").textContent);
document.querySelectorAll("figure.heat").forEach(heat => {
  const readout = heat.querySelector(".readout");
  heat.addEventListener("pointermove", event => {
    const svg = event.target.closest(".map svg");
    if (!svg) return;
    const box = svg.getBoundingClientRect();
    const month = Math.min(months.length - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * months.length)));
    const step = [...svg.querySelectorAll("path")].find(path => path.isPointInFill(new DOMPoint(month + 0.5, 0.5)));
    const label = document.querySelectorAll(".legend span")[step ? +step.getAttribute("class").slice(1) : 0].textContent;
    readout.textContent = `${svg.closest("tr").querySelector("th").textContent} ${months[month]}, ${hours[month]} hours: ${label}`;
  });
});

// A closed region has nothing to print.
addEventListener("beforeprint", () => document.querySelectorAll("details.region:not([open])").forEach(one => { one.open = true; one.dataset.folded = "1"; }));
addEventListener("afterprint", () => document.querySelectorAll("details[data-folded]").forEach(one => { one.open = false; delete one.dataset.folded; }));
})();
